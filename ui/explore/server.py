"""Explore for decoders that cannot run in the browser: the image is decoded here, and Streamlit's sliders move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.components.gallery import GalleryProps, gallery, picture
from ui.explore import panels
from ui.shared import moves
from ui.shared.models import label_names
from ui.state import address, point

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.latent.space import LatentSpace

SLIDERS_SHOWN = 8  # the rest fold away
SLIDER_STEP = 0.01
STRIP_STEPS = 11
PICTURE_WIDTH = 360


def show(checkpoint: Checkpoint, space: LatentSpace, temperature: float) -> None:
    """The decoded image, a slider for each latent dimension, starting points, and a traversal."""
    left, middle, right = st.columns([6, 6, 6], gap="medium")
    with left:
        _decoded(checkpoint, space)
        _typicality(space)
    with middle:
        _dimensions(space)
    with right:
        panels.starting_points(checkpoint)
        _random(space, temperature)
    _traversal(space)


def _decoded(checkpoint: Checkpoint, space: LatentSpace) -> None:
    """The decoded image, and the buttons that move the point as a whole."""
    now = point.current()
    decoded = space.decode(now.array()[None], now.labels())
    picture(decoded[0], f"The image decoded from the current code: {now.source}", key="picture", size=PICTURE_WIDTH)
    _label_buttons(checkpoint, space)
    _buttons(space)
    panels.pins()
    panels.original(checkpoint, space)


def _label_buttons(checkpoint: Checkpoint, space: LatentSpace) -> None:
    """For a conditional model: the label to decode with."""
    if not space.classes:
        return
    names = label_names(checkpoint, space)
    st.session_state["label_picker"] = point.current().label

    def picked() -> None:
        if (label := st.session_state["label_picker"]) is not None:
            point.set_label(label)

    st.pills(
        moves.LABELS,
        range(space.classes),
        key="label_picker",
        format_func=lambda label: names[label],
        on_change=picked,
        required=True,
        wrap=True,
    )


def _buttons(space: LatentSpace) -> None:
    """Undo, redo and centre."""
    trail = point.trail()
    with st.container(horizontal=True, gap="small"):
        st.button("Undo", icon=":material/undo:", on_click=point.undo, disabled=not trail.past, shortcut="Z")
        st.button("Redo", icon=":material/redo:", on_click=point.redo, disabled=not trail.future)
        st.button(
            moves.centre_button(space.variational),
            icon=":material/my_location:",
            on_click=point.move_to,
            args=(space.statistics.centre, moves.centre_source(space.variational)),
            shortcut="0",
        )


def _typicality(space: LatentSpace) -> None:
    """How far out the point lies, as the share of prior (or fitted Gaussian) samples that lie closer in."""
    share = float(space.typicality(point.current().array()[None])[0])
    st.progress(share, text=f"Farther from the centre than {share:.1%} of {moves.distribution(space.variational)}")


def _random(space: LatentSpace, temperature: float) -> None:
    """A button that moves the point to a random sample."""
    source = moves.sample_source(space.variational)

    def move() -> None:
        seed = int(np.random.default_rng().integers(2**31))
        point.move_to(space.sample(1, temperature, seed)[0], source)

    help = f"Go to {source}; the temperature scales its standard deviation"
    st.button("Random", icon=":material/casino:", on_click=move, help=help)


def _dimensions(space: LatentSpace) -> None:
    """A slider for each latent dimension, the most informative first; inactive ones are folded away."""
    order = [int(dimension) for dimension in space.statistics.order]
    shown = order[: min(SLIDERS_SHOWN, max(1, int(space.statistics.active.sum())))]
    rest = order[len(shown) :]
    st.caption(f"Latent dimensions, the most informative first ({space.statistics.score_name})")
    with st.container(key="dimensions"):
        for dimension in shown:
            _slider(space, dimension)
    if rest:
        inactive = sum(not space.statistics.active[dimension] for dimension in rest)
        note = f", {inactive} of them inactive" if inactive else ""
        with st.expander(f"{len(rest)} more dimensions{note}"):
            for dimension in rest:
                _slider(space, dimension)


def dimension_label(space: LatentSpace, dimension: int) -> str:
    """A slider's label: the dimension's index and its KL or its share of the variance."""
    score = float(space.statistics.score[dimension])
    amount = f"{score:.2f} nats" if space.variational else f"{score:.1%} of variance"
    inactive = "" if space.statistics.active[dimension] else " · inactive"
    return f"z{dimension} · {amount}{inactive}"


def slider_range(space: LatentSpace, dimension: int) -> tuple[float, float]:
    """The ends of a dimension's slider: its usual range, widened to hold the current value."""
    low, high = (float(end) for end in space.statistics.ranges[dimension])
    value = point.current().code[dimension]
    return round(min(low, value), 2), round(max(high, value), 2)


def _slider(space: LatentSpace, dimension: int) -> None:
    low, high = slider_range(space, dimension)
    in_hand: tuple[str, int, float, float] | None = st.session_state.get("slider_in_hand")
    if in_hand and in_hand[:2] == (space.digest, dimension) and point.current().source == point.BY_HAND:
        # It keeps its ends while the value comes back from beyond them: a new slider would not have the focus.
        low, high = min(low, in_hand[2]), max(high, in_hand[3])
    value = point.current().code[dimension]
    key = f"slider_{space.digest}_{dimension}_{low}_{high}"
    # An existing one is left alone: the visitor may have dragged on since, and setting it would throw it back.
    if key not in st.session_state or abs(st.session_state[key] - value) > SLIDER_STEP / 2:
        st.session_state[key] = round(value, 2) + 0.0  # + 0.0 turns -0.0 into 0.0

    def moved() -> None:
        point.set_dimension(dimension, st.session_state[key])
        st.session_state["slider_in_hand"] = (space.digest, dimension, low, high)

    label = dimension_label(space, dimension)
    st.slider(label, low, high, key=key, step=SLIDER_STEP, format="%.2f", on_change=moved)


def _traversal(space: LatentSpace) -> None:
    """One latent dimension from end to end, all others fixed; a click moves the point there."""
    names = [f"z{dimension}" for dimension in space.statistics.order]
    st.subheader("Traversal", anchor=False)
    chosen = st.selectbox(
        "Latent dimension", names, key=address.TRAVERSED.name, bind=address.BIND, filter_mode=None, width=260
    )
    dimension = int((chosen or names[0])[1:])
    now = point.current()
    value = now.code[dimension]
    values = np.linspace(*slider_range(space, dimension), STRIP_STEPS)
    nearest = int(np.abs(values - value).argmin())
    values[nearest] = value
    images = space.traverse(now.array(), dimension, values, now.label)
    gallery(
        GalleryProps(
            images,
            [f"z{dimension} at {at:.2f}" for at in values],
            marked=nearest,
            captions=[f"{at:.2f}" for at in values],
            one_row=True,
        ),
        key="strip",
        on_pick=lambda position: point.set_dimension(dimension, float(values[position])),
    )
