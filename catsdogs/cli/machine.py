"""``catsdogs doctor``: what this machine offers, and what to do about each problem."""

import sys
from typing import Any

from rich.text import Text

from catsdogs.cli.commands import add
from catsdogs.cli.fitting import columns
from catsdogs.cli.outcome import DONE, FAILED, Outcome
from catsdogs.doctor import checkup
from catsdogs.doctor.lines import lines
from catsdogs.text import printable


def doctor() -> Outcome:
    """Examine this machine. The status is 1 when something prevents the app from working."""
    report = checkup.examine()
    text = [Text(printable(line)) for line in lines(report, columns(sys.stdout))]
    return Outcome(report.to_json(), list(text), DONE if report.works else FAILED)


def add_doctor(groups: Any) -> None:
    """Add the command ``doctor``."""
    help_text = "say what this machine offers, and what to do about each problem"
    add(groups, "doctor", doctor, "[--json]", help_text)
