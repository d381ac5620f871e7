"""Figures of a training: the objective's terms over the epochs, KL per dimension, and the schedules behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ui.palette import COLOURS
from vae_core.models import families

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from vae_core.config import RunConfig
    from vae_core.models.families import Family

SPLITS = {"test": "solid", "train": "dot"}
HEIGHT = 340
SCHEDULE_POINTS = 200
FEW_EPOCHS = 8
BRIGHTEST = 97  # percentile of the KL values from which all have the brightest colour: the first epochs' are far out
SMALLEST = 0.01  # nats; a scale for a model whose dimensions carry nothing


@dataclass(frozen=True)
class Curve:
    """A run's name, the record of its epochs, and its model's family."""

    name: str
    history: list[dict[str, Any]]
    family: Family

    @property
    def headings(self) -> dict[str, str]:
        """The terms of its objective, by name, with their headings."""
        kl = {"kl": "KL"} if self.family.variational else {}
        return {"total": "Total", "reconstruction": "Reconstruction", **kl, **self.family.terms}


def headings(curves: list[Curve]) -> dict[str, str]:
    """All terms of several runs' objectives."""
    return {name: heading for curve in curves for name, heading in curve.headings.items()}


def terms_in_words(curves: list[Curve]) -> str:
    """What ``terms`` shows, for those who cannot see it."""
    return f"{', '.join(headings(curves).values())} over the epochs of {', '.join(curve.name for curve in curves)}"


def values(history: list[dict[str, Any]], split: str, term: str) -> np.ndarray:
    """A term over the epochs (E,), nats per image; NaN where a record lacks it."""
    points = []
    for record in history:
        part = record.get(split) if isinstance(record, dict) else None
        value = part.get(term) if isinstance(part, dict) else None
        points.append(float(value) if isinstance(value, int | float) and math.isfinite(value) else math.nan)
    return np.array(points)


def kl_per_dimension(history: list[dict[str, Any]]) -> np.ndarray | None:
    """KL of each dimension over the epochs (E, D) on the test split; None if the records do not hold it."""
    try:
        kl = np.array([record["test"]["kl_per_dim"] for record in history], float)
    except (TypeError, ValueError, KeyError):
        return None
    return kl if kl.ndim == 2 and kl.size else None


def terms(curves: list[Curve], *, logarithmic: bool) -> Figure:
    """Each term in a panel of its own: a colour for each run, solid on the test split, dotted in training."""
    from plotly.subplots import make_subplots

    shown = headings(curves)
    figure = make_subplots(1, max(len(shown), 1), subplot_titles=list(shown.values()), horizontal_spacing=0.06)
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        for column, term in enumerate(shown, 1):
            for split, dash in SPLITS.items() if term in curve.headings else ():
                figure.add_trace(_line(curve, split, term, colour, dash, legend=column == 1), row=1, col=column)
    longest = max((len(curve.history) for curve in curves), default=0)
    figure.update_xaxes(title_text="Epoch", rangemode="tozero", dtick=_whole_ticks(longest))
    figure.update_yaxes(type="log" if logarithmic else "linear")
    figure.update_yaxes(title_text="Nats per image", row=1, col=1)
    return _laid_out(figure, HEIGHT)


def _line(curve: Curve, split: str, term: str, colour: str, dash: str, *, legend: bool) -> Any:
    from plotly import graph_objects

    points = values(curve.history, split, term)
    name = _no_html(curve.name)
    return graph_objects.Scatter(
        x=np.arange(1, len(points) + 1),
        y=points,
        name=f"{name}, {split}",
        legendgroup=f"{name}, {split}",
        showlegend=legend,
        mode="lines+markers" if len(points) < 3 else "lines",
        line={"color": colour, "dash": dash},
        hovertemplate=f"{name}, {split}<br>epoch %{{x}}: %{{y:.2f}} nats<extra></extra>",
    )


def dimensions(history: list[dict[str, Any]]) -> Figure | None:
    """KL per dimension over the epochs as a heat map, the dimension that carries most at the end on top."""
    from plotly import graph_objects

    kl = kl_per_dimension(history)
    if kl is None:
        return None
    order = np.argsort(kl[-1])  # plotly draws the first row at the bottom
    figure = graph_objects.Figure(
        graph_objects.Heatmap(
            x=np.arange(1, len(kl) + 1),
            y=[f"z{dimension}" for dimension in order],
            z=kl[:, order].T,
            colorscale="Cividis",
            zmin=0,
            zmax=max(float(np.percentile(kl, BRIGHTEST)), SMALLEST),
            colorbar={"title": {"text": "nats"}},
            hovertemplate="%{y}, epoch %{x}: %{z:.3f} nats<extra></extra>",
        )
    )
    figure.update_xaxes(title_text="Epoch", dtick=_whole_ticks(len(kl)))
    return _laid_out(figure, HEIGHT)


def schedule(run: RunConfig) -> Figure:
    """Learning rate and KL weight over the training, each with an axis of its own."""
    from plotly.subplots import make_subplots

    from vae_core.models.losses import kl_weight
    from vae_core.training.schedule import learning_rate

    progress = np.linspace(0, 1, SCHEDULE_POINTS)
    rates = [learning_rate(float(part), run.train) for part in progress]
    figure = make_subplots(specs=[[{"secondary_y": True}]])
    line = {"x": progress * run.train.epochs, "mode": "lines"}
    figure.add_scatter(**line, y=rates, name="Learning rate", line={"color": COLOURS[0]})
    figure.update_xaxes(title_text="Epoch")
    figure.update_yaxes(title_text="Learning rate", rangemode="tozero", secondary_y=False)
    if families.of(run.model).variational:
        weights = [kl_weight(float(part), run.model.beta, run.model.warmup) for part in progress]
        dashed = {"color": COLOURS[4], "dash": "dash"}
        figure.add_scatter(**line, y=weights, name="KL weight", line=dashed, secondary_y=True)
        figure.update_yaxes(title_text="KL weight", rangemode="tozero", showgrid=False, secondary_y=True)
    return _laid_out(figure, HEIGHT)


def plan(run: RunConfig) -> str:
    """What the schedule's chart cannot say: for how many epochs it was made, and what is done with the weights."""
    train = run.train
    text = f"as planned for {train.epochs} epochs."
    if train.average_from < 1:
        text += (
            f" After epoch {train.average_from * train.epochs:.4g} the rate stays as it is, and the weights after "
            "each further step are averaged; the model, and all test figures, are those of the averaged weights."
        )
    return text


def _whole_ticks(epochs: int) -> int | None:
    """A tick for each epoch of a short run; plotly's own choice, which is whole, for others."""
    return 1 if epochs <= FEW_EPOCHS else None


def _laid_out(figure: Figure, height: int) -> Figure:
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        hovermode="closest",
        uirevision="keep",
        legend={"orientation": "h", "yanchor": "top", "y": -0.22, "title": {"text": ""}},
    )
    return figure


def _no_html(text: str) -> str:
    """Plotly reads a few HTML tags in its texts; a model's name must not be one."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
