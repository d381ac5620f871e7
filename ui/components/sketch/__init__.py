"""A pad on which a visitor draws an image: by mouse, finger, pen or keyboard."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ui.components.bundle import bundle
from ui.components.props import Props

FOLDER = Path(__file__).parent
LONGEST_MESSAGE = 400_000  # characters; the pad's PNG takes a tenth of it

_component = st.components.v2.component(
    "latent_sketch",
    css=(FOLDER / "sketch.css").read_text(encoding="utf-8"),
    js=bundle(FOLDER, "sketch.js"),
)


@dataclass(frozen=True)
class SketchProps(Props):
    """What the pad is like, and whose."""

    width: int
    height: int
    """Of the image in pixels."""
    coloured: bool
    """Whether the pen has colours; else it is grey."""
    ground: str
    """The colour of the empty pad, as ``#rrggbb``."""
    owner: str
    """Whose drawing it is: the browser keeps one for each owner until the page is closed."""


def sketch(
    image_shape: tuple[int, int, int],
    ground: tuple[int, ...],
    *,
    owner: str,
    key: str,
    on_draw: Callable[[bytes], None],
) -> None:
    """Show a pad; after each stroke ``on_draw`` gets its image as a PNG file, before the page runs again.

    Args:
        image_shape: channels, height and width of an image; with one channel the pen is grey.
        ground: what an empty pad is filled with, a byte for each channel.
        owner: whose drawing it is: another owner has another one, which the browser keeps until the page is closed.
        key: the component's key.
        on_draw: what to do with a drawing.
    """
    channels, height, width = image_shape

    def drawn() -> None:
        content = read_drawing(st.session_state[key].get("drawn"))
        if content is not None:
            on_draw(content)

    colour = "#" + "".join(f"{part:02x}" for part in (ground if len(ground) == 3 else (*ground,) * 3))
    props = SketchProps(width, height, channels == 3, colour, owner)
    _component(key=key, data=props.to_data(), on_drawn_change=drawn)


def read_drawing(message: object) -> bytes | None:
    """The file in a pad's message; None if there is none."""
    if not isinstance(message, str) or not 0 < len(message) <= LONGEST_MESSAGE:
        return None
    try:
        return base64.b64decode(message, validate=True)
    except (binascii.Error, ValueError):
        return None
