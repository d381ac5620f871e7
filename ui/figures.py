"""Plotly figures. Colours can be told apart with any colour vision, and never stand alone: shapes or words go along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Okabe & Ito 2008 without black and yellow, which vanish on a dark or a light page, then Tol 2021; shapes go along.
COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#882255", "#999933", "#7F7F7F", "#8C6BB1",
)  # fmt: skip
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "hexagon", "triangle-down", "pentagon")
SYMBOLS_3D = ("circle", "square", "diamond", "cross", "x", "circle-open", "square-open", "diamond-open")
POINT_SIZE = 5


def class_map(
    coordinates: np.ndarray, labels: np.ndarray | None, names: tuple[str, ...], indices: np.ndarray
) -> Figure:
    """A map with a trace, colour and shape for each class.

    Args:
        coordinates: (N, 2) or (N, 3).
        labels: (N,) or None.
        names: the classes' names.
        indices: (N,) numbers of the test images, carried along for selections.
    """
    figure = _empty_map()
    groups = [(name, labels == label) for label, name in enumerate(names)] if labels is not None else []
    for position, (name, chosen) in enumerate(groups or [("Test images", np.ones(len(coordinates), bool))]):
        figure.add_trace(_trace(coordinates[chosen], indices[chosen], name, position))
    return figure


def value_map(coordinates: np.ndarray, values: np.ndarray, title: str, indices: np.ndarray) -> Figure:
    """A map coloured by a number for each point, with a colour bar."""
    figure = _empty_map()
    trace = _trace(coordinates, indices, title, 0)
    low, high = np.percentile(values, [1, 99])
    trace.marker.update(
        color=values, colorscale="Cividis", cmin=low, cmax=high, showscale=True, colorbar={"title": {"text": title}}
    )
    texts = [f"{value:.3g}" for value in values]
    trace.update(text=texts, hovertemplate=f"{title} %{{text}}<br>test image %{{customdata}}<extra></extra>")
    figure.add_trace(trace)
    figure.update_layout(showlegend=False)
    return figure


def _trace(coordinates: np.ndarray, indices: np.ndarray, name: str, position: int) -> Any:
    from plotly import graph_objects

    spatial = coordinates.shape[1] == 3
    symbols = SYMBOLS_3D if spatial else SYMBOLS
    marker = {
        "color": COLOURS[position % len(COLOURS)],
        "symbol": symbols[position % len(symbols)],
        "size": POINT_SIZE - 2 * spatial,
        "opacity": 0.75,
    }
    common = {
        "mode": "markers", "marker": marker, "name": name, "customdata": indices,
        "hovertemplate": f"{no_html(name)}<br>test image %{{customdata}}<extra></extra>",
    }  # fmt: skip
    if spatial:
        x, y, z = coordinates.T
        return graph_objects.Scatter3d(x=x, y=y, z=z, **common)
    x, y = coordinates.T
    return graph_objects.Scattergl(x=x, y=y, **common)


def no_html(text: str) -> str:
    """Plotly reads a few HTML tags in its texts; a class's name must not be one."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _empty_map() -> Figure:
    from plotly import graph_objects

    figure = graph_objects.Figure()
    hidden = {"visible": False, "showgrid": False}
    figure.update_layout(
        height=600,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis=hidden,
        yaxis=hidden | {"scaleanchor": "x"},
        legend={"itemsizing": "constant", "title": {"text": ""}, "orientation": "h", "yanchor": "bottom", "y": 1.0},
        dragmode="lasso",
        uirevision="keep",  # zoom and hidden classes survive a redraw
    )
    return figure
