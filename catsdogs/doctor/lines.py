"""Findings → lines for people: a mark for each finding, and the advice last."""

import textwrap

from catsdogs.doctor.findings import MARKS, Finding, Report, State

_LEAST_WIDTH = 40
_WORKS = "Everything works."
_SOME_WARNINGS = "Everything works. Have a look at:"
_PROBLEMS = "Something does not work:"


def lines(report: Report, width: int | None = None) -> list[str]:
    """Return the report in lines of at most ``width`` columns; None where nothing limits them."""
    groups = dict.fromkeys(finding.group for finding in report.findings)
    shown = [line for group in groups for line in _group(report, group, width)]
    return [*shown, summary(report), *_advice(report, width)]


def summary(report: Report) -> str:
    """Return a sentence on the whole machine."""
    if not report.works:
        return _PROBLEMS
    return _SOME_WARNINGS if report.to_do else _WORKS


def _group(report: Report, group: str, width: int | None) -> list[str]:
    findings = [finding for finding in report.findings if finding.group == group]
    longest = max(len(finding.title) for finding in findings)
    return [group, *(line for one in findings for line in _line(one, longest, width)), ""]


def _line(finding: Finding, longest: int, width: int | None) -> list[str]:
    begin = f"  {MARKS[finding.state]} {finding.title:{longest}}  "
    return _wrapped(finding.value, width, begin, " " * len(begin))


def _advice(report: Report, width: int | None) -> list[str]:
    found: list[str] = []
    for one in report.to_do:
        begin = f"  {MARKS[one.state]} "
        what = f"{one.group}, {one.title}: {one.value}" if one.state is State.PROBLEM else one.title
        found += [*_wrapped(what, width, begin), *_wrapped(one.advice, width, "    ")]
    return found


def _wrapped(text: str, width: int | None, begin: str, indent: str = "    ") -> list[str]:
    """Return ``text`` in lines; paths and other long words stay whole."""
    if width is None:
        return [f"{begin}{text}"]
    wrapped = textwrap.wrap(
        text,
        max(width - len(indent), _LEAST_WIDTH),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [f"{indent if number else begin}{line}" for number, line in enumerate(wrapped)]
