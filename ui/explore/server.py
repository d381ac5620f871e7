"""The parts of the Explore page that the server makes: pins, originals, the nearest real pictures; and, for decoders
that cannot run in the browser, picture, sliders and traversal strip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.components.gallery import gallery, picture
from ui.frame import plain
from ui.shared import pickers
from ui.state import loaders, point

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet
    from vae_core.latent.space import LatentSpace

SLIDERS_SHOWN = 8  # the rest fold away
SLIDER_STEP = 0.01
STRIP_STEPS = 11
NEAREST = 8
PICTURE_WIDTH = 360
SAME = 2e-3  # a code in the address is rounded to three digits


def slider_range(space: LatentSpace, dimension: int) -> tuple[float, float]:
    """The ends of a dimension's slider: where it is worth while to move it, and the current value."""
    low, high = (float(end) for end in space.statistics.ranges[dimension])
    value = point.current().code[dimension]
    return round(min(low, value), 2), round(max(high, value), 2)


def dimension_label(space: LatentSpace, dimension: int) -> str:
    """A slider's label: the dimension's number and what it carries."""
    score = float(space.statistics.score[dimension])
    amount = f"{score:.2f} nats" if space.variational else f"{score:.1%} of variance"
    inactive = "" if space.statistics.active[dimension] else " · inactive"
    return f"z{dimension} · {amount}{inactive}"


def picture_panel(checkpoint: Checkpoint, space: LatentSpace) -> None:
    """The decoded picture, what it was, and the buttons that move the point as a whole."""
    now = point.current()
    decoded = space.decode(now.array()[None], now.labels())
    picture(decoded[0], f"The picture decoded from the current code: {now.source}", key="picture", size=PICTURE_WIDTH)
    _label_buttons(checkpoint, space)
    _buttons(space)
    pins()
    original(checkpoint, space)


def original(checkpoint: Checkpoint, space: LatentSpace) -> None:
    """The test image that the code came from, if it did, beside what became of it; else where the code is from."""
    now = point.current()
    images = loaders.quietly(lambda: loaders.test_images(checkpoint)) if now.image is not None else None
    if images is not None and now.image is not None and _is_encoding(space, images, now):
        picture = images.images[now.image : now.image + 1] / np.float32(255)
        decoded = space.decode(now.array()[None], now.labels())
        _original(picture, decoded, pickers.picture_name(images, now.image))
    else:
        st.caption(f"Now: {plain(now.source)}", width="content")


def _is_encoding(space: LatentSpace, images: ImageSet, now: point.Point) -> bool:
    """Whether a point is what the encoder makes of the test image that it names."""
    assert now.image is not None
    if now.image >= len(images):
        return False
    part = slice(now.image, now.image + 1)
    labels = images.labels[part] if space.classes and images.labels is not None else None
    code = space.encode(images.images[part], labels)[0]
    return bool(np.allclose(code, now.array(), atol=SAME, rtol=SAME))


def _original(original: np.ndarray, decoded: np.ndarray, name: str) -> None:
    """The test image that the code came from, beside what became of it."""
    from vae_core.evaluation import metrics

    gallery(
        np.concatenate([original, decoded]),
        [f"Original: {name}", f"Reconstruction of {name}"],
        key="original",
        size=84,
        captions=["original", "decoded"],
    )
    st.caption(f"{name}. Mean squared error {metrics.mse(original, decoded)[0]:.4f}", width="content")


def label_names(checkpoint: Checkpoint, space: LatentSpace) -> list[str]:
    """The labels that a conditional model can be told, in words where its images are at hand."""
    if not space.classes:
        return []
    images = loaders.quietly(lambda: loaders.test_images(checkpoint))
    return list(images.class_names) if images else [str(label) for label in range(space.classes)]


def _label_buttons(checkpoint: Checkpoint, space: LatentSpace) -> None:
    """For a conditional model: which label the decoder is told."""
    if not space.classes:
        return
    names = label_names(checkpoint, space)
    st.session_state["label_picker"] = point.current().label

    def picked() -> None:
        if (label := st.session_state["label_picker"]) is not None:
            point.set_label(label)

    st.pills(
        "Label told to the decoder",
        range(space.classes),
        key="label_picker",
        format_func=lambda label: names[label],
        on_change=picked,
        required=True,
        wrap=True,
    )


def _buttons(space: LatentSpace) -> None:
    """Undo, redo and centre."""
    here = point.trail()
    source = "the prior's centre" if space.variational else "the mean of all codes"
    with st.container(horizontal=True, gap="small"):
        st.button("Undo", icon=":material/undo:", on_click=point.undo, disabled=not here.past, shortcut="Z")
        st.button("Redo", icon=":material/redo:", on_click=point.redo, disabled=not here.future)
        name = "Zero" if space.variational else "Mean"
        st.button(
            name,
            icon=":material/my_location:",
            on_click=point.move_to,
            args=(space.statistics.centre, source),
            shortcut="0",
        )


