"""A slider that tells its value while the hand moves it; Streamlit's own tells it on release only."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).parent

_component = st.components.v2.component(
    "latent_slider",
    css=(FOLDER / "slider.css").read_text(encoding="utf-8"),
    js=(FOLDER / "slider.js").read_text(encoding="utf-8"),
)


class LiveSlider:
    """A number that a slider moves, kept in the session and in the address.

    Use it in a fragment, which runs again for each value that the hand passes, and show it when all that follows it
    has been made: the next value is sent only then, so that a quick hand never keeps the pictures from coming.
    """

    def __init__(self, name: str, *, low: float, high: float, step: float, first: float) -> None:
        """Read the value: from the address if that was changed, else from the session.

        Args:
            name: of the value, in the session and in the address.
            low: the least value.
            high: the largest.
            step: between two values.
            first: the value at first, which the address leaves out.
        """
        self.name, self.low, self.high, self.step, self.first = name, low, high, step, first
        asked = st.query_params.get(name)
        if asked is not None and asked != st.session_state.get(self._written):
            with contextlib.suppress(ValueError):
                st.session_state[name] = float(asked)
        self.value = self._in_range(st.session_state.setdefault(name, first))

    @property
    def _written(self) -> str:
        return f"written_{self.name}"

    def _in_range(self, value: float) -> float:
        """The nearest value that the slider has; the first one instead of what is no number."""
        if not math.isfinite(value):
            return self.first
        steps = round((min(max(value, self.low), self.high) - self.low) / self.step)
        return round(self.low + steps * self.step, 6)

    def show(self, label: str, help: str) -> None:
        """Show the slider, and put the value into the address unless the hand is still moving.

        Args:
            label: what it moves.
            help: more about it, for the pointer that rests on it and for those who hear the page.
        """
        key = f"{self.name}_slider"
        _component(
            key=key,
            data={
                "label": label,
                "help": help,
                "low": self.low,
                "high": self.high,
                "step": self.step,
                "value": self.value,
                "answer": st.session_state.get(f"{key}_sent", 0),
            },
            on_moved_change=lambda: self.take(st.session_state[key].get("moved")),
        )
        if not st.session_state.get(f"{key}_moving", False):
            text = None if self.value == self.first else f"{self.value:g}"
            st.session_state[self._written] = text
            if text is not None:
                st.query_params[self.name] = text
            elif self.name in st.query_params:
                del st.query_params[self.name]

    def take(self, message: object) -> None:
        """The hand has moved the slider: a value, the number of the message, and whether it moves on."""
        match message:
            case {"value": int() | float() as value, "sent": int() as sent, "moving": bool() as moving}:
                st.session_state[self.name] = self._in_range(value)
                st.session_state[f"{self.name}_slider_sent"] = sent
                st.session_state[f"{self.name}_slider_moving"] = moving
