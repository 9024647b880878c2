"""Colours, sizes and limits that all charts share.

The app's theme sets the colours of text and grid. Long curves are thinned, so that what a browser
receives stays small.
"""

from typing import Any

import plotly.graph_objects as go

# Okabe and Ito's palette, in shades that read on light and dark: told apart by colour-blind eyes.
CLASS_COLOURS = {"cat": "#DB8A00", "dog": "#3389C6"}
RUN_COLOURS = ("#C2621E", "#8D6CC8", "#12A37B", "#B5486E", "#7A8B1F")
HEIGHT_PX = 340
_MARGIN = {"l": 8, "r": 8, "t": 40, "b": 8}
# More points than this are not told apart on a screen.
MAX_POINTS = 400
# For every chart that may be saved as a picture: sharp on paper, too.
CONFIG = {"displaylogo": False, "toImageButtonOptions": {"scale": 2}}


def styled(figure: go.Figure, title: str | None, **layout: Any) -> go.Figure:
    """Return ``figure`` with this project's height, margins and title; ``layout`` goes first."""
    return figure.update_layout(
        **{"title": title, "height": HEIGHT_PX, "margin": _MARGIN, **layout}
    )


def thinned(values: list[float]) -> list[float]:
    """Return every n-th of ``values``, counted from the last one, which always stays."""
    step = max(1, -(-len(values) // MAX_POINTS))
    return values[::-step][::-1]
