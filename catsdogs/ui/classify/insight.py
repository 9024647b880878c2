"""The evidence of one run from outside and inside: covered parts, feature maps, first filters."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from catsdogs.errors import RunError, UnreadableImage
from catsdogs.features.activations import Inside, Stage, inside
from catsdogs.images.picture import Picture, digest
from catsdogs.inference import filmstrip, heatmap
from catsdogs.inference.occlusion import agreement, occlusion_map
from catsdogs.runs import layout, model_files
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.classify.answers import Answered
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import cache, problems

_KNOWN, _RUN = "classify_insight", "classify_insight_run"
_AGREEMENT = (
    "Spearman’s rank correlation of the two maps: 1 if they order all parts of the picture alike, "
    "0 if they have nothing in common. If it is low, do not trust the details of the heat map."
)
_FIRST = "Edges and colours: a map is bright where its filter finds its pattern."
_MIDDLE = "Textures and simple shapes: maps get coarser, because a cell sees more of the picture."
_LAST = "Large parts: a cell sees most of the picture. The answer is computed from these maps."


@dataclass(frozen=True)
class _Insight:
    """The maps of one picture and one run."""

    key: tuple[str, str]
    p_dog: float  # calibrated
    heatmap: np.ndarray
    occlusion: np.ndarray
    inside: Inside


def show(answered: Answered, chosen: Chosen) -> None:
    """Draw an expander; nothing is computed until the user opens it."""
    if answered.seen.error:
        return
    with st.expander(
        "What the network sees", key="classify_insight_open", on_change="rerun"
    ) as folded:
        if folded.open:
            _of_runs(answered, chosen)


def forget() -> None:
    """Forget the maps."""
    st.session_state.pop(_KNOWN, None)


# No fragment: one with fewer stages would leave the last strip of the other run on the page.
def _of_runs(answered: Answered, chosen: Chosen) -> None:
    titles = list(chosen.titles.values())
    if st.session_state.get(_RUN) not in titles:
        st.session_state[_RUN] = titles[0]
    title = titles[0]
    if len(titles) > 1:
        title = str(st.segmented_control("Run", titles, required=True, key=_RUN, wrap=True))
    run = chosen.runs[titles.index(title)]
    try:
        picture = Picture(answered.picture.read())
        with st.spinner("Covering each part of the picture …"):
            found = _insight(picture, run)
    except (RunError, UnreadableImage, OSError) as error:
        problems.show(error)
        return
    _evidence(picture, found, chosen)
    _stages(found.inside, literal(title))


def _insight(picture: Picture, run: Run) -> _Insight:
    """Return what is known, computed once for the picture and run that are shown."""
    key = digest(picture.content), run.run_id
    known: _Insight | None = st.session_state.get(_KNOWN)
    if known is None or known.key != key:
        predictor = cache.predictor(run)
        model = model_files.intact(run, layout.LITERT_MODEL)
        output = predictor(picture)
        known = _Insight(
            key,
            predictor.calibrated(output.p_dog),
            output.heatmap,
            occlusion_map(predictor, picture),
            inside(model, picture.square(predictor.side)),
        )
        st.session_state[_KNOWN] = known
    return known


def _evidence(picture: Picture, found: _Insight, chosen: Chosen) -> None:
    """Draw the heat map beside the occlusion map, and how far they agree."""
    label = chosen.classes.of(found.p_dog, chosen.decision.threshold)
    shown = literal(label)
    photo = picture.upright(at_least_px=heatmap.PAINTED_PX)
    with st.container(horizontal=True):
        for map_, title, meaning in (
            (
                found.heatmap,
                "Heat map",
                f"evidence for {label}, computed inside the network",
            ),
            (found.occlusion, "Occlusion map", f"parts without which {shown} is less likely"),
        ):
            painted = heatmap.painted(photo, map_, label=label, classes=chosen.classes)
            st.image(
                painted,
                f"{title}: {meaning}.",
                width=heatmap.PAINTED_PX,
                alt=f"{title} of the evidence for {printable(label)}",
            )
    agreed = agreement(found.occlusion, found.heatmap)
    said = (
        "unknown, because one of them is the same everywhere" if agreed is None else f"{agreed:.2f}"
    )
    st.markdown(f"Agreement of the two maps: **{said}**", help=_AGREEMENT)


def _stages(found: Inside, title: str) -> None:
    """Draw a filmstrip: the feature maps of each stage, and the first filters."""
    if not found.stages:
        st.info(f"The feature maps of {title} cannot be read from its model file.")
    captions = {len(found.stages) - 1: _LAST, 1: _MIDDLE, 0: _FIRST}
    for number, stage in enumerate(found.stages):
        _strip(stage, number + 1, captions.get(number, ""))
    if found.filters is not None:
        count, side = found.filters.shape[:2]
        st.image(
            filmstrip.of_filters(found.filters),
            f"The {count} first filters, {side} × {side} pixels. Training made them from random "
            "numbers. Striped ones find edges, plain ones colours; noisy ones have learned little.",
            width="stretch",
            alt=f"The {count} filters of the first convolution of {title}",
        )


def _strip(stage: Stage, number: int, caption: str) -> None:
    maps, cells = stage.maps.shape[-1], f"{stage.side} × {stage.side} cells"
    shown = min(filmstrip.MAPS, maps)
    st.image(
        filmstrip.of_stage(stage),
        f"Stage {number}: {shown} of {maps:,} feature maps, {cells}. {caption}",
        width="stretch",
        alt=f"{shown} feature maps of stage {number}, {cells}",
    )
