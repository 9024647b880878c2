"""The frame of every page: its title, the navigation, the current dataset, the running work."""

from pathlib import Path

import streamlit as st

from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.system import allocator
from catsdogs.ui.runs import sidebar
from catsdogs.ui.shared import (
    closed_tabs,
    dataset_card,
    machine_panel,
    sign_in,
    steps,
    tour,
    uploads,
)
from catsdogs.ui.shared.pages import PAGES, Page
from catsdogs.ui.shared.steps import Facts

# Our own file: Streamlit would load a named icon from the network.
_ICON = Path(__file__).with_name("icon.svg")
_STYLE = Path(__file__).with_suffix(".css")


def page(page: Page, lead: str, *, follows_runs: bool = False) -> None:
    """Draw the browser title, the sidebar, the heading, and a sentence on the page's purpose.

    With ``follows_runs``, the page reruns when a run starts or ends, even in another tab.
    """
    allocator.return_large_blocks()
    uploads.limit()
    closed_tabs.watch()
    st.set_page_config(page_title=f"{page.title} · Cats vs Dogs", page_icon=_ICON, layout="wide")
    st.html(_STYLE)
    sign_in.require()
    runs, _ = store.list_runs()
    with st.sidebar:
        _navigation(runs)
        sidebar.show(runs, redraws=follows_runs)
        tour.offer(runs)
        machine_panel.show_button()
        sign_in.account()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.title(page.title, anchor=False, width="content")
        st.caption(lead, width="content")
    tour.show(page, runs)


def _navigation(runs: list[Run]) -> None:
    st.subheader("Cats vs Dogs", anchor=False)
    with st.container(gap="xxsmall"):
        for entry in PAGES:
            st.page_link(entry.script, label=entry.title, icon=entry.icon, width="stretch")
    progress = st.container()
    st.divider()
    overview = dataset_card.show()
    if overview is not None:
        facts = Facts(runs, overview.fingerprint, overview.is_checked, overview.is_clean)
        with progress:
            steps.show(steps.done(facts))
