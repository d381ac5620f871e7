"""The one point that all pages share: a code of the current model, its label, its history, its pins, and its address.

A slider, an image, a click on the map: whatever moves the point calls ``move_to``. ``start`` reads the address at the
beginning of a run and ``write_address`` keeps it up to date, so that a copied link shows what is on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.state import address

if TYPE_CHECKING:
    from ui.state.parameters import Parameter
    from vae_core.checkpoint import Checkpoint

DIGITS = 3  # after the point, of a code's coordinates
LONGEST_HISTORY = 100
PIN_NAMES = "ABCDEFGH"
BY_HAND = "moved by hand"


@dataclass(frozen=True)
class Point:
    """A code (D values, rounded to DIGITS), the label for a conditional model, and where it came from in words."""

    code: tuple[float, ...]
    label: int | None = None
    source: str = "the mean of all codes"
    image: int | None = None
    """The index of the test image that was encoded; None once the point has been moved. A link may name a wrong one,
    so check it before showing the image."""

    def array(self) -> np.ndarray:
        """The code, float32 (D,)."""
        return np.array(self.code, np.float32)

    def labels(self) -> np.ndarray | None:
        """The label as an array (1,) for LatentSpace, or None."""
        return None if self.label is None else np.array([self.label])


@dataclass
class Trail:
    """What a session keeps for one model."""

    digest: str
    now: Point
    past: list[Point] = field(default_factory=list)
    future: list[Point] = field(default_factory=list)
    pins: dict[str, Point] = field(default_factory=dict)


def start(checkpoint: Checkpoint) -> None:
    """Make sure that the model has a point, and take up the one in the address, if any."""
    choose_trail(checkpoint)
    _read_address(checkpoint)


def choose_trail(checkpoint: Checkpoint) -> None:
    """Make a model's point the current one, and begin its history if this is its first."""
    trails = st.session_state.setdefault("trails", {})
    if checkpoint.digest not in trails:
        trails[checkpoint.digest] = Trail(checkpoint.digest, first_point(checkpoint))
    st.session_state["digest"] = checkpoint.digest


def trail() -> Trail:
    """The current model's history and pins."""
    return st.session_state["trails"][st.session_state["digest"]]


def current() -> Point:
    """The current point."""
    return trail().now


def first_point(checkpoint: Checkpoint) -> Point:
    """Where a model starts: the mean of its codes, and the first label if it is conditional."""
    model = checkpoint.run.model
    try:
        mean = [float(value) for value in (checkpoint.metrics.code or {})["mean"]]
    except (KeyError, TypeError, ValueError):
        mean = []
    if len(mean) != model.latent:
        mean = [0.0] * model.latent
    return Point(rounded(mean), 0 if model.classes else None)


def move_to(code: np.ndarray, source: str, *, label: int | None = None, image: int | None = None) -> None:
    """Move the point; None keeps the label."""
    now = current()
    kept = now.label if label is None or now.label is None else int(label)
    go(Point(rounded(code), kept, source, image))


def set_dimension(dimension: int, value: float) -> None:
    """Move the point along one dimension."""
    code = list(current().code)
    code[dimension] = value
    go(replace(current(), code=rounded(code), source=BY_HAND, image=None))


def set_label(label: int) -> None:
    """Change the label that the decoder is given."""
    go(replace(current(), label=int(label), image=None))


def go(point: Point) -> None:
    """Make a point the current one, with the old one remembered."""
    history = trail()
    if point == history.now:
        return
    history.past = [*history.past, history.now][-LONGEST_HISTORY:]
    history.future = []
    history.now = point


def undo() -> None:
    """Go back one step, if there is one."""
    history = trail()
    if history.past:
        history.future.append(history.now)
        history.now = history.past.pop()


def redo() -> None:
    """Take back the last undo."""
    history = trail()
    if history.future:
        history.past.append(history.now)
        history.now = history.future.pop()


def pin() -> None:
    """Keep the current point under the first free letter, if there is one."""
    history = trail()
    free = next((name for name in PIN_NAMES if name not in history.pins), None)
    if free:
        history.pins[free] = history.now


def unpin(name: str) -> None:
    """Forget a pinned point."""
    trail().pins.pop(name, None)


# --- the address -----------------------------------------------------------------------------------------------


def write_address() -> None:
    """Put the point into the page's address, with the test image that it is the encoding of, if any."""
    now = current()
    address.write(address.Z, format_code(now.code))
    address.write(address.LABEL, None if now.label is None else str(now.label))
    address.write(address.IMAGE, None if now.image is None else str(now.image))


def address_of(checkpoint_name: str, point: Point) -> dict[str, str]:
    """The query parameters of a link to a point."""
    texts: dict[Parameter, object] = {address.MODEL: checkpoint_name, address.Z: format_code(point.code)}
    texts |= {address.LABEL: point.label, address.IMAGE: point.image}
    return {parameter.name: str(value) for parameter, value in texts.items() if value is not None}


def format_code(code: tuple[float, ...]) -> str:
    """A code as the address holds it."""
    return address.format_vector(code, DIGITS)


def _read_address(checkpoint: Checkpoint) -> None:
    """Take up the point of a visitor's link."""
    model = checkpoint.run.model
    code, label = address.given(address.Z), address.given(address.LABEL)
    if label is not None and model.classes:
        if label < model.classes:
            set_label(label)
        else:
            st.session_state["notice"] = "This model does not have the link's label; showing your last one instead."
    if code is not None:
        if len(code) != model.latent:
            st.session_state["notice"] = (
                f"The link's point has {len(code)} dimensions, but {checkpoint.name} is {model.latent}-dimensional; "
                "showing your last point instead."
            )
        elif rounded(code) != current().code:
            image = address.current(address.IMAGE)
            go(replace(current(), code=rounded(code), source="a link", image=image))


def rounded(code: np.ndarray | list[float] | tuple[float, ...]) -> tuple[float, ...]:
    """A code with the digits that a point keeps."""
    return tuple(round(float(value), DIGITS) + 0.0 for value in code)  # + 0.0 turns -0.0 into 0.0
