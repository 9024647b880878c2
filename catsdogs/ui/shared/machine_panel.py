"""Help: what this machine offers, and what to do about each problem."""

import time

import streamlit as st

from catsdogs import paths
from catsdogs.doctor import checkup
from catsdogs.doctor.findings import MARKS, Finding, Report, State
from catsdogs.doctor.lines import summary
from catsdogs.text import literal

_SHOW_STATE = {State.PROBLEM: st.error, State.WARNING: st.warning}
_COLOURS = {State.FINE: "green", State.WARNING: "orange", State.PROBLEM: "red"}


def show_button() -> None:
    """Draw the button that opens the panel."""
    if st.button("Help", key="help", icon=":material/help:", type="tertiary"):
        _panel()


@st.dialog("This machine", width="large")
def _panel() -> None:
    report = checkup.examine(checkup.QUICK)
    measured = _measured()
    if st.button(
        "Check TensorFlow",
        key="help_check_tensorflow",
        help="Loads TensorFlow in a process of its own, and shows the engine and the precision "
        "that it chooses for each model. It takes 5 to 20 seconds.",
    ):
        with st.spinner("Loading TensorFlow …"):
            measured[:] = [checkup.examine([checkup.SLOW])]
    for one in (report, *measured):
        _to_do(one)
    if report.works and not report.to_do:
        st.success(summary(report), icon=":material/check:")
    _groups(report)
    for one in measured:
        _groups(one)
        st.caption(f"TensorFlow as of {time.strftime('%H:%M', time.localtime(one.measured_at))}")
    st.caption("The command `catsdogs doctor` prints all of this.")


# All sessions share it: TensorFlow sees the same machine in each.
@st.cache_resource(show_spinner=False)
def _measured() -> list[Report]:
    """Return the latest report on TensorFlow, as a list of one; empty before the first."""
    return []


def _to_do(report: Report) -> None:
    for finding in report.to_do:
        text = f"**{literal(finding.title)}:** {_safe(finding.value)}. {_safe(finding.advice)}"
        _SHOW_STATE[finding.state](text)


def _groups(report: Report) -> None:
    for group in dict.fromkeys(finding.group for finding in report.findings):
        lines = [_line(one) for one in report.findings if one.group == group]
        st.markdown(f"**{group}**\n\n" + "  \n".join(lines))


def _line(finding: Finding) -> str:
    mark = f":{_COLOURS[finding.state]}[{MARKS[finding.state]}]"
    return f"{mark} {literal(finding.title)}: {_safe(finding.value)}"


def _safe(text: str) -> str:
    """Return Markdown without the paths that would reveal the machine."""
    return literal(paths.shortened(text))
