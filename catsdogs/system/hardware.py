"""The processor, the memory and the GPUs, as far as this process may use them."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import psutil

_CPU_INFO = Path("/proc/cpuinfo")
_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_PROBE_TAKES_S = 10


def architecture() -> str:
    """Return the kind of processor: "x86_64"."""
    return platform.machine() or "an unknown processor"


def processor() -> tuple[str, set[str]]:
    """Return the name of the processor and the names of its features; none where not known."""
    try:
        text = _CPU_INFO.read_text("utf-8", errors="replace")
    except OSError:
        return _processor_of_macos()
    found = dict(re.findall(r"^([\w ]+?)\s*:\s*(.*)$", text, re.MULTILINE))
    flags = found.get("flags") or found.get("Features") or ""
    return found.get("model name") or architecture(), set(flags.lower().split())


def cores() -> float:
    """Return how many cores this process may use, with the limits of a container."""
    if hasattr(os, "sched_getaffinity"):
        there = len(os.sched_getaffinity(0))
    else:
        there = os.cpu_count() or 1
    return min(there, _container_cores())


def memory_bytes() -> float:
    """Return how much memory there is for this process, with the limit of a container."""
    limits = [float(psutil.virtual_memory().total)]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        limit = _first_line(_CONTROL_GROUPS / name)
        if limit.isdecimal():
            limits.append(int(limit))
    return min(limits)


def gpus() -> list[str]:
    """Return the names of the NVIDIA GPUs of this machine."""
    listed = answer("nvidia-smi", "-L") or ""
    return re.findall(r"^GPU \d+: (.+?)(?: \(UUID.*)?$", listed, re.MULTILINE)


def gpu_use() -> tuple[float, int] | None:
    """Return the mean share of the NVIDIA GPUs that computes, and the bytes taken on all of them.

    None without such GPUs. It starts a program, which takes a noticeable part of a second.
    """
    query = ("--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits")
    listed = re.findall(r"^(\d+), (\d+)$", answer("nvidia-smi", *query) or "", re.MULTILINE)
    if not listed:
        return None
    shares, mebibytes = zip(*listed, strict=True)
    return sum(map(int, shares)) / len(listed) / 100, sum(map(int, mebibytes)) << 20


def hides_gpus() -> bool:
    """Return whether an environment variable hides all GPUs from this process."""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in ("", "-1")


def answer(*command: str) -> str | None:
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


def _processor_of_macos() -> tuple[str, set[str]]:
    name = answer("sysctl", "-n", "machdep.cpu.brand_string")
    flags = answer("sysctl", "-n", "machdep.cpu.features", "machdep.cpu.leaf7_features") or ""
    return name or platform.processor() or architecture(), set(
        flags.lower().replace("avx1.0", "avx").split()
    )


def _container_cores() -> float:
    quota, _, period = _first_line(_CONTROL_GROUPS / "cpu.max").partition(" ")
    if not quota:
        quota = _first_line(_CONTROL_GROUPS / "cpu/cpu.cfs_quota_us")
        period = _first_line(_CONTROL_GROUPS / "cpu/cpu.cfs_period_us")
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() else float("inf")


def _first_line(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
