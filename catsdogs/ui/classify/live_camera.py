"""A camera whose frames are answered in the browser, by the chosen run's own model.

The JavaScript, the WebAssembly and the model are files that the browser requests when the camera is
opened for the first time. Frames stay in the browser, except those that the user keeps.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from streamlit.components.v1 import declare_component
from streamlit.components.v2 import component

from catsdogs.errors import RunError
from catsdogs.inference.rejection import References
from catsdogs.runs import layout, model_files
from catsdogs.runs.run import Run
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared.cache import predictor
from catsdogs.ui.shared.streamlit_internals import file_address
from catsdogs.webpage.page import BUILT
from catsdogs.webpage.settings import settings

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_WIDTH_PX = 400


def show(chosen: Chosen, uploader: str, *, key: str) -> None:
    """Draw the camera, answered by the first chosen run.

    ``uploader`` is the key of the file uploader that gets a kept frame, with its limits.
    """
    networks, problem = [], ""
    try:
        networks = _networks(chosen, key)
    except (RunError, OSError) as error:
        problem = str(error)
    data = {
        "script": _served("camera.js"),
        "wasm": _served("litert.wasm.gz"),
        "networks": networks,
        "problem": problem,
        "keep": "Keep this frame",
        "uploader": uploader,
    }
    _element()(key=key, data=data, width=_WIDTH_PX)


def _networks(chosen: Chosen, key: str) -> list[dict[str, str]]:
    """Return where the first run's model is served and, behind it, that of its judge.

    Raises:
        RunError, OSError: when a file of one of these runs is missing or damaged.
    """
    if not chosen.runs:
        return []
    run = chosen.runs[0]
    judge = chosen.judge_of(run) if chosen.decision.false_refusal is not None else None
    others = [judge] if judge is not None and judge is not run else []
    return [
        _network(
            one, predictor(one).references if one is judge else None, chosen, f"{key}_{number}"
        )
        for number, one in enumerate([run, *others])
    ]


def _network(run: Run, references: References | None, chosen: Chosen, key: str) -> dict[str, str]:
    about = settings(run, references, chosen.decision)
    model = model_files.intact(run, layout.LITERT_MODEL).read_bytes()
    vectors = references.vectors_int8.tobytes() if references else b""
    binary = "application/octet-stream"
    return {
        "settings": file_address(about, key=f"{key}_settings", kind="application/json"),
        "model": file_address(model, key=f"{key}_model", kind=binary),
        "references": file_address(vectors, key=f"{key}_references", kind=binary)
        if vectors
        else "",
    }


def _served(name: str) -> str:
    """Return the address of a built file; see ``live_chart`` for the reasons."""
    served = declare_component("live_camera", path=BUILT)
    return f"component/{served.name}/{name}?v={_version()}"


@cache
def _version() -> str:
    return (BUILT / "sources.sha256").read_text("utf-8")[:16]


@cache
def _element() -> "ComponentRenderer":
    giving, javascript, css = (
        Path(__file__).with_name(name).read_text(encoding="utf-8")
        for name in ("giving.js", "live_camera.js", "live_camera.css")
    )
    return component("catsdogs_live_camera", js=giving + javascript, css=css)