def pins() -> None:
    """Keep the point under a letter, and go back to those that were kept."""
    here = point.trail()
    with st.container(horizontal=True, gap="small"):
        st.button("Pin", icon=":material/keep:", on_click=point.pin, help="Keep this point under a letter")
        for letter, pinned in here.pins.items():
            st.button(f"Go to {letter}", key=f"pin_{letter}", on_click=point.go, args=(pinned,), help=pinned.source)
        if here.pins:
            st.button("Clear pins", on_click=here.pins.clear, type="tertiary")


def typicality_line(space: LatentSpace) -> None:
    """How far out the point lies, as a share of what the prior (or the fitted Gaussian) draws."""
    share = float(space.typicality(point.current().array()[None])[0])
    measure = "the prior's draws" if space.variational else "draws from a Gaussian fitted to the codes"
    st.progress(share, text=f"Farther out than {share:.1%} of {measure}")


def dimension_sliders(space: LatentSpace) -> None:
    """A slider for each dimension, those that carry most first; inactive ones fold away."""
    order = [int(dimension) for dimension in space.statistics.order]
    shown = order[: min(SLIDERS_SHOWN, max(1, int(space.statistics.active.sum())))]
    rest = order[len(shown) :]
    st.caption(f"Dimensions by what they carry ({space.statistics.score_name})")
    with st.container(key="dimensions"):
        for dimension in shown:
            _slider(space, dimension)
    if rest:
        inactive = sum(not space.statistics.active[dimension] for dimension in rest)
        note = f", {inactive} of them inactive" if inactive else ""
        with st.expander(f"{len(rest)} more dimensions{note}"):
            for dimension in rest:
                _slider(space, dimension)


def _slider(space: LatentSpace, dimension: int) -> None:
    low, high = slider_range(space, dimension)
    in_hand: tuple[str, int, float, float] | None = st.session_state.get("slider_in_hand")
    if in_hand and in_hand[:2] == (space.digest, dimension) and point.current().source == point.BY_HAND:
        # It keeps its ends while it comes back from beyond them: another slider in its place would not have the focus.
        low, high = min(low, in_hand[2]), max(high, in_hand[3])
    value = point.current().code[dimension]
    key = f"slider_{space.digest}_{dimension}_{low}_{high}"
    # One that stands there already is left alone: the hand may have gone on since, and setting it would throw it back.
    if key not in st.session_state or abs(st.session_state[key] - value) > SLIDER_STEP / 2:
        st.session_state[key] = round(value, 2) + 0.0  # + 0.0 turns -0.0 into 0.0

    def moved() -> None:
        point.set_dimension(dimension, st.session_state[key])
        st.session_state["slider_in_hand"] = (space.digest, dimension, low, high)

    label = dimension_label(space, dimension)
    st.slider(label, low, high, key=key, step=SLIDER_STEP, format="%.2f", on_change=moved)


def traversal_strip(space: LatentSpace) -> None:
    """One dimension from end to end, all others held; a click goes there."""
    names = [f"z{dimension}" for dimension in space.statistics.order]
    st.subheader("Traversal", anchor=False)
    chosen = st.selectbox(
        "Dimension, most telling first", names, key="traversed", bind="query-params", filter_mode=None, width=260
    )
    dimension = int((chosen or names[0])[1:])
    now = point.current()
    value = now.code[dimension]
    values = np.linspace(*slider_range(space, dimension), STRIP_STEPS)
    nearest = int(np.abs(values - value).argmin())
    values[nearest] = value
    images = space.traverse(now.array(), dimension, values, now.label)
    gallery(
        images,
        [f"z{dimension} at {at:.2f}" for at in values],
        key="strip",
        on_pick=lambda position: point.set_dimension(dimension, float(values[position])),
        marked=nearest,
        captions=[f"{at:.2f}" for at in values],
        one_row=True,
    )


def nearest_images(checkpoint: Checkpoint, space: LatentSpace) -> None:
    """The real test pictures whose codes lie nearest; a click moves the point to one."""
    found = loaders.quietly(lambda: loaders.test_codes(checkpoint))
    if found is None:
        return
    st.subheader("Nearest real pictures", anchor=False)
    distances = np.linalg.norm(found.codes - point.current().array(), axis=1)
    nearest = np.argsort(distances)[:NEAREST]
    st.caption(f"Of the {len(found.images):,} test pictures, by Euclidean distance between codes.")
    gallery(
        found.images.images[nearest] / np.float32(255),
        [pickers.picture_name(found.images, int(index)) for index in nearest],
        key="nearest",
        on_pick=lambda position: pickers.move_to_test_image(checkpoint, int(nearest[position])),
        size=84,
        captions=[f"{pickers.class_name(found.images, int(index))} {distances[index]:.2f}" for index in nearest],
    )
