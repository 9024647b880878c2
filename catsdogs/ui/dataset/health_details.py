"""Below the cards: unreadable files, shortcuts, leaks between the sides, and your decisions."""

import streamlit as st

from catsdogs.charts import dataset as dataset_charts
from catsdogs.dataset import decisions_csv
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.summary import described
from catsdogs.health.findings import Shortcut
from catsdogs.health.snapshot import SIDES, Snapshot
from catsdogs.text import counted, literal, percent, printable
from catsdogs.ui.dataset import health_cards, table_import
from catsdogs.ui.shared import cache
from catsdogs.ui.shared.markdown import verbatim

_DECIDED = ("relabelled", "excluded")
_MOST_LISTED = 1000


def show(snapshot: Snapshot) -> None:
    """Show each of the details that there is something to say about."""
    dataset = snapshot.dataset
    if len(dataset.unreadable):
        with st.expander(f"Unreadable files ({len(dataset.unreadable):,})", expanded=True):
            _unreadable(dataset)
    if snapshot.findings is not None and snapshot.findings.summary.shortcuts:
        _shortcuts(snapshot.findings.summary.shortcuts)
    # A million photos take a second to split.
    with st.expander("Copies across the split", key="health_copies", on_change="rerun") as copies:
        if copies.open:
            _leakage(snapshot)
    decided = dataset.excluded + dataset.relabelled
    with st.expander(f"Your decisions ({decided:,})" if decided else "Your decisions"):
        _decisions(snapshot)
    with st.expander("Files"):
        _files(dataset)


def warn_of_closed_folders(dataset: Dataset) -> None:
    """Warn if a folder of the dataset cannot be read."""
    if closed := dataset.rest.closed_folders:
        (path, reason), more = next(iter(closed.items())), len(closed) - 1
        others = f" {counted(more, 'more folder')} cannot be read: see `data scan`." if more else ""
        st.warning(f"The folder {verbatim(path)} cannot be read: {verbatim(reason)}.{others}")


def say_given_split(snapshot: Snapshot) -> None:
    """Describe the split that the dataset comes with, and warn of pictures on several sides."""
    if (found := snapshot.given_split) is None:
        return
    st.caption(
        f"Its own split: {literal(found.described)}.",
        help="Training keeps to it. “Split” on Train draws the sides from all photos instead.",
    )
    if found.leaks:
        st.warning(
            f"{counted(len(found.leaks), 'picture')} on several sides of this split. Training "
            f"leaves out {counted(found.left_out, 'photo')} with a copy on a later side."
        )


def _unreadable(dataset: Dataset) -> None:
    st.caption("Training leaves these files out.")
    found = dataset.unreadable[["path", "problem", "problem_detail", "size_bytes"]]
    st.dataframe(
        found.head(_MOST_LISTED).assign(path=lambda rows: rows["path"].map(printable)),
        column_config={
            "path": "File",
            "problem": "Reason",
            "problem_detail": "Details",
            "size_bytes": "Bytes",
        },
        hide_index=True,
        key="dataset_unreadable",
    )


def _shortcuts(found: tuple[Shortcut, ...]) -> None:
    best = max(found, key=lambda one: one.accuracy)
    knows = "all of these" if best.shortcut == "all together" else f"the {best.shortcut}"
    with st.expander(f"Shortcuts: file facts alone give {percent(best.accuracy)} of the labels"):
        st.caption(
            f"A classifier that knows only {knows} gets {percent(best.accuracy)} of the labels "
            "right. Chance is 50 %. Well above chance, a model may learn how the photos were made.",
            help="Cross-validated, with 95 % intervals.",
        )
        accuracies = ", ".join(f"{one.shortcut} {percent(one.accuracy)}" for one in found)
        st.plotly_chart(
            dataset_charts.shortcut_bars(found),
            key="chart_shortcuts",
            alt=f"Labels guessed right by each shortcut: {accuracies}",
        )


def _leakage(snapshot: Snapshot) -> None:
    table, sides = snapshot.table, snapshot.sides
    # By the groups of the check: the split's own groups cannot show a mistake of the split.
    alike = snapshot.flags["exact"] | snapshot.flags["near"]
    photos = table[["digest", "near_group"]][alike & sides.isin(SIDES)]
    near = photos["near_group"].astype("str")
    groups = sides[photos.index].groupby(photos["digest"].mask(photos["near_group"] >= 0, near))
    several = groups.size() > 1
    crossing = int((groups.nunique()[several] > 1).sum())
    known = "exact and near" if snapshot.findings is not None else "exact"
    train, validation, test = (int((sides == side).sum()) for side in SIDES)
    tested = f", and {test:,} to test" if test else ""
    st.caption(
        f"**{crossing:,}** of {counted(int(several.sum()), 'group')} of {known} duplicates have "
        f"photos on several sides. The split has {train:,} photos to train on and {validation:,} "
        f"to validate{tested}, and keeps copies of a picture together."
    )


def _decisions(snapshot: Snapshot) -> None:
    dataset = snapshot.dataset
    st.caption(
        f"{dataset.excluded:,} excluded, {dataset.relabelled:,} relabelled. They are saved in this "
        "app's own folder, and every run records them.",
        help=f"Fingerprint of the photos that the next run learns from: `{dataset.fingerprint()}`.",
    )
    with st.container(horizontal=True):
        for name in _DECIDED:
            if snapshot.flags[name].any():
                health_cards.show_button(f"Show {name}", name)
        st.download_button(
            "Export as CSV",
            lambda: decisions_csv.to_csv(dataset.root, dataset.records),
            "decisions.csv",
            "text/csv",
            key="decisions_export",
            on_click="ignore",
        )
    table_import.upload(dataset.root, on_imported=st.rerun)


def _files(dataset: Dataset) -> None:
    """Show how many files of each kind there are."""
    kinds = {
        "usable images": len(dataset.usable),
        "without a label": dataset.unlabelled,
        "excluded": dataset.excluded,
        "unreadable": len(dataset.unreadable),
    }
    counts = [f"{count:,} {kind}" for kind, count in kinds.items() if count]
    st.caption(" · ".join((*counts, literal(described(dataset.rest)))).rstrip(" ·"))
    st.button(
        "Read the folder again",
        icon=":material/refresh:",
        key="dataset_refresh",
        on_click=cache.forget_datasets,
        help="The app notices new, changed and deleted files within two minutes by itself.",
    )
