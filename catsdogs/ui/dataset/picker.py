"""Open photos: the places that a dataset can come from, and a preview before it is used."""

from pathlib import Path

import streamlit as st

from catsdogs.background import tasks
from catsdogs.background.tasks import Task, TaskState
from catsdogs.sources import current, fetch_task, fetching, opening
from catsdogs.sources.typed import typed_path
from catsdogs.storage.address import stays_there
from catsdogs.text import literal
from catsdogs.ui.dataset import collect, label_form, preview
from catsdogs.ui.shared import current_dataset, problems, task_card

_OPEN = "open"  # its name in the page's address
_TABS = ("Folder or archive", "Microsoft", "Kaggle", "Web address", "New dataset", "Drawn sample")
_TAB_OF = {fetching.MICROSOFT: "Microsoft", fetching.KAGGLE: "Kaggle"}


def is_open() -> bool:
    """Return whether to show this instead of the views: it was asked for, or a download ended."""
    ended = [task for task in tasks.of_kind(fetch_task.KIND) if not task.is_running]
    return _OPEN in st.query_params or preview.chosen() is not None or bool(ended)


def button() -> None:
    """Draw the button that shows them."""
    st.button("Open photos", icon=":material/folder_open:", key="open_photos", on_click=_open)


def show() -> None:
    """Show the preview of a chosen folder, or the places that a dataset can come from."""
    found = preview.chosen()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Open photos", anchor=False, width="content")
        st.button("Back", icon=":material/arrow_back:", key="open_back", on_click=_back)
    if found is not None:
        preview.show(found, on_use=_use)
    else:
        _places()


def show_for_unusable() -> None:
    """Show how to label the current dataset if its images lack labels, and the other places."""
    path = current.path()
    root = opening.opened(path) if path else None
    if root is not None:
        with problems.shown():
            label_form.instead(root)
    show()


def close() -> None:
    """Return to the current dataset."""
    st.query_params.pop(_OPEN, None)
    preview.forget()


def _back() -> None:
    """Close, and forget the downloads that ended without a dataset: they would open it again."""
    for task in tasks.of_kind(fetch_task.KIND):
        if task.state is not TaskState.DONE:
            tasks.dismiss(task)
    close()


def _open() -> None:
    st.query_params[_OPEN] = "1"


def _use(folder: Path) -> None:
    with problems.shown():
        current_dataset.opened(folder)
        close()
        current_dataset.use(folder)


def _places() -> None:
    downloads = [task.subject for task in tasks.of_kind(fetch_task.KIND)]
    here, microsoft, kaggle, address, new, sample = st.tabs(_TABS, default=_tab(downloads))
    with here:
        _from_this_machine()
    with microsoft:
        st.markdown(
            "25,000 photos of cats and dogs, 787 MB, without an account. "
            "Kaggle's competition uses the same photos."
        )
        _download(fetching.MICROSOFT, "Download from Microsoft", key="download_microsoft")
    with kaggle:
        st.markdown(
            "The competition's own archive. It needs a free account, a token, and a click on "
            "[the rules](https://www.kaggle.com/c/dogs-vs-cats/rules)."
        )
        _download(fetching.KAGGLE, "Download from Kaggle", key="download_kaggle")
    with address:
        _from_an_address(set(downloads) - {fetching.MICROSOFT, fetching.KAGGLE})
    with new:
        collect.show(on_made=_use)
    with sample:
        st.markdown("600 drawings of cats and dogs, made on this machine in seconds.")
        if st.button("Use the drawn sample", key="dataset_sample"):
            close()
            current_dataset.use_sample()


def _tab(downloads: list[str]) -> str:
    """Return the tab to show first: that of a download, if there is one."""
    return next((_TAB_OF.get(source, "Web address") for source in downloads), _TABS[0])


def _from_this_machine() -> None:
    with st.form("dataset_form", border=False):
        typed = st.text_input(
            "Path of a folder or archive",
            key="dataset_path",
            placeholder="/photos/train.zip or s3://bucket/photos",
            help="An archive is unpacked into this app's own folder. Your files are only read. "
            "Addresses (s3://, gs://, az://, hf://, https:// of a table) are read in place.",
        )
        st.caption(
            "The images are labelled by the word cat or dog in the name of their folder (cats, "
            "train_dogs) or of the file (cat.0.jpg, dog (1).jpg)."
        )
        if st.form_submit_button("Preview", key="dataset_preview", type="primary"):
            _look(typed)


def _look(typed: str) -> None:
    """Preview the folder or archive at a path that was typed."""
    if not typed.strip():
        st.warning("Type the path of a folder or an archive first.")
        return
    with problems.shown(), st.spinner("Looking at the files …"):
        # The folder of a zip is remembered, not the zip: it stays usable when the zip is deleted to
        # save space.
        preview.look(opening.open_source(typed_path(typed)))
        st.rerun()


def _from_an_address(downloads: set[str]) -> None:
    """Show the downloads from addresses, running or ended, and offer another."""
    for address in sorted(downloads):
        st.caption(literal(address))
        _is_downloading(address)
    url = st.text_input(
        "Address of a zip or tar", key="dataset_url", placeholder="https://…"
    ).strip()
    if st.button("Download", key="download_address", icon=":material/download:"):
        if stays_there(url):
            _look(url)
        else:
            _start_download(url)


def _download(source: str, title: str, *, key: str) -> None:
    """Offer a download; while it runs, show it instead."""
    if not _is_downloading(source) and st.button(title, key=key, icon=":material/download:"):
        _start_download(source)


def _is_downloading(source: str) -> bool:
    """Show a source's download, if there is one; a finished one is previewed."""
    running = task_card.show(
        fetch_task.KIND, source, fetching.PHASES, on_done=_show_download, in_bytes=True
    )
    if running:
        st.caption("The download continues when you leave this page, and can be resumed.")
    return running


def _start_download(source: str) -> None:
    with problems.shown():
        fetching.check(source)
        tasks.start(fetch_task.KIND, source)
        st.rerun()


def _show_download(task: Task) -> None:
    if task.result:
        with problems.shown():
            preview.look(Path(task.result["path"]))
            st.rerun()
