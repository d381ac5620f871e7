"""A number that is chosen with a live slider, kept in the session and in the address."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

from ui.components.slider import SliderProps, slider
from ui.state import address

if TYPE_CHECKING:
    from ui.state.parameters import Real


class LiveSlider:
    """A declared parameter that a slider moves.

    Use it in a fragment, which runs again for each value that is passed on the way, and show it when everything that
    depends on it has been made: the next value is sent only then, so that images keep coming while it is dragged fast.
    """

    def __init__(self, parameter: Real) -> None:
        """Read the value: from the address if a visitor's link has one, else from the session."""
        self.parameter, self.name = parameter, parameter.name
        if (linked := address.given(parameter)) is not None:
            st.session_state[self.name] = linked
        self.value = self._in_range(st.session_state.setdefault(self.name, parameter.default))

    def _in_range(self, value: float) -> float:
        """The nearest value that the slider has; the default instead of what is no number."""
        of = self.parameter
        if not math.isfinite(value):
            return of.default
        steps = round((min(max(value, of.low), of.high) - of.low) / of.step)
        return round(of.low + steps * of.step, 6)

    def show(self, label: str, help: str) -> None:
        """Show the slider, and put the value into the address unless it is still being dragged.

        Args:
            label: what it moves.
            help: more about it, for a pointer that rests on it and for screen readers.
        """
        key = f"{self.name}_slider"
        answer = st.session_state.get(f"{key}_sent", 0)
        low, high, step = self.parameter.low, self.parameter.high, self.parameter.step
        slider(SliderProps(label, help, low, high, step, self.value, answer), key=key, on_moved=self.take)
        if not st.session_state.get(f"{key}_moving", False):
            address.write(self.parameter, None if self.value == self.parameter.default else f"{self.value:g}")

    def take(self, message: object) -> None:
        """Take up a message of the slider: a value, the message's number, and whether the slider is still moving."""
        match message:
            case {"value": int() | float() as value, "sent": int() as sent, "moving": bool() as moving}:
                st.session_state[self.name] = self._in_range(value)
                st.session_state[f"{self.name}_slider_sent"] = sent
                st.session_state[f"{self.name}_slider_moving"] = moving
