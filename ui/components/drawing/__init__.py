"""A network as a drawing: blocks with their shapes, and the layers between them; encoder above, decoder below."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ui.components.bundle import bundle
from ui.components.props import Props

if TYPE_CHECKING:
    from vae_core.models.architecture import Architecture, Step

FOLDER = Path(__file__).parent
COLUMN = 138  # from one block to the next, in the drawing's units
MARGIN = 60
UPPER, LOWER = 92, 262  # the rows' middles
HEIGHT = 344
LINE = 15  # of text
LARGEST = 1.3  # CSS pixels for a unit of the drawing
TIED = ("flatten", "pixel shuffle", "reshape")  # said together with the layer beside them

_component = st.components.v2.component(
    "latent_drawing",
    css=(FOLDER / "drawing.css").read_text(encoding="utf-8"),
    js=bundle(FOLDER, "drawing.js"),
)


@dataclass(frozen=True)
class DrawingProps(Props):
    """The drawing as the browser gets it."""

    svg: str


@dataclass(frozen=True)
class Block:
    """A block of the drawing: the layers that lead to it, its shape, and a name if it has one."""

    layers: tuple[str, ...]
    shape: tuple[int, ...]
    name: str = ""


def show(architecture: Architecture, *, noise: float, key: str) -> None:
    """The drawing, as wide as the page, in the page's colours."""
    _component(key=key, data=DrawingProps(svg(architecture, noise=noise)).to_data())


def size_in_words(shape: tuple[int, ...]) -> str:
    """A shape as people write it."""
    return " × ".join(map(str, shape))


def encoder_blocks(architecture: Architecture, noise: float) -> list[Block]:
    """From the image to the last block before the code."""
    label = f"+ label, {architecture.encoder_labels} {_inputs(architecture, architecture.label_step)}"
    blocks = _merged(architecture.encoder, {architecture.label_step: label} if architecture.encoder_labels else {})
    first = Block((), architecture.image, f"image + noise, σ = {noise:g}" if noise else "image")
    if architecture.variational:
        last = blocks[-1]
        return [first, *blocks[:-1], Block(last.layers, last.shape, "mean, log-variance")]
    return [first, *blocks]


def decoder_blocks(architecture: Architecture) -> list[Block]:
    """From the first block after the code to the reconstruction."""
    planes = "planes" if len(architecture.code) == 3 else "inputs"
    label = f"+ label, {architecture.decoder_labels} {planes}"
    blocks = _merged(architecture.decoder, {0: label} if architecture.decoder_labels else {})
    return [*blocks[:-1], Block(blocks[-1].layers, blocks[-1].shape, "reconstruction")]


def _inputs(architecture: Architecture, position: int) -> str:
    """What a label adds before an encoder step: inputs to a linear layer, planes to a map."""
    before = architecture.encoder[position - 1].shape if position else architecture.image
    return "planes" if len(before) == 3 else "inputs"


def _merged(steps: tuple[Step, ...], notes: dict[int, str]) -> list[Block]:
    """One block for each shape that matters; a layer that only rearranges values is named with the one beside it."""
    blocks: list[Block] = []
    waiting: list[str] = []
    for position, step in enumerate(steps):
        words = [notes[position]] if position in notes else []
        words.append(step.layer if step.repeats == 1 else f"{step.repeats} {step.layer}s")
        tied = step.layer in TIED[1:] or (blocks and len(step.shape) == 3 and blocks[-1].shape == step.shape)
        if step.layer == "flatten" and position + 1 < len(steps):
            waiting += words
        elif tied and blocks:
            blocks[-1] = Block((*blocks[-1].layers, *words), step.shape)
        else:
            blocks.append(Block((*waiting, *words), step.shape))
            waiting = []
    return blocks


