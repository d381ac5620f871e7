"""Rate against distortion on the Compare page: every model of the same pictures as a point; a click opens it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.compare import rate_figure
from ui.compare.rate_figure import RatePoint
from ui.compare.tables import number
from ui.frame import plain
from ui.shared import exports, models
from ui.state import address

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from vae_core.checkpoint import Checkpoint

CHART = "rate_distortion"
PICTURE = "rate-distortion"  # the name of its files
MEASURES = {"MSE": "mean squared error of a pixel", "Nats": "reconstruction, nats per image"}


def show(checkpoint: Checkpoint) -> None:
    """The plot with its choices; a click on a point makes that model the current one."""
    known = models.comparable_models(checkpoint)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measure = (
            st.segmented_control(
                "Distortion",
                list(MEASURES),
                default=address.DISTORTION.default,
                key=address.DISTORTION.name,
                required=True,
                bind=address.BIND,
            )
            or "MSE"
        )  # an empty parameter in the address unselects
        pixels = _pick_pixels(checkpoint, known)
    known = [one for one in known if models.pixels_of(one) == pixels]
    points = rate_points(known, measure)
    if not points:
        st.caption("None of these models has stored figures of this kind.")
        return
    st.plotly_chart(
        _draw(tuple(points), measure, checkpoint.name),
        key=CHART,
        on_select=_open_clicked,
        selection_mode="points",
        config={"modeBarButtons": [["toImage"]], "displaylogo": False, "toImageButtonOptions": {"filename": PICTURE}},
        alt=f"Rate against distortion of {len(points)} models; the tab “Test split” has the figures as a table",
    )
    shown = {point.name for point in points}
    st.caption(" ".join(_explain(measure, [one for one in known if one.name not in shown])))
    exports.download(
        "Points as CSV", f"{PICTURE}.csv", lambda: exports.csv_bytes([point_record(point, measure) for point in points])
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


def rate_points(checkpoints: Sequence[Checkpoint], measure: str) -> list[RatePoint]:
    """The models that have the stored figures which the plot needs.

    Distortion is the MSE, or in nats the reconstruction term; of the latter only Bernoulli pixels' (cross-entropy), as
    a Gaussian density in nats lies on another scale.
    """
    points = []
    for checkpoint in checkpoints:
        stored, family = checkpoint.metrics, models.family_of(checkpoint)
        distortion = number(stored, "mse" if measure == "MSE" else "reconstruction")
        rate = number(stored, "kl") if family.variational else None
        comparable = measure == "MSE" or number(stored, "bce") is not None
        if comparable and distortion is not None and (rate is not None or not family.variational):
            points.append(RatePoint(checkpoint.name, family.name, models.latent_of(checkpoint), rate, distortion))
    return points


def point_record(point: RatePoint, measure: str) -> dict[str, Any]:
    """A point as a row of a file; a deterministic model's rate is empty."""
    return {
        "model": point.name,
        "family": point.family,
        "latent": point.latent,
        "kl": point.rate,
        "mse" if measure == "MSE" else "reconstruction": point.distortion,
    }


def _explain(measure: str, absent: Sequence[Checkpoint]) -> list[str]:
    """What the plot shows, and what it does not."""
    sentences = [
        "All models of these pictures, on the test split. A click on a point opens its model; so does the menu “Model” "
        "in the sidebar. Rate: what a VAE's code costs, its KL to the prior. PCA and CAE have no prior, so no rate: "
        "they stand apart, and dotted lines carry their distortion over. The camera over the plot saves it as PNG.",
    ]
    if measure == "MSE":
        sentences.append("MSE of the posterior mean's reconstruction.")
    else:
        sentences.append(
            "Reconstruction with one posterior sample; along the dashed line rate and distortion add up to the best "
            "negative ELBO. Models with Gaussian pixels, as PCA, are left out: their nats lie on another scale."
        )
    unmeasured = [one.name for one in absent if not one.metrics]
    if unmeasured:
        sentences.append(f"Without stored figures: {plain(', '.join(unmeasured))}.")
    return sentences


@st.cache_resource(max_entries=32, show_spinner=False)
def _draw(points: tuple[RatePoint, ...], measure: str, current: str) -> Figure:
    """The figure; the same object for the same points, so that nothing on it is reset."""
    return rate_figure.rate_distortion(points, MEASURES[measure], current, best_total=measure == "Nats")


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
