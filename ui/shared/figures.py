"""Columns of tables for the figures of ``metrics.json``: their headings, digits and help are the record's."""

from __future__ import annotations

from typing import Any

import streamlit as st

from vae_core.evaluation.record import FIGURES


def number_column(name: str, heading: str = "", *, note: str = "") -> Any:
    """A column of numbers; a heading replaces the figure's own, a note follows its help."""
    figure = FIGURES[name]
    explanation = f"{figure.explanation} {note}".strip()
    return st.column_config.NumberColumn(heading or figure.title, format=f"%.{figure.digits}f", help=explanation)


def text_column(name: str) -> Any:
    """A column in which some cells are words."""
    return st.column_config.TextColumn(FIGURES[name].title, help=FIGURES[name].explanation)
