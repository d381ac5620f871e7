"""Sending a map's parcels through hidden mounts, each of which travels again only when it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import streamlit as st

from ui.components.bundle import bundle
from ui.components.map import parcels
from ui.components.map.content import Background, Groups, Points, Values
from ui.components.map.parcels import FOLDER
from ui.components.map.props import BackgroundHeader, Circle, ColoursHeader, MapState, PointsHeader
from ui.palette import COLOURS

MOST_GROUPS = 255
# From dark to light with even steps (viridis, van der Walt & Smith 2015), its ends left out: both kinds of page are
# behind it.
RAMP = ("#46327E", "#365C8D", "#277F8E", "#1FA187", "#4AC16D", "#A0DA39")

_parcel = st.components.v2.component("latent_map_parcel", js=bundle(FOLDER, "parcel.js"))


def hidden(name: str) -> Any:
    """A container that takes no room on the page."""
    return st.container(key=f"parcels_{name}")


def send_points(name: str, points: Points) -> None:
    """Send the points of a map; call it where the page runs again as a whole."""
    with hidden(f"points_{name}"):
        classes = np.zeros(len(points.indices), np.uint8) if points.labels is None else points.labels % 256
        header = PointsHeader(points.key, points.key, points.names)
        arrays: dict[str, np.ndarray] = {
            "classes": classes.astype(np.uint8),
            "indices": points.indices.astype(np.uint32),
        }
        _parcel(key=f"points_{name}", data=parcels.pack(f"points:{name}", header.to_data(), arrays))


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
    """Send the points' images, uint8 (N, C, H, W), as thumbnails; last on a page, for they are the most."""
    with hidden("thumbnails"):
        for part, content in enumerate(_packed_thumbnails(points.key, images)):
            _parcel(key=f"thumbnails_{part}", data=content)


@st.cache_resource(max_entries=6, show_spinner=False)
def _packed_thumbnails(key: str, _images: Callable[[], np.ndarray]) -> list[bytes]:
    return parcels.pack_thumbnails(key, _images())


def send_colours(name: str, points: Points, colouring: Groups | Values) -> None:
    """Send what the points' colours mean."""
    slot = f"tones:{name}"
    with hidden(f"colours_{name}"):
        if isinstance(colouring, Groups):
            content = _packed_groups(slot, points, colouring)
        else:
            content = _packed_values(slot, points, colouring)
        _parcel(key=f"colours_{name}", data=content)


def _packed_groups(slot: str, points: Points, groups: Groups) -> bytes:
    tones = (groups.labels % 256).astype(np.uint8)
    header = ColoursHeader(points.key, "groups", names=groups.names[:MOST_GROUPS])
    return parcels.pack(slot, header.to_data(), {"tones": tones, "palette": parcels.palette_of(COLOURS).ravel()})


def _packed_values(slot: str, points: Points, colouring: Values) -> bytes:
    """Values as tones from their 1st to their 99th percentile."""
    finite = colouring.values[np.isfinite(colouring.values)]
    low, high = np.percentile(finite, [1, 99]) if len(finite) else (0.0, 1.0)
    share = np.clip((colouring.values - low) / max(high - low, 1e-12), 0, 1)
    header = ColoursHeader(points.key, "values", title=colouring.title, ends=(f"{low:.3g}", f"{high:.3g}"))
    arrays = {
        "tones": np.round(255 * np.nan_to_num(share)).astype(np.uint8),
        "palette": parcels.ramp_of(RAMP).ravel(),
        "values": np.nan_to_num(colouring.values).astype(np.float32),
    }
    return parcels.pack(slot, header.to_data(), arrays)


def send_background(name: str, background: Background) -> None:
    """Send what lies under the map whose key it names."""
    sheet = background.sheet
    header = BackgroundHeader(
        background.layout,
        background.extent,
        circles=[Circle(radius, f"{radius:g}σ") for radius in background.radii],
        grey=sheet is not None and sheet.shape[-1] == 1,
    )
    picture = np.zeros(0, np.uint8) if sheet is None else parcels.webp(sheet)
    with hidden(f"background_{name}"):
        content = parcels.pack(f"background:{name}", header.to_data(), {"picture": picture})
        _parcel(key=f"background_{name}", data=content)


def send_state(name: str, state: MapState) -> None:
    """Send what the map shows at the moment."""
    with hidden(f"state_{name}"):
        _parcel(key=f"state_{name}", data=parcels.pack(f"state:{name}", state.to_data()))
