"""The comparison as files to download: a report, a table of answers, a chart."""

import re
from collections.abc import Callable
from functools import partial

import streamlit as st

from catsdogs import text
from catsdogs.comparison.pair import Pair
from catsdogs.reports import comparison
from catsdogs.reports.comparison import Report

_NOT_IN_A_NAME = re.compile(r"\W+")


def show(pair: Pair, *, threshold: float, margin: float) -> None:
    """Offer the files; each is made when it is downloaded."""
    name = "-and-".join(run.run_id for run in pair.runs.values())

    def made() -> Report:
        return comparison.report(pair, threshold=threshold, margin=margin)

    _offer("Report as one HTML page", lambda: made().as_html(), f"{name}.html", "text/html")
    _offer("Report as Markdown", lambda: made().as_markdown(), f"{name}.md", "text/markdown")
    if not pair.both.empty:
        _offer("Both runs' answers as CSV", partial(answers_csv, pair), f"{name}.csv", "text/csv")
    chart = st.selectbox("A chart", comparison.chart_names(pair), key="compare_export_chart")
    page = partial(comparison.chart_page, pair, threshold, chart)
    _offer("That chart as HTML", page, f"{name}-{_NOT_IN_A_NAME.sub('-', chart)}.html", "text/html")
    st.caption(
        "A picture of any chart: the camera at its top right. Any table as CSV: the arrow at its "
        "top right."
    )


def answers_csv(pair: Pair) -> str:
    """Return both runs' answers on the images that they share, as CSV."""
    return text.csv(pair.both)


def _offer(label: str, data: Callable[[], str], file_name: str, mime: str) -> None:
    st.download_button(
        label, data, file_name, mime, on_click="ignore", width="stretch", key=f"compare_{label}"
    )
