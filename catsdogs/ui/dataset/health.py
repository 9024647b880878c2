"""The health check of the dataset, its findings, and what they mean."""

import streamlit as st

from catsdogs.background import tasks
from catsdogs.charts import dataset as dataset_charts
from catsdogs.dataset import annotations
from catsdogs.health import checkup, task
from catsdogs.health.flags import FLAGS, ODD
from catsdogs.health.snapshot import TRAINING, VALIDATION, Snapshot
from catsdogs.ui.dataset import filters, gallery
from catsdogs.ui.shared import cache, problems, task_card
from catsdogs.ui.shared.markdown import verbatim

_FIRST = ("suspect", "outlier", "exact", "near", "listed", "undecodable", "unlabelled")
_DECIDED = ("relabelled", "excluded")
_PROBLEM = "health_problem"


def show(snapshot: Snapshot) -> None:
    """Show the check and its findings; a click on a finding filters the gallery."""
    _check(snapshot)
    st.markdown("**Look at these first**")
    _findings(snapshot, _FIRST)
    st.markdown("**Readable, but odd**")
    _findings(snapshot, ODD)
    st.markdown("**Unreadable**")
    gallery.unreadable(snapshot.dataset)
    st.button(
        "Read the folder again",
        icon=":material/refresh:",
        key="dataset_refresh",
        on_click=cache.forget_datasets,
        help="New, changed and deleted files are noticed within a minute or two by themselves.",
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What a model could learn without looking**")
        _shortcuts(snapshot)
    with right:
        st.markdown("**Does validation leak into training?**")
        _leakage(snapshot)
        st.markdown("**Your decisions**")
        _decisions(snapshot)


def _check(snapshot: Snapshot) -> None:
    """Show a running check, or the state of the last one and the button that starts another."""
    subject = str(snapshot.dataset.root)
    running = task_card.show(
        task.KIND, subject, checkup.PHASES, on_done=lambda _: cache.forget_datasets()
    )
    if running:
        st.caption("It goes on when you leave this page.")
    elif _state(snapshot):
        _start(subject)


def _state(snapshot: Snapshot) -> bool:
    """Show how far the last check can be relied on; return whether another one may help."""
    findings = snapshot.findings
    if findings is None:
        st.info(
            "Duplicates, suspect labels, outliers and the map need one look at every pixel, once: "
            "a few minutes for 10,000 photos. Your files are only read.",
            icon=":material/health_and_safety:",
        )
        return True
    if not snapshot.is_current:
        st.warning("Photos came, went or changed since the last check.", icon=":material/update:")
        return True
    if findings.summary.embedding:
        st.warning(verbatim(findings.summary.embedding), icon=":material/cloud_off:")
        return True
    st.success(
        f"All {len(findings.rows):,} labelled photos were checked, in "
        f"{sum(findings.summary.seconds.values()):,.0f} s. Nothing changed since.",
        icon=":material/check:",
    )
    if findings.caveat:
        st.warning(findings.caveat, icon=":material/warning:")
    return bool(findings.caveat)


def _start(subject: str) -> None:
    st.button(
        "Run the health check",
        type="primary",
        key="health_run",
        on_click=problems.attempt,
        args=(tasks.start, task.KIND, subject),
        kwargs={"note_as": _PROBLEM},
    )
    problems.show_noted(_PROBLEM)


def _findings(snapshot: Snapshot, names: tuple[str, ...]) -> None:
    counts = snapshot.flags.sum()
    checked = snapshot.findings is not None
    with st.container(horizontal=True):
        for name in names:
            flag = FLAGS[name]
            known = checked or not flag.measured
            st.button(
                f"{flag.title} · {counts[name]:,}" if known else f"{flag.title} · ?",
                key=f"finding_{name}",
                help=flag.help,
                disabled=not known or not counts[name],
                on_click=filters.set_flag,
                args=(name,),
            )


def _shortcuts(snapshot: Snapshot) -> None:
    found = snapshot.findings.summary.shortcuts if snapshot.findings else ()
    if not found:
        st.caption("Known after a health check, with at least 20 photos of each class.")
        return
    st.plotly_chart(dataset_charts.shortcut_bars(found), key="chart_shortcuts")
    best = max(found, key=lambda one: one.accuracy)
    knows = "all of these" if best.shortcut == "all together" else f"the {best.shortcut}"
    st.caption(
        f"A classifier that sees no pixel but knows {knows} names the class of "
        f"**{best.accuracy:.1%}** of the photos; chance is 50 %. The more above chance, the "
        "more a model may lean on how the photos were made. Cross-validated, with 95 % intervals."
    )


def _leakage(snapshot: Snapshot) -> None:
    photos = snapshot.table[snapshot.table["side"] != ""]
    # By the groups of the check: the split's own groups cannot show a mistake of the split.
    near = photos["near_group"].astype("str")
    groups = photos.groupby(photos["digest"].mask(photos["near_group"] >= 0, near))["side"]
    several = groups.size() > 1
    copies = int(several.sum())
    crossing = int((groups.nunique()[several] > 1).sum())
    known = "exact and near" if snapshot.findings is not None else "exact"
    st.caption(
        f"**{crossing}** of {copies:,} groups of {known} duplicates have photos on both sides. "
        f"The split draws a side for each picture, not for each file: "
        f"{int((snapshot.table['side'] == TRAINING).sum()):,} files to train on, "
        f"{int((snapshot.table['side'] == VALIDATION).sum()):,} to validate."
    )


def _decisions(snapshot: Snapshot) -> None:
    dataset = snapshot.dataset
    st.caption(
        f"{dataset.excluded:,} excluded, {dataset.relabelled:,} relabelled. They are kept beside "
        "the index, never in your folder; every run records them. Fingerprint of what the next "
        f"run learns from: `{dataset.fingerprint()}`."
    )
    with st.container(horizontal=True):
        for name in _DECIDED:
            st.button(
                f"Show {name}",
                key=f"finding_{name}",
                disabled=not snapshot.flags[name].any(),
                on_click=filters.set_flag,
                args=(name,),
            )
        st.download_button(
            "Export as CSV",
            lambda: annotations.to_csv(dataset.root, dataset.records),
            "decisions.csv",
            "text/csv",
            key="decisions_export",
            on_click="ignore",
        )
    _import(snapshot)


def _import(snapshot: Snapshot) -> None:
    given = st.file_uploader("Import decisions", type="csv", key="decisions_import")
    if given is not None and st.button("Take them over", key="decisions_take"):
        text = given.getvalue().decode("utf-8-sig", "replace")
        with problems.shown():
            count = annotations.from_csv(snapshot.dataset.root, snapshot.dataset.records, text)
            st.toast(f"{count:,} decisions taken over.")
            st.rerun()
