"""The frame of every page: its title, the navigation, the current dataset, the runs in training."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import streamlit as st

from catsdogs.sources import current, opening
from catsdogs.sources.sample import sample_dir
from catsdogs.system import allocator
from catsdogs.text import literal
from catsdogs.ui.runs import sidebar
from catsdogs.ui.shared import closed_tabs, uploads


@dataclass(frozen=True)
class Page:
    """An entry of the navigation. ``script`` is relative to the project folder."""

    script: str
    title: str
    icon: str


PAGES = (
    Page("streamlit_app.py", "Home", ":material/home:"),
    Page("pages/dataset.py", "Dataset", ":material/photo_library:"),
    Page("pages/train.py", "Train", ":material/model_training:"),
    Page("pages/compare.py", "Compare", ":material/balance:"),
    Page("pages/classify.py", "Classify", ":material/pets:"),
)

# Our own file: Streamlit would load a named icon from the network.
_ICON = Path(__file__).with_name("icon.svg")


def page(title: str, lead: str, *, follows_runs: bool = False) -> None:
    """Draw the browser title, the sidebar, the heading, and a sentence on the page's purpose.

    With ``follows_runs``, the page reruns when a run starts or ends, even in another tab.
    """
    # Arrow's own allocator reserves 13 MB, which these small tables do not need.
    pa.set_memory_pool(pa.system_memory_pool())
    allocator.return_large_blocks()
    uploads.limit()
    closed_tabs.watch()
    st.set_page_config(page_title=f"{title} · Cats vs Dogs", page_icon=_ICON, layout="wide")
    with st.sidebar:
        st.subheader("Cats vs Dogs")
        for entry in PAGES:
            st.page_link(entry.script, label=entry.title, icon=entry.icon)
        st.divider()
        _dataset_note()
        sidebar.show(redraws=follows_runs)
    st.title(title)
    st.caption(lead)


def _dataset_note() -> None:
    path = current.path()
    name = literal(opening.display_name(path)) if path else "none yet"
    st.caption(f"**Dataset** {name}")
    if path == sample_dir():
        st.caption("Drawn by this app: results on it say nothing about photos.")
        st.page_link("pages/dataset.py", label="Use real photos", icon=":material/photo_camera:")
