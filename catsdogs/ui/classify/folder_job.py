"""Classification of a folder on this machine, by a task that writes a CSV."""

from pathlib import Path

import pandas as pd
import streamlit as st

from catsdogs.background import tasks
from catsdogs.background.tasks import Task, TaskState
from catsdogs.errors import DatasetError
from catsdogs.inference import folder_task
from catsdogs.inference.folder_task import Order
from catsdogs.labels import NEITHER, PETS
from catsdogs.runs import store
from catsdogs.sources.typed import typed_path
from catsdogs.text import capital, counted, literal, percent, printable
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import problems, run_chips, task_card
from catsdogs.ui.shared.markdown import verbatim

_PLACE = "classify_folder_job"


def show(chosen: Chosen) -> None:
    """Offer to classify a folder, and show the progress and the results of other folders."""
    known = tasks.of_kind(folder_task.KIND)
    with st.expander("Classify a folder on this machine", expanded=bool(known), key=_PLACE):
        _form(chosen)
        for task in tasks.of_kind(folder_task.KIND):
            with st.container(border=True):
                _task(task)


def _form(chosen: Chosen) -> None:
    st.caption("For thousands of pictures: the answers come as a CSV, even if you leave this page.")
    with st.form("classify_form", border=False):
        typed = st.text_input("Folder", key="classify_path", placeholder="/photos/holiday")
        if st.form_submit_button("Classify folder", key="classify_start"):
            _start(typed, chosen)


def _start(typed: str, chosen: Chosen) -> None:
    if not typed.strip() or not chosen.runs:
        st.warning("Type the path of a folder, and choose at least one run.")
        return
    with problems.shown():
        path = typed_path(typed)
        if path.is_file():
            raise DatasetError(
                f"Expected a folder. Received: {path}, a file. Drop a picture or an archive above."
            )
        if not path.is_dir():
            raise DatasetError(f"Expected a folder. Received: {path}. Check the path.")
        runs, decision = tuple(run.run_id for run in chosen.runs), chosen.decision
        order = Order(str(path), runs, decision.threshold, decision.false_refusal)
        tasks.start(folder_task.KIND, order.subject())


def _task(task: Task) -> None:
    order = Order.of_subject(task.subject)
    refused = "never “neither”" if order.false_refusal is None else f"{order.false_refusal:.1%}"
    st.markdown(
        f"**{verbatim(order.path)}**",
        help=f"Threshold {order.threshold:g}, wrongly rejected photos allowed: {refused}",
    )
    task_card.show(folder_task.KIND, task.subject, folder_task.PHASES)
    if task.state is TaskState.DONE and task.result is not None:
        _results(task, order)
        with st.container(horizontal=True):
            _download(Path(task.result["csv"]), key=task.folder.name)
            if submitted := task.result.get("kaggle"):
                _download(
                    Path(submitted["csv"]),
                    "Kaggle CSV",
                    key=f"kaggle_{task.folder.name}",
                    note=f"id,label for Dogs vs. Cats Redux. {submitted['promise']}",
                )
            st.button(
                "Delete result",
                icon=":material/delete:",
                key=f"classify_forget_{task.folder.name}",
                on_click=_forget,
                args=(task,),
            )


def _results(task: Task, order: Order) -> None:
    result = task.result or {}
    st.caption(
        f"{counted(result['pictures'], 'picture')}, {result['unreadable']:,} unreadable, "
        f"{counted(result['disagreements'], 'disagreement')}."
    )
    if result.get("ignored"):
        st.caption(f"Not classified: {literal(result['ignored'])}.")
    for problem in result.get("judge_problems", ()):
        st.warning(verbatim(problem), icon=":material/broken_image:")
    names, rows = run_chips.names(store.list_runs()[0]), []
    labels = [*result.get("classes", PETS.names), NEITHER]
    for run_id in order.runs:
        counts = result["counts"].get(run_id, {})
        answers = {capital(name): counts.get(name, 0) for name in labels}
        right = _right(*result["right"][run_id]) if run_id in result["right"] else {}
        rows.append({"Run": names.get(run_id, printable(run_id)), **answers, **right})
    st.dataframe(pd.DataFrame(rows), hide_index=True, key=f"classify_found_{task.folder.name}")
    if result["right"]:
        st.caption("Photos that a run was trained on count too, so its accuracy looks better.")


def _right(right: int, labelled: int) -> dict[str, str]:
    return {"Right": f"{right:,} of {labelled:,}", "Accuracy": percent(right / labelled)}


def _download(csv: Path, title: str = "CSV", *, key: str, note: str | None = None) -> None:
    if csv.is_file():
        st.download_button(
            title,
            csv.read_bytes,
            "submission.csv" if note else "answers.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help=note,
            key=f"classify_csv_{key}",
        )


def _forget(task: Task) -> None:
    folder_task.forget(task.subject)
    tasks.dismiss(task)
