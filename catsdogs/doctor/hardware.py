"""System, processor, memory and GPU, as far as this process may use them."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from catsdogs.doctor.findings import Finding, problem, warning
from catsdogs.text import counted

GROUP = "Machine"
_CPU_INFO = Path("/proc/cpuinfo")
_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
# The features that decide how fast networks run, by their names in Linux and in macOS.
_FEATURES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "bfloat16",
    "bf16": "bfloat16",
    "amx_bf16": "AMX",
    "amx_int8": "AMX",
    "asimd": "NEON",
}
_USES_AVX = ("x86_64", "amd64")
_RUN_NEEDS_BYTES = 3.4e9
_GIGABYTE = 1e9
_PROBE_TAKES_S = 10
_OLDEST, _TOO_NEW = (3, 11), (3, 14)


def check() -> Iterator[Finding]:
    """Return the findings about the system, the processor, the memory and the GPU."""
    yield Finding(GROUP, "System", f"{platform.system()} {platform.release()}, {_architecture()}")
    yield _python()
    yield _processor()
    yield Finding(GROUP, "Cores", _cores())
    yield _memory()
    yield _gpu()


def _architecture() -> str:
    return platform.machine() or "an unknown processor"


def _python() -> Finding:
    version = f"{platform.python_version()}, {sys.executable}"
    if _OLDEST <= sys.version_info[:2] < _TOO_NEW:
        return Finding(GROUP, "Python", version)
    advice = "Expected Python 3.11, 3.12 or 3.13. Install one, and make a new environment with it."
    return problem(GROUP, "Python", version, advice)


def _processor() -> Finding:
    name, flags = _cpu_info()
    features = list(dict.fromkeys(word for flag, word in _FEATURES.items() if flag in flags))
    value = f"{name} ({', '.join(features) or 'features not known'})"
    if flags and platform.machine().lower() in _USES_AVX and "avx" not in flags:
        advice = "TensorFlow's packages need AVX. Use a newer processor or another virtual machine."
        return problem(GROUP, "Processor", value, advice)
    return Finding(GROUP, "Processor", value)


def _cpu_info() -> tuple[str, set[str]]:
    """Return the name of the processor and the names of its features; none where not known."""
    try:
        text = _CPU_INFO.read_text("utf-8", errors="replace")
    except OSError:
        return _cpu_info_of_macos()
    found = dict(re.findall(r"^([\w ]+?)\s*:\s*(.*)$", text, re.MULTILINE))
    flags = found.get("flags") or found.get("Features") or ""
    return found.get("model name") or _architecture(), set(flags.lower().split())


def _cpu_info_of_macos() -> tuple[str, set[str]]:
    name = _answer("sysctl", "-n", "machdep.cpu.brand_string")
    flags = _answer("sysctl", "-n", "machdep.cpu.features", "machdep.cpu.leaf7_features") or ""
    return name or platform.processor() or _architecture(), set(
        flags.lower().replace("avx1.0", "avx").split()
    )


def usable_cores() -> float:
    """Return how many cores this process may use, with the limits of a container."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(cores, _container_cores())


def _cores() -> str:
    usable, there = usable_cores(), os.cpu_count() or 1
    return f"{usable:g}" if usable == there else f"{usable:g} of {there} that the machine has"


def _container_cores() -> float:
    quota, _, period = _first_line(_CONTROL_GROUPS / "cpu.max").partition(" ")
    if not quota:
        quota = _first_line(_CONTROL_GROUPS / "cpu/cpu.cfs_quota_us")
        period = _first_line(_CONTROL_GROUPS / "cpu/cpu.cfs_period_us")
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() else float("inf")


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    limit = min(memory.total, _container_bytes())
    value = f"{limit / _GIGABYTE:.1f} GB, {memory.available / _GIGABYTE:.1f} GB of it free"
    if limit < memory.total:
        value = f"{limit / _GIGABYTE:.1f} GB of {memory.total / _GIGABYTE:.1f} GB (a container)"
    if limit >= _RUN_NEEDS_BYTES:
        return Finding(GROUP, "Memory", value)
    advice = "Fine-tuning all of MobileNetV2 takes 3.4 GB, a custom CNN 1.6 GB. Train on a frozen "
    return warning(GROUP, "Memory", value, f"{advice}base, or give the process more memory.")


def _container_bytes() -> float:
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        limit = _first_line(_CONTROL_GROUPS / name)
        if limit.isdecimal():
            return int(limit)
    return float("inf")


def has_visible_gpu() -> bool:
    """Return whether there is an NVIDIA GPU that this process may use."""
    return bool(_gpu_names()) and not _hides_gpus()


def _gpu_names() -> list[str]:
    listed = _answer("nvidia-smi", "-L") or ""
    return re.findall(r"^GPU \d+: (.+?)(?: \(UUID.*)?$", listed, re.MULTILINE)


def _hides_gpus() -> bool:
    return os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in ("", "-1")


def _gpu() -> Finding:
    names, visible = _gpu_names(), os.environ.get("CUDA_VISIBLE_DEVICES")
    if names:
        value = f"{counted(len(names), 'GPU')}: {', '.join(names)}"
        if _hides_gpus():
            advice = (
                "CUDA_VISIBLE_DEVICES hides the GPU from this project. Unset it to use the GPU."
            )
            return warning(GROUP, "GPU", f"{value}, hidden", advice)
        return Finding(GROUP, "GPU", value)
    if _NVIDIA_DRIVER.exists():
        advice = "There is a driver for NVIDIA GPUs, but nvidia-smi does not answer. Start it by "
        return warning(GROUP, "GPU", "does not answer", f"{advice}hand, and read its message.")
    hidden = "" if visible is None else f" (CUDA_VISIBLE_DEVICES is “{visible}”)"
    return Finding(GROUP, "GPU", f"no NVIDIA GPU; none is needed{hidden}")


def _answer(*command: str) -> str | None:
    """Return the output of a command; None if it is missing, fails or takes too long."""
    path = shutil.which(command[0])
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, *command[1:]],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PROBE_TAKES_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _first_line(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
