"""The one primary next step that ends every finished state."""

import streamlit as st

from catsdogs.ui.shared.pages import Page


def show(label: str, page: Page, *, key: str, icon: str = "", **address: str) -> None:
    """Draw a primary button that opens ``page``, with ``address`` as its query parameters."""
    if st.button(label, type="primary", icon=icon or page.icon, key=key):
        st.switch_page(page.script, query_params=address)
