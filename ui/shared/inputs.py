"""Inputs whose values are in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ui.state import address

if TYPE_CHECKING:
    from ui.state.parameters import Whole


def whole_number(label: str, parameter: Whole, *, width: int, help: str | None = None) -> int:
    """A field for a whole number, which is kept in the address unless it is the default.

    Streamlit's own binding stops the page with an error for a link that says ``inf``.
    """
    name = parameter.name
    # Without the field's own value it has just come to the page, and even a text that we wrote is news to it.
    linked = address.given(parameter) if name in st.session_state else address.current(parameter)
    if linked is not None:
        st.session_state[name] = linked
    st.session_state.setdefault(name, parameter.default)
    value = int(st.number_input(label, parameter.low, parameter.high, key=name, width=width, help=help))
    address.write(parameter, None if value == parameter.default else str(value))
    return value
