"""Rate against distortion on the Compare page: every model of the same images as a point; a click opens it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.compare import rate_figure
from ui.compare.rate_figure import RatePoint
from ui.frame import plain
from ui.shared import exports, models
from ui.state import address
from vae_core.evaluation.record import FIGURES

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from vae_core.checkpoint import Checkpoint

CHART = "rate_distortion"
FILE = "rate-distortion"  # the name of its files
DISTORTIONS = {"MSE": "mse", "Nats": "reconstruction"}


def show(checkpoint: Checkpoint) -> None:
    """The plot with its choices; a click on a point makes that model the current one."""
    known = models.comparable_models(checkpoint)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = (
            st.segmented_control(
                "Distortion",
                list(DISTORTIONS),
                default=address.DISTORTION.default,
                key=address.DISTORTION.name,
                required=True,
                bind=address.BIND,
            )
            or "MSE"
        )  # an empty parameter in the address unselects
        pixels = _pick_pixels(checkpoint, known)
    known = [one for one in known if models.pixels_of(one) == pixels]
    points = rate_points(known, kind)
    if not points:
        st.caption("None of these models has stored metrics of this kind.")
        return
    st.plotly_chart(
        _draw(tuple(points), kind, checkpoint.name),
        key=CHART,
        on_select=_open_clicked,
        selection_mode="points",
        config={"modeBarButtons": [["toImage"]], "displaylogo": False, "toImageButtonOptions": {"filename": FILE}},
        alt=f"Rate against distortion of {len(points)} models; the tab “Test split” has the figures as a table",
    )
    shown = {point.name for point in points}
    st.caption(" ".join(_explain(kind, [one for one in known if one.name not in shown])))
    exports.download(
        "Points as CSV", f"{FILE}.csv", lambda: exports.csv_bytes([point_record(point, kind) for point in points])
    )


def _pick_pixels(checkpoint: Checkpoint, known: Sequence[Checkpoint]) -> str:
    """The kind of pixels, to choose if there are models of both kinds: their figures cannot be compared."""
    own = models.pixels_of(checkpoint)
    kinds = sorted({models.pixels_of(one) for one in known}, reverse=True)
    if len(kinds) < 2:
        return own
    chosen = st.segmented_control(
        "Pixels", kinds, default=own, key=address.PIXELS.key(checkpoint.name), required=True, bind=address.BIND
    )
    return chosen or own  # an empty parameter in the address unselects


def rate_points(checkpoints: Sequence[Checkpoint], kind: str) -> list[RatePoint]:
    """The models that have the stored figures which the plot needs.

    Distortion is the MSE, or in nats the reconstruction term; of the latter only Bernoulli pixels' (cross-entropy), as
    a Gaussian density in nats lies on another scale.
    """
    points = []
    for checkpoint in checkpoints:
        family = models.family_of(checkpoint)
        stored = checkpoint.metrics.figures(variational=family.variational)
        distortion, rate = stored[DISTORTIONS[kind]], stored["kl"]
        if distortion is not None and (rate is not None or not family.variational):
            points.append(RatePoint(checkpoint.name, family.name, models.latent_of(checkpoint), rate, distortion))
    return points


def point_record(point: RatePoint, kind: str) -> dict[str, Any]:
    """A point as a row of a file; a deterministic model's rate is empty."""
    return {
        "model": point.name,
        "family": point.family,
        "latent": point.latent,
        "kl": point.rate,
        DISTORTIONS[kind]: point.distortion,
    }


def _explain(kind: str, absent: Sequence[Checkpoint]) -> list[str]:
    """What the plot shows, and what it does not."""
    sentences = [
        "All models of these images, evaluated on the test split. Click a point to open its model. Rate: what a VAE's "
        "code costs, the KL divergence from its prior. PCA and CAE have no prior and so no rate: they stand apart, and "
        "dotted lines mark their distortion. The camera above the plot saves it as a PNG.",
    ]
    if kind == "MSE":
        sentences.append("MSE of the reconstruction from the posterior mean.")
    else:
        sentences.append(
            "Reconstruction from one posterior sample; along the dashed line, rate and distortion add up to the best "
            "negative ELBO. Models with Gaussian pixels, such as PCA, are left out: their nats are on another scale."
        )
    unknown = [one.name for one in absent if one.metrics.mse is None]
    if unknown:
        sentences.append(f"Without stored metrics: {plain(', '.join(unknown))}.")
    return sentences


@st.cache_resource(max_entries=32, show_spinner=False)
def _draw(points: tuple[RatePoint, ...], kind: str, current: str) -> Figure:
    """The figure; the same object for the same points, so that nothing on it is reset."""
    return rate_figure.rate_distortion(points, FIGURES[DISTORTIONS[kind]].title, current, best_total=kind == "Nats")


def _open_clicked() -> None:
    """Make the clicked model the current one, before the page runs again."""
    name = clicked_name(st.session_state.get(CHART))
    if name is not None:
        st.session_state["model"] = name


def clicked_name(event: Any) -> str | None:
    """The name of the model that a plotly selection holds; None for an empty selection."""
    for chosen in (event or {}).get("selection", {}).get("points", []):
        data = chosen.get("customdata")
        name = data[0] if isinstance(data, list | tuple) and data else data
        if isinstance(name, str):
            return name
    return None
