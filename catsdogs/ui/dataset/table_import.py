"""Labels and decisions from a table: one beside the photos, or one that the user uploads."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from catsdogs.dataset import index, label_tables
from catsdogs.dataset.nearby_tables import NearbyTable
from catsdogs.text import counted, literal
from catsdogs.ui.shared import problems


def nearby(root: Path, tables: Sequence[NearbyTable], *, on_imported: Callable[[], None]) -> None:
    """Offer to take the labels of each of the tables that were found near the photos."""
    for number, table in enumerate(one for one in tables if one.says_labels):
        columns = ", ".join(name for name in table.columns if name)
        if st.button(
            f"Take the labels of {literal(table.path)}",
            icon=":material/table:",
            key=f"table_take_{number}",
            help=f"Its columns: {literal(columns)}.",
        ):
            source = root / table.path
            with problems.shown():
                _take_over(root, source.read_bytes(), on_imported, source=source)


def upload(root: Path, *, on_imported: Callable[[], None]) -> None:
    """Offer to import a table that the user uploads."""
    given = st.file_uploader(
        "Import decisions or labels",
        type=["csv", "tsv", "txt"],
        key="decisions_import",
        help="A table with the name and the label of each image, or an export of decisions.",
    )
    if given is not None and st.button("Import", key="decisions_take"):
        with problems.shown():
            _take_over(root, given.getvalue(), on_imported)


def _take_over(
    root: Path, content: bytes, on_imported: Callable[[], None], *, source: Path | None = None
) -> None:
    with st.spinner("Reading the table …"):
        found = label_tables.take_over(root, index.scan(root).records, content, source=source)
    numbers = f" ({label_tables.numbers_mean(root)})" if found.has_numbers else ""
    st.toast(f"{counted(found.photos, 'decision')} imported{numbers}.")
    on_imported()
