"""The prepared formats of a run: each with its figures and its download, or why it has none."""

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from catsdogs.evaluation.metrics import DEFAULT_MARGIN, SIGNIFICANT
from catsdogs.exports import downloads, making
from catsdogs.exports.downloads import Download, Prepared, Quality
from catsdogs.exports.formats import FORMATS, Format
from catsdogs.inference.latency import Latency
from catsdogs.labels import Classes
from catsdogs.runs.run import Run
from catsdogs.text import counted, literal, percent
from catsdogs.ui.shared.markdown import verbatim

_WIDTHS = (5, 6)
_BUTTON_PX, _TIME_PX = 120, 130
_MARGIN = counted(round(100 * DEFAULT_MARGIN, 9), "point")
_ABOUT = (
    "Each file was measured on the validation photos of the run that are on this machine. A label "
    "changes if the file and the run give a photo different ones. "
    f"Equivalent means that a test rules out a difference in accuracy of {_MARGIN} or more (two "
    f"one-sided tests, p < {SIGNIFICANT:g}). Times are medians of forward passes on one core, with "
    "the range of the middle half; the formats take turns. A web page decodes photos with the "
    "browser, so a label can differ there."
)


def show(run: Run, prepared: Prepared) -> None:
    """Draw a row for each format that was made, and the reasons for the others."""
    _lead(prepared)
    st.caption("Each download is a zip: the model, its labels, its card and an example of use.")
    made = [download for download in prepared.downloads if download.file]
    with st.container(gap="small"):
        for download in made:
            form = FORMATS.get(download.format)
            if form is not None:  # From a later version of the app.
                with st.container(border=True):
                    _row(run, form, download)
    _problems(run, [download for download in prepared.downloads if download.problem])


def possible(run: Run) -> tuple[list[str], dict[str, str]]:
    """Return the titles of the formats that can be written here, and the obstacle of each other."""
    obstacles = {form.name: making.obstacle(form, run) for form in FORMATS.values()}
    titles = [form.title for form in FORMATS.values() if not obstacles[form.name]]
    return titles, {name: reason for name, reason in obstacles.items() if reason}


def show_obstacles(obstacles: Mapping[str, str]) -> None:
    """Say why formats, by name, cannot be written here; once for those with the same reason."""
    for reason, titles in _by_reason(obstacles).items():
        st.caption(f"**Not available: {titles}.** {verbatim(reason)}")


def _problems(run: Run, without_file: Sequence[Download]) -> None:
    """Warn of formats that failed, and name those that cannot be written here."""
    _, obstacles = possible(run)
    failed = {one.format: one.problem for one in without_file if one.format not in obstacles}
    for reason, titles in _by_reason(failed).items():
        st.warning(f"**Failed: {titles}.** {verbatim(reason)}", icon=":material/error:")
    show_obstacles({one.format: obstacles.get(one.format, "") for one in without_file})


def _by_reason(reasons: Mapping[str, str]) -> dict[str, str]:
    """Return the titles of formats by reason, from the reasons by name."""
    found: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        if reason:
            found.setdefault(reason, []).append(_title(name))
    return {reason: listed(titles) for reason, titles in found.items()}


def _lead(prepared: Prepared) -> None:
    known = [download.quality for download in prepared.downloads if download.quality]
    if known:
        own = percent(known[0].own_accuracy)
        photos = counted(known[0].images, "validation photo")
        st.markdown(f"The run itself is right on {own} of {photos}.", help=_ABOUT)
    else:
        st.markdown("The accuracy was not measured.", help=_ABOUT)
        if prepared.no_photos:
            st.caption(verbatim(prepared.no_photos))


def _row(run: Run, form: Format, download: Download) -> None:
    # Two halves: beside each other on a wide page, below each other on a phone.
    model, figures = st.columns(_WIDTHS, vertical_alignment="center")
    with model, _line():
        with st.container(gap=None):
            st.markdown(f"**{form.title}**")
            st.caption(f"Runs on {' and '.join(form.runs_on)}")
        _button(run, form, download)
    with figures, _line():
        with st.container(gap=None):
            _quality(download.quality, run.classes)
        with st.container(gap=None, width=_TIME_PX):
            _time(download.latency)


def _line() -> DeltaGenerator:
    return st.container(horizontal=True, wrap=False, vertical_alignment="center")


def _button(run: Run, form: Format, download: Download) -> None:
    st.download_button(
        f"{download.size_bytes / 1e6:.1f} MB",
        # Read when it is asked for: otherwise each redraw would hold every file in memory.
        downloads.file_of(run, download).read_bytes,
        download.file,
        "application/zip",
        key=f"exports_get_{download.format}",
        icon=":material/download:",
        on_click="ignore",
        help=f"Download {form.title}: {verbatim(download.file)}",
        width=_BUTTON_PX,
    )


def _quality(quality: Quality | None, classes: Classes) -> None:
    if quality is None:
        st.caption("Accuracy not measured")
        return
    st.markdown(f"{percent(quality.accuracy)} right")
    same = "Equivalent" if quality.equivalence_p < SIGNIFICANT else "Not shown to be equivalent"
    st.caption(f"{_changes(quality, classes)} · {same} within {_MARGIN}")


def _time(latency: Latency | None) -> None:
    if latency is None:
        st.caption("Time not measured")
        return
    st.markdown(f"{latency.median_ms:.1f}\u00a0ms per photo")
    st.caption(f"{latency.low_ms:.1f} to {latency.high_ms:.1f}\u00a0ms")


def _changes(quality: Quality, classes: Classes) -> str:
    parts = ((quality.to_cat, classes.negative), (quality.to_dog, classes.positive))
    changed = [f"{count:,} to {literal(name)}" for count, name in parts if count]
    return f"Changes {' and '.join(changed)}" if changed else "Changes no label"


def _title(name: str) -> str:
    return FORMATS[name].title if name in FORMATS else verbatim(name)


def listed(titles: Iterable[str]) -> str:
    """Return titles, some of which contain commas, as one text."""
    return " · ".join(titles)
