"""What a map shows, as pages have it: points, their colours, and what lies under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Points:
    """Which images are on a map."""

    key: str
    """Stands for the images and their order."""
    indices: np.ndarray
    """(N,) the images' positions in the test split."""
    labels: np.ndarray | None
    """(N,) their classes, if there are any."""
    names: tuple[str, ...]
    """The classes' names."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Points coloured by the group that they belong to."""

    labels: np.ndarray
    """(N,) the groups, as positions in ``names``."""
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Values:
    """Points coloured by a value of each."""

    values: np.ndarray
    """(N,)"""
    title: str


@dataclass(frozen=True, eq=False)
class Background:
    """What lies under a plane of codes: decoded images, and circles of the prior's standard deviations."""

    layout: str
    """The key of the map that it belongs to."""
    sheet: np.ndarray | None
    """(H, W, C) bytes; None for circles only."""
    extent: tuple[float, float, float, float]
    """Left, right, bottom and top of the sheet, in the map's coordinates."""
    radii: Sequence[float] = ()
