"""The places that a dataset can come from, and the counts of the current one."""

from pathlib import Path

import streamlit as st

from catsdogs.background import tasks
from catsdogs.background.tasks import Task
from catsdogs.dataset.index import Dataset
from catsdogs.labels import CAT, DOG
from catsdogs.sources import current, fetch_task, fetching, opening
from catsdogs.sources.sample import sample_dir
from catsdogs.text import counted, literal
from catsdogs.ui.shared import current_dataset, problems, task_card
from catsdogs.ui.shared.markdown import verbatim


def counts(dataset: Dataset) -> None:
    """Show the number of files of each kind."""
    numbers = {
        "Usable images": len(dataset.usable),
        "Cats": int((dataset.usable["label"] == CAT).sum()),
        "Dogs": int((dataset.usable["label"] == DOG).sum()),
        "Without a label": dataset.unlabelled,
        "Excluded": dataset.excluded,
        "Unreadable": len(dataset.unreadable),
        "Other files": dataset.other_files,
    }
    for column, (name, count) in zip(st.columns(len(numbers)), numbers.items(), strict=True):
        column.metric(name, f"{count:,}")
    aside = [f"{count:,} {what}" for what, count in dataset.rest.aside.items() if count]
    if aside:
        st.caption(f"Passed over, unopened: {', '.join(aside)}.")
    if closed := dataset.rest.closed_folders:
        (path, reason), more = next(iter(closed.items())), len(closed) - 1
        others = f" Nor can {counted(more, 'other folder')}: see `data scan`." if more else ""
        st.warning(f"The folder {verbatim(path)} cannot be read: {verbatim(reason)}.{others}")


def show() -> None:
    """Offer the places that a dataset can come from, and show the running downloads."""
    downloads = [task.subject for task in tasks.of_kind(fetch_task.KIND)]
    expanded = bool(downloads) or current.path() == sample_dir()
    with st.expander("Use other images", icon=":material/folder_open:", expanded=expanded):
        here, microsoft, kaggle, address, sample = st.tabs(
            ["On this machine", "Microsoft's archive", "Kaggle", "Another address", "Drawn sample"]
        )
        with here:
            _from_this_machine()
        with microsoft:
            st.markdown(
                "The 25,000 photos that Kaggle's competition took its own from, without an "
                "account: 787 MB, as *kagglecatsanddogs_5340.zip*."
            )
            _download(fetching.MICROSOFT, "Download from Microsoft", key="download_microsoft")
        with kaggle:
            st.markdown(
                "The competition's own archive, with its numbering. It needs a free account, a "
                "token and a click on "
                "[the rules](https://www.kaggle.com/c/dogs-vs-cats/rules)."
            )
            _download(fetching.KAGGLE, "Download from Kaggle", key="download_kaggle")
        with address:
            _from_an_address(set(downloads) - {fetching.MICROSOFT, fetching.KAGGLE})
        with sample:
            st.markdown("600 drawings of cats and dogs, made on this machine in seconds.")
            if st.button("Use the drawn sample", key="dataset_sample"):
                current_dataset.use_sample()


def _from_this_machine() -> None:
    st.markdown(
        "A folder with `cat.0.jpg`, `dog.0.jpg` … or with `cats/` and `dogs/` inside, at any "
        "depth; or Kaggle's or Microsoft's zip as it is. Your files are only read."
    )
    with st.form("dataset_form", border=False):
        typed = st.text_input(
            "Path on this machine", key="dataset_path", placeholder="/photos/train.zip"
        )
        if st.form_submit_button("Use this path", key="dataset_use", type="primary"):
            _open(typed)


def _from_an_address(downloads: set[str]) -> None:
    """Show the downloads from addresses, running or ended, and offer another."""
    for address in sorted(downloads):
        st.caption(literal(address))
        _is_downloading(address)
    url = st.text_input("Address of a zip", key="dataset_url", placeholder="https://…").strip()
    if st.button("Download", key="download_address", icon=":material/download:"):
        _start_download(url)


def _download(source: str, title: str, *, key: str) -> None:
    """Offer a download; while it runs, show it instead."""
    if not _is_downloading(source) and st.button(title, key=key, icon=":material/download:"):
        _start_download(source)


def _is_downloading(source: str) -> bool:
    """Show a source's download, if there is one; a finished one becomes the current dataset."""
    running = task_card.show(
        fetch_task.KIND, source, fetching.PHASES, on_done=_use_download, in_bytes=True
    )
    if running:
        st.caption("It goes on when you leave this page, and can be resumed after a break.")
    return running


def _start_download(source: str) -> None:
    with problems.shown():
        fetching.check(source)
        tasks.start(fetch_task.KIND, source)
        st.rerun()


def _use_download(task: Task) -> None:
    if task.result:
        folder = Path(task.result["path"])
        with problems.shown():
            current_dataset.opened(folder)
            current_dataset.use(folder)


def _open(typed: str) -> None:
    if not typed.strip():
        st.warning("Type the path of a folder or a zip first.")
        return
    with problems.shown():
        with st.spinner("Opening …"):
            # File managers copy a path with quotes around it.
            folder = opening.open_source(Path(typed.strip().strip("'\"")))
            current_dataset.opened(folder)
        # The folder, not the zip: it stays usable when the zip is deleted to save space.
        current_dataset.use(folder)
