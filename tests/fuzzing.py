"""Fuzz a reader, guided by coverage, in a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT


def fuzzed(script: str, target: str, seeds: Path, *, seconds: int) -> tuple[int, str]:
    """Run ``tests/script`` on a target, from the files in ``seeds``.

    Return how many inputs were tried, and the log. A finding fails the test and is kept beside
    ``seeds``.
    """
    pytest.importorskip("atheris", reason="atheris has no wheels for this machine")
    done = subprocess.run(
        [
            *(sys.executable, f"tests/{script}", target, seeds, "-seed=1"),
            *(f"-max_total_time={seconds}", f"-artifact_prefix={seeds.parent}/"),
        ],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds + 300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    assert runs
    return int(runs[1]), done.stderr