def svg(architecture: Architecture, *, noise: float = 0.0) -> str:
    """The drawing as SVG; colours are the page's own (classes in drawing.css)."""
    down, up = encoder_blocks(architecture, noise), decoder_blocks(architecture)
    code = Block((), architecture.code, "code z")
    if not architecture.variational:  # the encoder's last block is the code itself
        code = Block(down[-1].layers, architecture.code, "code z")
        down = down[:-1]
    columns = max(len(down), len(up))
    width = columns * COLUMN + 2 * MARGIN
    right = width - MARGIN
    parts = []
    for row, blocks in ((UPPER, down), (LOWER, up[::-1])):
        parts += [_block(block, MARGIN + COLUMN * place, row) for place, block in enumerate(blocks)]
    for place, (before, after) in enumerate(pairwise(down)):
        parts.append(_arrow(MARGIN + COLUMN * place, MARGIN + COLUMN * (place + 1), UPPER, before, after, after.layers))
    for place, (after, before) in enumerate(pairwise(up[::-1])):
        parts.append(_arrow(MARGIN + COLUMN * (place + 1), MARGIN + COLUMN * place, LOWER, before, after, after.layers))
    middle = (UPPER + LOWER) / 2
    parts.append(_block(code, right, middle, "code"))
    into = ("z = μ + σ ε",) if architecture.variational else code.layers
    parts.append(_bend(MARGIN + COLUMN * (len(down) - 1), UPPER, right, middle - 34, down[-1], into, enters=True))
    parts.append(_bend(MARGIN + COLUMN * (len(up) - 1), LOWER, right, middle + 58, up[0], up[0].layers, enters=False))
    text = html.escape(in_words(architecture, noise))
    head = '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    head += '<path class="tip" d="M0 0 L8 4 L0 8 z"/></marker></defs>'
    size = f'viewBox="0 0 {width} {HEIGHT}" style="max-width: {LARGEST * width:.0f}px"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{text}">'
        f"<title>{text}</title>{head}{''.join(parts)}</svg>"
    )


def in_words(architecture: Architecture, noise: float = 0.0) -> str:
    """The drawing in words, as its alt text."""

    def path(blocks: list[Block]) -> str:
        return "; ".join(f"{', '.join(block.layers)} to {size_in_words(block.shape)}" for block in blocks)

    first, *down = encoder_blocks(architecture, noise)
    return (
        f"Encoder: {first.name}, {size_in_words(first.shape)}; {path(down)}. Code: {size_in_words(architecture.code)}. "
        f"Decoder: {path(decoder_blocks(architecture))}."
    )


def _extent(shape: tuple[int, ...]) -> tuple[float, float]:
    """A block's width and height: a step for each doubling of channels and of sides, or of a vector's length."""
    if len(shape) == 3:
        return 12 + 4 * math.log2(shape[0] + 1), 12 + 9 * math.log2(max(shape[1:]) + 1)
    return 12, 14 + 5 * math.log2(math.prod(shape) + 1)


def _block(block: Block, x: float, y: float, kind: str = "block") -> str:
    width, height = _extent(block.shape)
    lines = [size_in_words(block.shape), *([block.name] if block.name else [])]
    texts = "".join(
        f'<text class="{"shape" if row == 0 else "name"}" x="{x:.0f}" y="{y + height / 2 + 16 + LINE * row:.0f}">'
        f"{html.escape(line)}</text>"
        for row, line in enumerate(lines)
    )
    corner = f'x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{kind}" {corner} rx="3"/>{texts}'


def _arrow(start: float, end: float, y: float, before: Block, after: Block, layers: tuple[str, ...]) -> str:
    """A straight arrow between two blocks of a row, with its layers written above it."""
    ahead = 1 if end > start else -1
    from_x = start + ahead * (_extent(before.shape)[0] / 2 + 4)
    to_x = end - ahead * (_extent(after.shape)[0] / 2 + 4)
    line = f'<path class="arrow" marker-end="url(#tip)" d="M{from_x:.0f} {y} L{to_x:.0f} {y}"/>'
    return line + _lines(layers, (from_x + to_x) / 2, y - 8)


def _bend(x: float, y: float, right: float, end: float, block: Block, layers: tuple[str, ...], enters: bool) -> str:
    """The arrow from the encoder's row to the code, or from the code to the decoder's row."""
    edge = x + _extent(block.shape)[0] / 2 + 4
    points = [f"{edge:.0f} {y}", f"{right - 14:.0f} {y}", f"{right:.0f} {y}", f"{right:.0f} {end:.0f}"]
    first, corner, turn, last = points if enters else points[::-1]
    if enters:
        way = f"M{first} L{corner} Q{turn} {right:.0f} {y + 14} L{last}"
    else:
        way = f"M{first} L{right:.0f} {y - 14} Q{right:.0f} {y} {right - 14:.0f} {y} L{last}"
    return f'<path class="arrow" marker-end="url(#tip)" d="{way}"/>' + _lines(layers, (edge + right) / 2, y - 8)


def _lines(layers: tuple[str, ...], x: float, y: float) -> str:
    """Layers under each other, the last one at y."""
    words = [line for layer in layers for line in _broken(layer)]
    return "".join(
        f'<text class="{"label" if word.startswith("+") else "layer"}" x="{x:.0f}" y="{y - LINE * above:.0f}">'
        f"{html.escape(word)}</text>"
        for above, word in enumerate(reversed(words))
    )


def _broken(layer: str) -> list[str]:
    """A layer's name in lines that fit between two blocks."""
    for start in ("transposed conv ", "conv "):
        if layer.startswith(start) and (len(start) > 5 or "stride" in layer):
            return [start.strip(), layer.removeprefix(start)]
    return [layer]
