"""Directions towards images that a visitor selected on the map: kept for the session, and in Explore's address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.state import address, point
from vae_core.latent.directions import direction_towards

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.latent.space import LatentSpace

MOST = address.TOWARDS.most  # the oldest makes room
LONGEST_NAME = 40
BASIS = "Yours"  # what Explore calls them
RESERVED = re.compile(r"[,:;\s]+")  # what separates names and coordinates in an address


@dataclass(frozen=True)
class Direction:
    """A step (D values, rounded like a point's) and what it leads towards, in words."""

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
    """Take up the directions that a link brings; those that do not fit the model are ignored."""
    latent = checkpoint.run.model.latent
    linked: list[Direction] = []
    for name, step in address.given(address.TOWARDS) or ():
        if len(step) == latent and any(point.rounded(step)):
            linked.append(Direction(_unused(name, linked), point.rounded(step)))
    if linked:
        _set(checkpoint, linked)


def write_address(checkpoint: Checkpoint) -> None:
    """Put the directions into the page's address."""
    own = kept(checkpoint)
    address.write(address.TOWARDS, _as_text(own) if own else None)


def address_of(shown: list[Direction]) -> dict[str, str]:
    """The query parameters of a link to Explore with sliders over directions."""
    return {address.TOWARDS.name: _as_text(shown), address.BASIS.name: BASIS}


def _as_text(shown: list[Direction]) -> str:
    return ";".join(f"{direction.name}:{point.format_code(direction.step)}" for direction in shown)


def _set(checkpoint: Checkpoint, own: list[Direction]) -> None:
    st.session_state.setdefault("directions", {})[checkpoint.digest] = own[-MOST:]


def _unused(name: str, others: list[Direction]) -> str:
    """A name as it can stand in an address, with a number if another direction has it."""
    name = RESERVED.sub(" ", name).strip()[:LONGEST_NAME] or "Selection"
    taken = {other.name for other in others}
    names = [name, *(f"{name} {number}" for number in range(2, MOST + 2))]
    return next(one for one in names if one not in taken)
