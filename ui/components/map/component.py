"""The map on the page, and what it tells the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from ui.components.bundle import bundle
from ui.components.map.content import Points
from ui.components.map.parcels import FOLDER
from ui.components.map.props import MapState, Parameter, PointMapProps
from ui.components.map.selection import read_bits
from ui.components.map.sending import send_state

_map = st.components.v2.component(
    "latent_map",
    html=(FOLDER / "map.html").read_text(encoding="utf-8"),
    css=(FOLDER / "map.css").read_text(encoding="utf-8"),
    js=bundle(FOLDER, "map.js"),
)


@dataclass(frozen=True)
class MapEvents:
    """What to do, before the page runs again, with what a visitor does on the map."""

    pick: Callable[[int], None] = lambda position: None
    """A point, given by its position, was clicked."""
    select: Callable[[np.ndarray], None] = lambda selected: None
    """Points, (N,) bool, were selected."""
    tune: Callable[[dict[str, float]], None] = lambda values: None
    """A slider was released; the values of all parameters by name."""


def point_map(name: str, points: Points, state: MapState, events: MapEvents | None = None) -> None:
    """Show a map of points that have been sent under the same name."""
    key, count, events = f"map_{name}", len(points.indices), events or MapEvents()

    def picked() -> None:
        position = st.session_state[key].get("picked")
        if _is_number(position) and 0 <= position < count:
            events.pick(int(position))

    def selection_changed() -> None:
        message = st.session_state[key].get("selected")
        if isinstance(message, Mapping) and message.get("points") == points.key:
            selected = read_bits(message.get("bits"), count)
            if selected is not None:
                events.select(selected)

    def tuned() -> None:
        message = st.session_state[key].get("tuned")
        if isinstance(message, Mapping):
            events.tune(_allowed(message, state.parameters))

    _map(
        key=key,
        data=PointMapProps(name).to_data(),
        on_picked_change=picked,
        on_selected_change=selection_changed,
        on_tuned_change=tuned,
    )
    send_state(name, state)


def _allowed(message: Mapping[Any, Any], parameters: Any) -> dict[str, float]:
    """Those values of a message that the sliders have."""
    values: dict[str, Parameter] = {parameter.name: parameter for parameter in parameters}
    return {name: float(value) for name, value in message.items() if name in values and value in values[name].values}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
