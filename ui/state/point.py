"""The one point that all pages share: a code of the current model, its label, its history, its pins, and its URL.

A slider, a picture, a click on the map: whatever moves the point calls ``move_to``. ``restore`` reads the address
at the start of a run and ``write_address`` keeps it true, so that a copied link shows what is on the screen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint

DIGITS = 3  # of a code's numbers, on the screen as in the address
LARGEST = 1e4  # no code of any model lies further out
LONGEST_HISTORY = 100
PIN_NAMES = "ABCDEFGH"
BY_HAND = "moved by hand"


@dataclass(frozen=True)
class Point:
    """A code (D numbers, rounded to DIGITS), the label for a conditional model, and where it came from in words."""

    code: tuple[float, ...]
    label: int | None = None
    source: str = "the mean of all codes"
    image: int | None = None
    """The test image that the code is the encoding of, by index; None once it has been moved away. A link may claim
    one wrongly: who shows the image checks it."""

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
    """Make sure that there is a point for the model, and take up what the address says."""
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
        mean = [float(value) for value in checkpoint.metrics["code"]["mean"]]
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
    """Change the label that the decoder is told."""
    go(replace(current(), label=int(label), image=None))


def go(point: Point) -> None:
    """Make a point the current one, with the old one remembered."""
    here = trail()
    if point == here.now:
        return
    here.past = [*here.past, here.now][-LONGEST_HISTORY:]
    here.future = []
    here.now = point


def undo() -> None:
    """Go back one step, if there is one."""
    here = trail()
    if here.past:
        here.future.append(here.now)
        here.now = here.past.pop()


def redo() -> None:
    """Take back the last undo."""
    here = trail()
    if here.future:
        here.past.append(here.now)
        here.now = here.future.pop()


def pin() -> None:
    """Keep the current point under the first free letter, if there is one."""
    here = trail()
    free = next((name for name in PIN_NAMES if name not in here.pins), None)
    if free:
        here.pins[free] = here.now


def unpin(name: str) -> None:
    """Forget a pinned point."""
    trail().pins.pop(name, None)


# --- the address -----------------------------------------------------------------------------------------------


def write_address() -> None:
    """Put the point into the page's address, with the test image that it is the encoding of, if any."""
    now = current()
    st.session_state["written_z"] = format_code(now.code)
    st.session_state["written_label"] = None if now.label is None else str(now.label)
    st.query_params["z"] = st.session_state["written_z"]
    if now.label is None:
        st.query_params.pop("label", None)
    else:
        st.query_params["label"] = str(now.label)
    if now.image is None:
        st.query_params.pop("image", None)
    else:
        st.query_params["image"] = str(now.image)


def address_of(checkpoint_name: str, point: Point) -> dict[str, str]:
    """The query parameters of a link to a point."""
    parameters = {"model": checkpoint_name, "z": format_code(point.code)}
    extras = {"label": point.label, "image": point.image}
    return parameters | {name: str(value) for name, value in extras.items() if value is not None}


def format_code(code: tuple[float, ...]) -> str:
    """A code as the address holds it: numbers separated by commas, without needless zeros."""
    return ",".join(f"{value:.{DIGITS}f}".rstrip("0").rstrip(".") for value in code)


def parse_code(text: str, size: int) -> tuple[float, ...] | None:
    """The code in an address, or None if it is not ``size`` finite numbers of a sensible size."""
    parts = text.split(",") if len(text) <= 32 * size else []
    try:
        values = [float(part) for part in parts]
    except ValueError:
        return None
    if len(values) != size or not all(math.isfinite(value) and abs(value) <= LARGEST for value in values):
        return None
    return rounded(values)


def _read_address(checkpoint: Checkpoint) -> None:
    """Take up a point from the address if the visitor, and not this program, put it there."""
    model = checkpoint.run.model
    z, label = st.query_params.get("z"), st.query_params.get("label")
    if label is not None and label != st.session_state.get("written_label") and model.classes:
        if (given := _whole_number(label)) is not None and given < model.classes:
            set_label(given)
        else:
            st.session_state["notice"] = "The link's label is not one of this model's; showing your last one instead."
    if z is not None and z != st.session_state.get("written_z"):
        code = parse_code(z, model.latent)
        if code is None:
            st.session_state["notice"] = (
                f"The link's point does not fit {checkpoint.name}, which takes {model.latent} numbers; "
                "showing your last point instead."
            )
        elif code != current().code:
            image = _whole_number(st.query_params.get("image", ""))
            go(replace(current(), code=code, source="a link", image=image))


def _whole_number(text: str) -> int | None:
    """A number of up to eight digits, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def rounded(code: np.ndarray | list[float] | tuple[float, ...]) -> tuple[float, ...]:
    """A code with the digits that a point keeps."""
    return tuple(round(float(value), DIGITS) + 0.0 for value in code)  # + 0.0 turns -0.0 into 0.0
