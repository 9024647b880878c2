"""A Plotly chart that changes in place while new points arrive.

``st.plotly_chart`` identifies a chart by a hash of its figure, so every new point mounts a new one:
it flickers, and loses zoom and legend choices. This chart is a components-v2 element identified
only by its key; ``live_chart.js`` updates the same DOM node with ``Plotly.react``.

``plotly.min.js`` is served from Plotly's Python package and loaded once per browser page. Inline,
its 4.8 MB would travel with every update.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import plotly
import plotly.graph_objects as go
from plotly.io.json import to_json_plotly
from streamlit.components.v1 import declare_component
from streamlit.components.v2 import component

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


def live_chart(figure: go.Figure, *, key: str, alt: str, height: int = 380) -> None:
    """Draw ``figure``, or bring the chart that ``key`` names up to date with it.

    The user's zoom, pan, hover and legend choices survive. Plotly remembers a legend choice by the
    trace's position, so keep the traces in the same order, or give each a ``uid``. Colours and
    fonts that the figure leaves open follow Streamlit's theme; the chart is as wide as its column
    and ``height`` pixels high. The figure's own template, width and height are not used. Screen
    readers read ``alt`` instead of the chart.

    The whole figure travels at every update (33 kB for four traces of 300 points, 25 kB if they
    are NumPy arrays), so thin long curves before they get here.
    """
    message = _message(figure, key=key, alt=alt, height=height, script=_plotly_script())
    _element()(key=key, data=message, height=height)


@cache
def _element() -> "ComponentRenderer":
    """Return the components-v2 element, which Streamlit registers again in every new runtime."""
    javascript = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    # Not isolated, because Plotly's style sheet in document.head does not reach into a shadow
    # root; the mode bar would have no style.
    return component("catsdogs_live_chart", js=javascript, isolate_styles=False)


def _message(figure: go.Figure, **shown: str | int) -> bytes:
    """Return the data for one update by ``live_chart.js``, as JSON.

    Plotly's encoder writes NaN as null; Streamlit's encoder would write a bare NaN, which browsers
    cannot parse. It also keeps ``uid``, which ``Figure.to_json`` drops.
    """
    spec = figure.to_plotly_json()
    for name in ("template", "width", "height"):
        spec["layout"].pop(name, None)
    text: str = to_json_plotly({"figure": spec, **shown})
    return text.encode()


def _plotly_script() -> str:
    """Return the address of ``plotly.min.js``, relative to any page of the app.

    Streamlit serves a folder after a v1 component is declared on it. A declaration is valid for one
    runtime and only inside a script run, so each script run declares it (50 microseconds). A
    relative address works under ``server.baseUrlPath`` and behind a proxy: every page is one level
    below the app's root, like Streamlit's own ``./static``.
    """
    folder = Path(plotly.__file__).parent / "package_data"
    served = declare_component("plotly_js", path=folder)
    # Streamlit sends no validator with the file, so the version tells browsers when it changed.
    return f"component/{served.name}/plotly.min.js?v={plotly.__version__}"
