"""The map of points: drawn by WebGL in the browser, with pictures, lasso, search and keyboard.

The component itself never changes, so that its program travels once. What it shows comes in parcels through hidden
mounts (``parcels.py`` packs, ``parcel.js`` reads), each of which travels again only when it changes: the points, their
maps, their colours, their pictures, and the state (which map, what is marked and selected).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ui.components.bundle import bundle
from ui.components.map import parcels
from ui.palette import COLOURS

FOLDER = Path(__file__).parent
MOST_GROUPS = 255
# From dark to light with even steps (viridis, van der Walt & Smith 2015), its ends left out: both kinds of page are
# behind it.
RAMP = ("#46327E", "#365C8D", "#277F8E", "#1FA187", "#4AC16D", "#A0DA39")

_parcel = st.components.v2.component("latent_map_parcel", js=bundle(FOLDER, "parcel.js"))
_map = st.components.v2.component(
    "latent_map",
    html=(FOLDER / "map.html").read_text(encoding="utf-8"),
    css=(FOLDER / "map.css").read_text(encoding="utf-8"),
    js=bundle(FOLDER, "map.js"),
)


@dataclass(frozen=True, eq=False)
class Points:
    """Which images are on a map."""

    key: str
    """Stands for the images and their order."""
    indices: np.ndarray
    """(N,) the images' numbers in the test split."""
    labels: np.ndarray | None
    """(N,) their classes, if there are any."""
    names: tuple[str, ...]
    """The classes' names."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Points coloured by what they belong to."""

    labels: np.ndarray
    """(N,) numbers of the groups."""
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Values:
    """Points coloured by a number of each."""

    values: np.ndarray
    """(N,)"""
    title: str


@dataclass(frozen=True)
class Mark:
    """A place that is pointed out: a point by its position, or coordinates on each of some maps."""

    label: str
    kind: str = "current"
    position: int | None = None
    at: Mapping[str, Sequence[float]] = field(default_factory=dict)
    links: Sequence[int] = ()
    """Positions of points to which lines are drawn."""


@dataclass(frozen=True)
class Following:
    """How the current point on a map follows a decoder's code while a live view moves it."""

    decoder: str
    """The key of the decoder; see ``vae_core.export.browser``."""
    mean: Sequence[float] | None = None
    axes: Sequence[Sequence[float]] | None = None
    """On a plane, the map's axes, (dimensions, D), through ``mean``; on other maps the codes that were sent are looked
    through for the nearest."""


@dataclass(frozen=True)
class Parameter:
    """A slider under the map."""

    name: str
    label: str
    values: Sequence[float]
    value: float
    ready: Sequence[float]
    """The values for which the map is there already."""


@dataclass(frozen=True, eq=False)
class Background:
    """What lies under a plane of codes: decoded pictures, and circles of the prior's standard deviations."""

    layout: str
    """The key of the map that it belongs to."""
    sheet: np.ndarray | None
    """(H, W, C) bytes; None for circles only."""
    extent: tuple[float, float, float, float]
    """Left, right, bottom and top of the sheet, in the map's coordinates."""
    radii: Sequence[float] = ()


def send_points(name: str, points: Points) -> None:
    """Send the points of a map; call it where the page runs again as a whole."""
    with hidden(f"points_{name}"):
        classes = np.zeros(len(points.indices), np.uint8) if points.labels is None else points.labels % 256
        header = {"id": points.key, "thumbnails": points.key, "names": list(points.names)}
        arrays: dict[str, np.ndarray] = {
            "classes": classes.astype(np.uint8),
            "indices": points.indices.astype(np.uint32),
        }
        _parcel(key=f"points_{name}", data=parcels.pack(f"points:{name}", header, arrays))


def send_layouts(name: str, points: Points, layouts: Mapping[str, np.ndarray], *, part: str = "ready") -> None:
    """Send maps (N, 2 or 3) by key; ``part`` tells mounts of one map apart."""
    with hidden(f"layouts_{part}_{name}"):
        content = _packed_layouts(f"layouts:{name}:{part}", points.key, tuple(layouts), layouts)
        _parcel(key=f"layouts_{part}_{name}", data=content)


@st.cache_resource(max_entries=24, show_spinner=False)
def _packed_layouts(slot: str, points: str, keys: tuple[str, ...], _layouts: Mapping[str, np.ndarray]) -> bytes:
    return parcels.pack_layouts(slot, points, dict(_layouts))


def send_codes(name: str, points: Points, digest: str, codes: np.ndarray) -> None:
    """Send the codes (N, D) of a map's points by the model of a digest, which ``Following`` without axes needs."""
    with hidden(f"codes_{name}"):
        content = _packed_layouts(f"codes:{name}", points.key, (digest,), {digest: codes})
        _parcel(key=f"codes_{name}", data=content)


def send_thumbnails(points: Points, images: Callable[[], np.ndarray]) -> None:
    """Send the points' pictures, uint8 (N, C, H, W); last on a page, for they are the most."""
    with hidden("thumbnails"):
        for number, content in enumerate(_packed_thumbnails(points.key, images)):
            _parcel(key=f"thumbnails_{number}", data=content)


@st.cache_resource(max_entries=6, show_spinner=False)
def _packed_thumbnails(key: str, _images: Callable[[], np.ndarray]) -> list[bytes]:
    return parcels.pack_thumbnails(key, _images())


def send_colours(name: str, points: Points, colouring: Groups | Values) -> None:
    """Send what the points' colours mean."""
    with hidden(f"colours_{name}"):
        _parcel(key=f"colours_{name}", data=_packed_colours(name, points, colouring))


