"""What all figures share: colours that can be told apart with any colour vision, and texts without HTML."""

from __future__ import annotations

# Okabe & Ito 2008 without black and yellow, which vanish on a dark or a light page, then Tol 2021; shapes or
# words go along.
COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#D55E00",
    "#56B4E9",
    "#882255",
    "#999933",
    "#7F7F7F",
    "#8C6BB1",
)


def no_html(text: str) -> str:
    """Plotly reads a few HTML tags in its texts; a class's name must not be one."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
