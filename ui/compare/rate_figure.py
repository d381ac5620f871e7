"""The plot of rate against distortion: every model as a point with its name, kept out of the others' way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ui.palette import COLOURS, no_html
from vae_core.models import families

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

RING = "#D55E00"
GUIDE = "rgba(127, 127, 127, 0.6)"  # seen on light and on dark pages
HEIGHT = 480
PANEL_ENDS, STRIP_BEGINS = 0.68, 0.74  # of the width: the panel of rates, and the strip of models that have none
MARGIN = 0.14  # of a range of values, on each of its sides
LONGEST_LABEL = 22
# To keep labels apart, about, in pixels: a letter's width, a label's height and distance from its point; the panel.
LETTER, LINE, AWAY = 6.6, 15, 11
PANEL = 560, 400
SIDES = {  # where a label may stand, right and down from its point: in halves of its width, and in lines
    "top center": (0, -1),
    "bottom center": (0, 1),
    "middle right": (1, 0),
    "middle left": (-1, 0),
    "top right": (1, -1),
    "bottom right": (1, 1),
    "top left": (-1, -1),
    "bottom left": (-1, 1),
}

Box = tuple[float, float, float, float]
Range = tuple[float, float]


class RatePoint(NamedTuple):
    """A model on the plane of rate and distortion."""

    name: str
    family: str
    latent: int
    rate: float | None
    """KL, nats per image; None for a deterministic model."""
    distortion: float


def rate_distortion(points: Sequence[RatePoint], title: str, current: str, *, best_total: bool) -> Figure:
    """Variational models by their rate, and in a strip beside them those that have none; custom data is the name.

    Args:
        points: the models.
        title: what the distortion is, with its unit.
        current: the name of the model to put a ring around.
        best_total: draw the line of the smallest sum of rate and distortion (both in nats).
    """
    from plotly import graph_objects

    figure = graph_objects.Figure()
    across = _widened([0.0, *(point.rate for point in points if point.rate is not None)])
    along = _widened([point.distortion for point in points])
    sides = label_sides(points, across, along)
    for family in dict.fromkeys(point.family for point in points):
        figure.add_trace(_trace([point for point in points if point.family == family], current, sides))
    totals = [point.rate + point.distortion for point in points if point.rate is not None]
    if best_total and totals:
        figure.add_shape(
            type="line",
            x0=across[0],
            x1=across[1],
            y0=min(totals) - across[0],
            y1=min(totals) - across[1],
            layer="below",
            line={"color": GUIDE, "dash": "dash", "width": 1},
        )
    for point in points:
        if point.rate is None:
            figure.add_shape(
                type="line",
                xref="paper",
                x0=0,
                x1=PANEL_ENDS,
                y0=point.distortion,
                y1=point.distortion,
                layer="below",
                line={"color": GUIDE, "dash": "dot", "width": 1},
            )
    axis = {"showgrid": False, "zeroline": False, "showline": True, "linecolor": GUIDE}
    strip = {"range": [-1, 1], "anchor": "y", "showticklabels": False}
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        xaxis={"title": {"text": "Rate: KL (nats per image)"}, "domain": [0, PANEL_ENDS], "range": across} | axis,
        xaxis2={"title": {"text": "Deterministic: no rate"}, "domain": [STRIP_BEGINS, 1]} | strip | axis,
        yaxis={"title": {"text": f"Distortion: {title}"}, "range": along} | axis,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "title": {"text": ""}},
        dragmode=False,
        clickmode="event+select",
        hovermode="closest",
    )
    return figure


def _trace(points: Sequence[RatePoint], current: str, sides: dict[str, str]) -> Any:
    """The points of one family with their names, and a ring around the current model."""
    from plotly import graph_objects

    family = families.named(points[0].family)
    own = [point.name == current for point in points]
    labels = [_label(point.name) for point in points]
    return graph_objects.Scatter(
        x=[0.0 if point.rate is None else point.rate for point in points],
        y=[point.distortion for point in points],
        xaxis="x2" if points[0].rate is None else "x",
        mode="markers+text",
        name=family.short,
        text=[f"<b>{label}</b>" if mine else label for label, mine in zip(labels, own, strict=True)],
        textposition=[sides[point.name] for point in points],
        textfont={"size": 13},
        customdata=[[point.name] for point in points],
        marker={
            "color": COLOURS[family.colour % len(COLOURS)],
            "symbol": family.symbol,
            "opacity": 1,
            "size": [17 if mine else 12 for mine in own],
            "line": {"width": [3 if mine else 0 for mine in own], "color": RING},
        },
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        hovertext=[_describe(point) for point in points],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )


def _describe(point: RatePoint) -> str:
    """A point in words, for the pointer."""
    rate = "no rate" if point.rate is None else f"rate {point.rate:.2f} nats"
    return f"<b>{no_html(point.name)}</b><br>{point.latent}-dimensional, {rate}<br>distortion {point.distortion:.5g}"


def _label(name: str) -> str:
    """A name short enough for the plot."""
    return no_html(name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…")


def _widened(values: Sequence[float]) -> Range:
    """The range of the values with a margin on both sides."""
    low, high = min(values), max(values)
    edge = MARGIN * ((high - low) or abs(high) or 1.0)
    return low - edge, high + edge


def label_sides(points: Sequence[RatePoint], across: Range, along: Range) -> dict[str, str]:
    """By name, on which side of its point each label stands: the first that covers no other point or label.

    If all of them cover something, the one that covers least.

    Args:
        points: the models; names are unique.
        across: the range of rates that is shown.
        along: the range of distortions that is shown.
    """
    places = {point.name: _place(point, across, along) for point in points}
    taken: list[Box] = [(x - AWAY, y - AWAY, x + AWAY, y + AWAY) for x, y in places.values()]
    sides = {}
    for name, (x, y) in places.items():
        half = LETTER * min(len(name), LONGEST_LABEL) / 2
        boxes: dict[str, Box] = {}
        for side, (right, down) in SIDES.items():
            middle_x = x + right * (half if down else half + AWAY)
            middle_y = y + down * (AWAY + LINE / 2)
            boxes[side] = (middle_x - half, middle_y - LINE / 2, middle_x + half, middle_y + LINE / 2)
        sides[name] = min(boxes, key=lambda side: sum(_overlap(boxes[side], other) for other in taken))
        taken.append(boxes[sides[name]])
    return sides


def _place(point: RatePoint, across: Range, along: Range) -> tuple[float, float]:
    """About where a point lies on the screen, in pixels from the top left; the strip lies far to the right."""
    width, height = PANEL
    y = (along[1] - point.distortion) / (along[1] - along[0]) * height
    return (10 * width if point.rate is None else (point.rate - across[0]) / (across[1] - across[0]) * width), y


def _overlap(a: Box, b: Box) -> float:
    """The area that two boxes (left, top, right, bottom) share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
