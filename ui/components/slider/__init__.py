"""A slider that reports its value while it is being dragged; Streamlit's own reports it on release only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ui.components.bundle import bundle
from ui.components.props import Props

FOLDER = Path(__file__).parent

_component = st.components.v2.component(
    "latent_slider",
    css=(FOLDER / "slider.css").read_text(encoding="utf-8"),
    js=bundle(FOLDER, "slider.js"),
)


@dataclass(frozen=True)
class SliderProps(Props):
    """What the slider shows."""

    label: str
    help: str
    """More about it, for the pointer that rests on it and for screen readers."""
    low: float
    high: float
    step: float
    value: float
    answer: int
    """The number of the last message from the browser that has been dealt with."""


def slider(props: SliderProps, *, key: str, on_moved: Callable[[object], None]) -> None:
    """Show the slider.

    ``on_moved`` gets each message: ``value``, its number as ``sent``, and whether the slider is still ``moving``.
    """
    _component(key=key, data=props.to_data(), on_moved_change=lambda: on_moved(st.session_state[key].get("moved")))
