"""A slider that reports its value while it is being dragged; Streamlit's own reports it on release only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parent

_component = st.components.v2.component(
    "latent_slider",
    css=(FOLDER / "slider.css").read_text(encoding="utf-8"),
    js=(FOLDER / "slider.js").read_text(encoding="utf-8"),
)


def slider(key: str, data: dict[str, Any], on_moved: Callable[[object], None]) -> None:
    """Show the slider.

    Args:
        key: the component's key.
        data: ``label``, ``help``, ``low``, ``high``, ``step``, ``value``, and as ``answer`` the number of the last
            message that was dealt with.
        on_moved: gets each message: ``value``, its number as ``sent``, and whether the slider is still ``moving``.
    """
    _component(key=key, data=data, on_moved_change=lambda: on_moved(st.session_state[key].get("moved")))
