"""Files to download: rows of images as one PNG with their names, and tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from vae_core import media

if TYPE_CHECKING:
    from ui.shared.rows import ImageRow

CELL = 112  # pixels, roughly: an image is enlarged by a whole number
GAP = 6
TEXT_SIZE, LINE = 13, 18
LONGEST_NAME = 260  # pixels
PAPER, INK = "white", "#222222"
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
"""What makes a spreadsheet take a text for a formula, the full-width signs included."""


def download(label: str, file: str, make: Callable[[], bytes]) -> None:
    """A button that makes a PNG or CSV file when it is pressed, and leaves the page as it is."""
    kind = "image/png" if file.endswith(".png") else "text/csv"
    st.download_button(label, make, file, kind, icon=":material/download:", on_click="ignore")


def sheet_png(rows: Sequence[ImageRow], headings: Sequence[str]) -> bytes:
    """A PNG of rows of images in columns of equal width, with the rows' names and a heading for each column."""
    font = ImageFont.load_default(TEXT_SIZE)
    scale = max(1, round(CELL / rows[0].images.shape[-1]))
    height, width = (side * scale for side in rows[0].images.shape[-2:])
    left = min(LONGEST_NAME, max(round(font.getlength(_name(row))) for row in rows)) + 2 * GAP
    tops, bottom = [], LINE + 2 * GAP
    for row in rows:
        tops.append(bottom)
        bottom += height + GAP + (LINE if row.captions else 0)
    paper = Image.new("RGB", (left + len(headings) * (width + GAP), bottom), PAPER)
    pen = ImageDraw.Draw(paper)

    def write(x: int, y: int, text: str, room: int) -> None:
        pen.text((x, y), _fitted(text, font, room), fill=INK, font=font)

    for position, heading in enumerate(headings):
        write(left + position * (width + GAP), GAP, heading, width)
    for row, top in zip(rows, tops, strict=True):
        write(GAP, top + (height - LINE) // 2, _name(row), left - 2 * GAP)
        for position, pixels in enumerate(media.to_uint8(row.images)):
            x = left + position * (width + GAP)
            paper.paste(media.to_pillow(pixels, scale).convert("RGB"), (x, top))
            if row.captions:
                write(x, top + height + 1, row.captions[position], width)
    return media.png_bytes(paper)


def _name(row: ImageRow) -> str:
    """What to write beside a row."""
    return row.title or row.note


def _fitted(text: str, font: Any, room: int) -> str:
    """The text, cut so that it is no wider than the room in pixels."""
    text = " ".join(text.split())
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(f"{text}…") > room:
        text = text[:-1]
    return f"{text}…"


def csv_bytes(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A table as CSV in UTF-8, with a heading; no text in it becomes a formula in a spreadsheet."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_cell(name) for name in names])
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    """A number as it is; a text with a quote before it if a spreadsheet would compute it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
