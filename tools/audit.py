"""Check the pinned packages for known vulnerabilities: ``python -m tools.audit``.

pip-audit asks OSV, the database behind PyPI's own advisories, about every version in the two
requirements files, including those for other systems and other Pythons. Exit status 1 means that
something was found or that the audit failed. 0 means that nothing is known, or that the database
cannot be reached; the output says which.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from catsdogs.paths import PROJECT_ROOT

FILES = (
    *("requirements.txt", "requirements-dev.txt"),
    *("requirements-cuda.txt", "requirements-onnx.txt", "requirements-ray.txt"),
)
SERVICE = "https://api.osv.dev/v1/query"
# A release with a known vulnerability (CVE-2019-10906): a database without it is useless.
CANARY = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.10"}
_ANSWER_S, _ALTOGETHER_S = 15, 600
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def main() -> int:
    """Audit the pinned versions, print the findings and return the exit status."""
    service = os.environ.get("OSV_URL") or SERVICE
    if problem := unreachable(service):
        print(f"audit: SKIPPED. Nothing was asked, because {service} {problem}.")
        return 0
    versions = pinned("\n".join((PROJECT_ROOT / name).read_text("utf-8") for name in FILES))
    try:
        found = [one for pins in rounds(versions) for one in vulnerable(pins, service)]
    except (ChildProcessError, subprocess.TimeoutExpired) as error:
        print(f"audit: FAILED. {error}")
        return 1
    for package in found:
        for one in package["vulns"]:
            names = ", ".join([one["id"], *one["aliases"]])
            fixed = ", ".join(one["fix_versions"]) or "no version yet"
            print(f"audit: {package['name']} {package['version']}: {names}. Fixed in: {fixed}.")
    print(
        f"audit: {len(found)} of {sum(map(len, versions.values()))} pinned versions are vulnerable."
    )
    return 1 if found else 0


def unreachable(service: str) -> str:
    """Return why the database cannot be used; "" if it knows the canary's vulnerability."""
    try:
        reply = requests.post(service, json=CANARY, timeout=_ANSWER_S)
        reply.raise_for_status()
        known = reply.json().get("vulns")
    except (requests.RequestException, ValueError, AttributeError) as error:
        return f"does not answer ({type(error).__name__})"
    return "" if known else "knows no vulnerability of a release that has some"


def pinned(text: str) -> dict[str, list[str]]:
    """Return the versions of each package that requirements pin, for any system or Python."""
    versions: dict[str, set[str]] = {}
    for name, version in _PIN.findall(text):
        versions.setdefault(name, set()).add(version)
    return {name: sorted(found) for name, found in versions.items()}


def rounds(versions: dict[str, list[str]]) -> list[list[str]]:
    """Return lists of pins in which each package occurs once, as pip-audit requires."""
    most = max(map(len, versions.values()), default=0)
    return [
        [f"{name}=={found[number]}" for name, found in versions.items() if number < len(found)]
        for number in range(most)
    ]


def vulnerable(pins: list[str], service: str) -> list[dict[str, Any]]:
    """Return pip-audit's entries for the pins that have a known vulnerability.

    Raises:
        ChildProcessError: when it did not answer for every pin.
    """
    with TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text("\n".join(pins) + "\n")
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(listed), "--no-deps"]
        command += ["--disable-pip", "--vulnerability-service", "osv", "--osv-url", service]
        command += ["--format", "json", "--progress-spinner", "off", "--timeout", str(_ANSWER_S)]
        command += ["--cache-dir", folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ALTOGETHER_S)
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise ChildProcessError(f"pip-audit ended with {done.returncode}: {said[-1]}") from None
    if len(answers) != len(pins) or any("skip_reason" in one for one in answers):
        raise ChildProcessError(f"pip-audit answered for {len(answers)} of {len(pins)} pins.")
    return [one for one in answers if one["vulns"]]


if __name__ == "__main__":
    sys.exit(main())
