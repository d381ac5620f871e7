"""What the live views in the browser are given, each part as JavaScript reads it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ui.components.props import Props
from vae_core import media


def singles_in_base64(values: np.ndarray) -> str:
    """Values as base64 of little-endian single-precision floats; base64.js reads them."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def bytes_in_base64(image: np.ndarray) -> str:
    """An image (C, H, W) in [0, 1] as base64 of its bytes, channels last."""
    return base64.b64encode(media.to_uint8(image).tobytes()).decode()


@dataclass(frozen=True)
class ViewProps(Props):
    """The base of the props of each view."""

    view: ClassVar[str]
    """The view's name in host.js."""


@dataclass(frozen=True)
class ViewMessage(Props):
    """What the component of a view gets: which view it is, its own props, and which decoders it needs."""

    view: str
    props: ViewProps
    decoders: Sequence[str]
    """The keys of the decoders that it runs."""
    arriving: Sequence[str]
    """Those among them that are being sent along with this message."""


@dataclass(frozen=True)
class OwnDirection(Props):
    """A direction that the visitor made."""

    name: str
    step: Sequence[float]
    """(D,) one standard deviation of the codes long."""


@dataclass(frozen=True)
class WorkbenchWords(Props):
    """What the workbench says in words that the server uses as well."""

    centre: str
    """The button that goes to the centre of the codes."""
    centre_source: str
    """Where a code is from that was moved there."""
    sample_source: str
    """Where a random code is from."""
    traversal_source: str
    """Where a code is from that was reached while playing."""
    hand_source: str
    """Where a code is from that was moved by hand."""
    distribution: str
    """What typicality is measured by."""
    labels: str
    """What the buttons of the labels are for."""


@dataclass(frozen=True)
class WorkbenchProps(ViewProps):
    """The live view of the page Explore: image, sliders, pad and buttons at one code."""

    view: ClassVar[str] = "workbench"
    names: Sequence[str]
    """Of the models whose decoders it runs: the current one, and perhaps one beside it."""
    code: Sequence[float]
    label: int | None
    source: str
    """Where the code is from."""
    serial: int
    """Of the last move from the browser that the server knows."""
    labels: Sequence[str]
    """The names of the labels of a conditional model."""
    variational: bool
    temperature: float
    basis: str
    """What the sliders move along: ``dimensions``, ``principal``, ``attributes`` or ``own``."""
    attributes: Sequence[str]
    own: Sequence[OwnDirection]
    score_unit: str
    """What dimensions are ranked by: ``nats`` or ``share``."""
    pad: Sequence[str] | None
    """The names of the pad's two axes."""
    smooth: bool
    pace: bool
    """Whether to show how quickly the image follows."""
    engine: str
    """Which engine is wanted: ``auto``, ``wasm`` or ``js``."""
    compact: bool
    """Without a pad, for a narrow place beside something else."""
    can_undo: bool
    can_redo: bool
    words: WorkbenchWords


@dataclass(frozen=True)
class PathRow(Props):
    """One model's interpolation path."""

    name: str
    decoder: str
    codes: str
    """Many along the path, as ``singles_in_base64`` writes them."""
    labels: Sequence[int] | None
    """Of the two ends, for a conditional model; the label changes half-way."""
    far: Sequence[bool]
    """Which of the codes lie far from every real one."""


@dataclass(frozen=True)
class Blend(Props):
    """The baseline: two images that are cross-faded pixel by pixel, as ``bytes_in_base64`` writes them."""

    name: str
    a: str
    b: str
    shape: Sequence[int]
    """Channels, height and width."""


@dataclass(frozen=True)
class PathProps(ViewProps):
    """The live view of the page Interpolate: a scrubber over several paths at once."""

    view: ClassVar[str] = "path"
    rows: Sequence[PathRow]
    blend: Blend
    steps: int
    position: float
    """From 0 to ``steps`` - 1."""
    revision: int
    """Counts the server's own moves."""
    label: str
    """What the scrubber moves along."""
    far_mark: str
    """What stands beside the name of a model whose code is far from every real one."""


@dataclass(frozen=True)
class PlaneProps(ViewProps):
    """The live view of a two-dimensional latent space."""

    view: ClassVar[str] = "plane"
    axes: Sequence[Sequence[float]]
    """The values of both dimensions at the middles of the cells, rising."""
    code: Sequence[float]
    label: int | None
    serial: int
    """Of the last move from the browser that the server knows."""
    source: str
    """Where a code is from that is picked here."""
