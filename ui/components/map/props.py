"""What travels to the map in the browser, each part as JavaScript reads it.

What there is much of, such as coordinates, travels as arrays beside these; see ``parcels.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ui.components.props import Props

CURRENT_POINT = "current point"
TEST_IMAGE = "test image"


@dataclass(frozen=True)
class PointMapProps(Props):
    """Of the component itself, which never changes."""

    name: str
    """Whose parcels it shows."""


@dataclass(frozen=True)
class Mark(Props):
    """A place that is pointed out: a point by its position, or coordinates on each of some maps."""

    label: str
    kind: str = "current"
    position: int | None = None
    at: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Coordinates by the key of a map."""
    links: Sequence[int] = ()
    """Positions of points to which lines are drawn."""


@dataclass(frozen=True)
class Following(Props):
    """How the current point on a map follows a decoder's code while a live view moves it."""

    decoder: str
    """The key of the decoder; see ``vae_core.export.browser``."""
    mean: Sequence[float] | None = None
    axes: Sequence[Sequence[float]] | None = None
    """On a plane, the map's axes, (dimensions, D), through ``mean``; on other maps the nearest of the codes that were
    sent are looked up."""
    label: str = CURRENT_POINT


@dataclass(frozen=True)
class Parameter(Props):
    """A slider under the map."""

    name: str
    label: str
    values: Sequence[float]
    value: float
    ready: Sequence[float]
    """The values for which the map has already been computed."""


@dataclass(frozen=True)
class MapState(Props):
    """What a map shows at the moment."""

    points: str
    """The key of the points; maps of the same points share what is hovered, selected and hidden."""
    layout: str
    """The key of the map to show, once it has been sent; the points glide to another one."""
    alt: str
    """What it is, for those who cannot see it."""
    marks: Sequence[Mark] = ()
    selection: str = ""
    """As ``selection.write_bits`` writes it; taken up when ``revision`` changes."""
    revision: int = 0
    """Rises when the server changes the selection, for the browser knows of its own selections."""
    parameters: Sequence[Parameter] = ()
    pattern: str = ""
    """The key of the map for values of the parameters, whose names stand in braces."""
    legend: bool = True
    low: bool = False
    """Leave room for something under the map."""
    file: str = "map"
    """The name of files that are saved."""
    follow: Following | None = None
    """How the current point follows a live view on the same page, if there is one."""


@dataclass(frozen=True)
class PointsHeader(Props):
    """Which images the points are; their classes and indices are arrays."""

    id: str
    thumbnails: str
    names: Sequence[str]
    """The classes' names."""
    noun: str = TEST_IMAGE
    """What one of them is."""


@dataclass(frozen=True)
class LayoutHeader(Props):
    """One map; its coordinates are an array of 16-bit steps from low to high."""

    key: str
    dimensions: int
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class LayoutsHeader(Props):
    """Maps of the same points."""

    points: str
    layouts: Sequence[LayoutHeader]


@dataclass(frozen=True)
class ColoursHeader(Props):
    """What the points' colours mean: groups or values."""

    points: str
    kind: str
    names: Sequence[str] = ()
    """Of the groups."""
    title: str = ""
    """Of the values."""
    ends: Sequence[str] = ()
    """The lowest and the highest value, in words."""


@dataclass(frozen=True)
class Circle(Props):
    """A circle around the origin of a plane of codes."""

    radius: float
    label: str


@dataclass(frozen=True)
class BackgroundHeader(Props):
    """What lies under a plane of codes; its decoded images are a WebP file."""

    layout: str
    extent: Sequence[float]
    """Left, right, bottom and top of the file, in the map's coordinates."""
    circles: Sequence[Circle]
    grey: bool


@dataclass(frozen=True)
class ThumbnailsHeader(Props):
    """Strips of small images, ``each`` images to a strip, from the point at ``first`` on."""

    set: str
    first: int
    each: int
    width: int
    height: int
