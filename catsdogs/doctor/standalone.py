"""``catsdogs doctor`` where the command line itself cannot be imported.

A missing or damaged package must not keep the doctor from naming it.
"""

import json
import sys
from collections.abc import Sequence

from catsdogs.doctor import checkup
from catsdogs.doctor.findings import Report, problem
from catsdogs.doctor.lines import lines

NAME = "doctor"


def main(words: Sequence[str], error: Exception) -> int:
    """Print the findings as text, or as JSON with ``--json``; return the exit status.

    ``error`` is the reason why the command line does not load.
    """
    advice = "Install the packages again: make run, or pip install -r requirements.txt"
    broken = problem("Packages", "Command line", f"does not load: {error}", advice)
    report = Report((*checkup.examine().findings, broken))
    as_json = "--json" in words
    text = json.dumps(report.to_json(), indent=2) if as_json else "\n".join(lines(report, 80))
    sys.stdout.buffer.write(f"{text}\n".encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    return 0 if report.works else 1
