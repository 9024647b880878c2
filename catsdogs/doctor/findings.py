"""The result of a check, as a value. Text, JSON and the app's panel derive from it."""

import time
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class State(StrEnum):
    """Whether a finding needs attention. Only a PROBLEM prevents something from working."""

    FINE = "fine"
    WARNING = "warning"
    PROBLEM = "problem"


MARKS = {State.FINE: "✓", State.WARNING: "!", State.PROBLEM: "✗"}


@dataclass(frozen=True)
class Finding:
    """One fact about the machine. ``advice`` says what to do about a warning or a problem."""

    group: str
    title: str
    value: str
    state: State = State.FINE
    advice: str = ""


@dataclass(frozen=True)
class Report:
    """All findings of one examination, in the order of their groups."""

    findings: tuple[Finding, ...]
    measured_at: float = field(default_factory=time.time)  # Unix seconds

    @property
    def to_do(self) -> list[Finding]:
        """The findings with advice, problems first."""
        order = (State.PROBLEM, State.WARNING)
        return [one for state in order for one in self.findings if one.state is state]

    @property
    def works(self) -> bool:
        """Whether nothing prevents the app from working."""
        return all(finding.state is not State.PROBLEM for finding in self.findings)

    def to_json(self) -> dict[str, object]:
        """Return the report as a JSON document."""
        return {
            "works": self.works,
            "measured_at": self.measured_at,
            "findings": [asdict(finding) for finding in self.findings],
        }


def warning(group: str, title: str, value: str, advice: str) -> Finding:
    """Return a finding that deserves a look and prevents nothing."""
    return Finding(group, title, value, State.WARNING, advice)


def problem(group: str, title: str, value: str, advice: str) -> Finding:
    """Return a finding that prevents something from working."""
    return Finding(group, title, value, State.PROBLEM, advice)
