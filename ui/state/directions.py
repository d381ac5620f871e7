"""Directions that a visitor made of pictures selected on the map: kept for the session, and in Explore's address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.state import point
from vae_core.latent.directions import direction_towards

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.latent.space import LatentSpace

MOST = 6  # the oldest makes room
LONGEST_NAME = 40
PARAMETER = "towards"
BASIS = "Yours"  # what Explore calls sliders over them
RESERVED = re.compile(r"[,:;\s]+")  # what separates names and numbers in an address


@dataclass(frozen=True)
class Direction:
    """A step (D numbers, rounded like a point's) and what it leads towards, in words."""

    name: str
    step: tuple[float, ...]


def kept(checkpoint: Checkpoint) -> list[Direction]:
    """A model's directions, oldest first."""
    return st.session_state.get("directions", {}).get(checkpoint.digest, [])


def keep_selection(checkpoint: Checkpoint, space: LatentSpace, codes: np.ndarray, chosen: np.ndarray, name: str) -> str:
    """Keep the direction from the other codes (N, D) towards the chosen ones, (N,) bool.

    Returns:
        The name under which it is kept, which no other has; empty if there is no direction, as all are chosen.
    """
    step = direction_towards(codes, chosen, space.statistics.covariance)
    if step is None:
        return ""
    direction = Direction(_unused(name, kept(checkpoint)), point.rounded(step))
    _set(checkpoint, [*kept(checkpoint), direction])
    return direction.name


def read_address(checkpoint: Checkpoint) -> None:
    """Take up the directions that a link brings; what does not fit the model is passed over."""
    text = st.query_params.get(PARAMETER)
    if text is None or text == st.session_state.get("written_towards"):
        return
    found: list[Direction] = []
    for part in text.split(";")[:MOST]:
        name, _, numbers = part.partition(":")
        step = point.parse_code(numbers, checkpoint.run.model.latent)
        if step is not None and any(step):
            found.append(Direction(_unused(name, found), step))
    if found:
        _set(checkpoint, found)


def write_address(checkpoint: Checkpoint) -> None:
    """Put the directions into the page's address."""
    if found := kept(checkpoint):
        st.session_state["written_towards"] = st.query_params[PARAMETER] = _as_text(found)
    else:
        st.query_params.pop(PARAMETER, None)


def address_of(found: list[Direction]) -> dict[str, str]:
    """The query parameters of a link to Explore with sliders over directions."""
    return {PARAMETER: _as_text(found), "basis": BASIS}


def _as_text(found: list[Direction]) -> str:
    return ";".join(f"{one.name}:{point.format_code(one.step)}" for one in found)


def _set(checkpoint: Checkpoint, found: list[Direction]) -> None:
    st.session_state.setdefault("directions", {})[checkpoint.digest] = found[-MOST:]


def _unused(name: str, others: list[Direction]) -> str:
    """A name as it can stand in an address, with a number if another direction has it."""
    name = RESERVED.sub(" ", name).strip()[:LONGEST_NAME] or "Selection"
    taken = {other.name for other in others}
    names = [name, *(f"{name} {number}" for number in range(2, MOST + 2))]
    return next(one for one in names if one not in taken)