def _packed_colours(name: str, points: Points, colouring: Groups | Values) -> bytes:
    header: dict[str, Any] = {"points": points.key}
    if isinstance(colouring, Groups):
        tones = (colouring.labels % 256).astype(np.uint8)
        header |= {"kind": "groups", "names": list(colouring.names[:MOST_GROUPS])}
        arrays = {"tones": tones, "palette": parcels.palette_of(COLOURS).ravel()}
        return parcels.pack(f"tones:{name}", header, arrays)
    finite = colouring.values[np.isfinite(colouring.values)]
    low, high = np.percentile(finite, [1, 99]) if len(finite) else (0.0, 1.0)
    share = np.clip((colouring.values - low) / max(high - low, 1e-12), 0, 1)
    header |= {"kind": "values", "title": colouring.title, "ends": [f"{low:.3g}", f"{high:.3g}"]}
    arrays = {
        "tones": np.round(255 * np.nan_to_num(share)).astype(np.uint8),
        "palette": parcels.ramp_of(RAMP).ravel(),
        "values": np.nan_to_num(colouring.values).astype(np.float32),
    }
    return parcels.pack(f"tones:{name}", header, arrays)


def send_background(name: str, background: Background) -> None:
    """Send what lies under the map whose key it names."""
    picture = np.zeros(0, np.uint8) if background.sheet is None else parcels.webp(background.sheet)
    circles = [{"radius": radius, "label": f"{radius:g}σ"} for radius in background.radii]
    header: dict[str, Any] = {"layout": background.layout, "extent": list(background.extent), "circles": circles}
    header["grey"] = background.sheet is not None and background.sheet.shape[-1] == 1
    with hidden(f"background_{name}"):
        _parcel(key=f"background_{name}", data=parcels.pack(f"background:{name}", header, {"picture": picture}))


def point_map(
    name: str,
    points: Points,
    layout: str,
    *,
    alt: str,
    marks: Sequence[Mark] = (),
    selected: np.ndarray | None = None,
    revision: int = 0,
    parameters: Sequence[Parameter] = (),
    pattern: str = "",
    legend: bool = True,
    low: bool = False,
    file: str = "map",
    follow: Following | None = None,
    on_pick: Callable[[int], None] | None = None,
    on_select: Callable[[np.ndarray], None] | None = None,
    on_tune: Callable[[dict[str, float]], None] | None = None,
) -> None:
    """The map on the page. Maps of the same points share what is hovered, selected and hidden.

    Args:
        name: of this map's parcels.
        points: which images it shows.
        layout: the key of the map to show, once it has been sent; another one than before is morphed to.
        alt: what it is, for those who cannot see it.
        marks: places that are pointed out.
        selected: (N,) bool; taken up when ``revision`` changes, for the browser knows of its own selections.
        revision: rises when the server changes the selection.
        parameters: sliders under the map.
        pattern: the key of the map for values of the parameters, whose names stand in braces.
        legend: whether to show the legend.
        low: leave room for something under the map.
        file: the name of files that are saved.
        follow: how the current point follows a live view on the same page, if there is one.
        on_pick: called with a point's position when it was clicked.
        on_select: called with (N,) bool when points were selected.
        on_tune: called with the parameters' values when a slider was released.
    """
    key, count = f"map_{name}", len(points.indices)
    chosen = np.zeros(count, bool) if selected is None else selected
    state = {
        "points": points.key,
        "layout": layout,
        "alt": alt,
        "marks": [
            {
                "label": mark.label,
                "kind": mark.kind,
                "position": mark.position,
                "links": list(mark.links),
                "at": {map_key: list(map(float, place)) for map_key, place in mark.at.items()},
            }
            for mark in marks
        ],
        "selection": base64.b64encode(np.packbits(chosen, bitorder="little").tobytes()).decode(),
        "revision": revision,
        "parameters": [
            {
                "name": one.name,
                "label": one.label,
                "values": list(one.values),
                "value": one.value,
                "ready": list(one.ready),
            }
            for one in parameters
        ],
        "pattern": pattern,
        "legend": legend,
        "low": low,
        "file": file,
        "link": points.key,
        "follow": None if follow is None else asdict(follow),
    }

    def picked() -> None:
        position = st.session_state[key].get("picked")
        if on_pick is not None and _is_number(position) and 0 <= position < count:
            on_pick(int(position))

    def selection_changed() -> None:
        told = st.session_state[key].get("selected")
        if on_select is None or not isinstance(told, Mapping) or told.get("points") != points.key:
            return
        positions = read_bits(told.get("bits"), count)
        if positions is not None:
            on_select(positions)

    def tuned() -> None:
        told = st.session_state[key].get("tuned")
        wanted = {one.name: one.values for one in parameters}
        if on_tune is None or not isinstance(told, Mapping):
            return
        on_tune({one: float(value) for one, value in told.items() if one in wanted and value in wanted[one]})

    _map(
        key=key,
        data={"name": name},
        on_picked_change=picked,
        on_selected_change=selection_changed,
        on_tuned_change=tuned,
    )
    with hidden(f"state_{name}"):
        _parcel(key=f"state_{name}", data=parcels.pack(f"state:{name}", state))


def read_bits(text: Any, count: int) -> np.ndarray | None:
    """A selection (count,) as the browser writes it; None if it is not one."""
    if not isinstance(text, str):
        return None
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(content) != -(-count // 8):
        return None
    return np.unpackbits(np.frombuffer(content, np.uint8), count=count, bitorder="little").astype(bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def hidden(name: str) -> Any:
    """A container that takes no place on the page."""
    return st.container(key=f"parcels_{name}")
