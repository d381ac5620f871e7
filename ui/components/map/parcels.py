"""What travels to the map in the browser: a header as JSON and arrays as bytes, read by parcel.js."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ui.components.map.props import LayoutHeader, LayoutsHeader, ThumbnailsHeader
from vae_core import media
from vae_core.export.container import lay_out, write_block
from vae_core.maps import quantise

FOLDER = Path(__file__).parent
PICTURES_A_STRIP = 64
PICTURES_A_PARCEL = 10_048  # a whole number of strips
LARGEST_THUMBNAIL = 48  # pixels a side
QUALITY = 65  # of WebP


def pack(slot: str, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> bytes:
    """A parcel for a slot of the browser's store; its ``id`` stands for its content."""
    listing, body = lay_out(arrays or {})
    digest = hashlib.blake2b(json.dumps(dict(header), sort_keys=True).encode() + body, digest_size=12).hexdigest()
    return write_block({"id": digest, **header, "slot": slot, "arrays": listing}, body)


def pack_layouts(slot: str, points: str, layouts: Mapping[str, np.ndarray]) -> bytes:
    """Maps (N, 2 or 3) of the same points, by key, quantised to 16 bits."""
    headers, arrays = [], {}
    for position, (key, coordinates) in enumerate(layouts.items()):
        arrays[f"layout{position}"], low, high = quantise(coordinates)
        headers.append(LayoutHeader(key, coordinates.shape[1], low.tolist(), high.tolist()))
    return pack(slot, LayoutsHeader(points, headers).to_data(), arrays)


def pack_thumbnails(name: str, images: np.ndarray) -> list[bytes]:
    """Images uint8 (N, C, H, W) as strips of WebP, in parcels of 10,000 or so."""
    parcels = []
    for first in range(0, len(images), PICTURES_A_PARCEL):
        part = images[first : first + PICTURES_A_PARCEL]
        strips = [_strip(part[at : at + PICTURES_A_STRIP]) for at in range(0, len(part), PICTURES_A_STRIP)]
        height, width = _thumbnail_size(images)
        header = ThumbnailsHeader(name, first, PICTURES_A_STRIP, width, height)
        ends = np.cumsum([len(strip) for strip in strips]).astype(np.uint32)
        arrays: dict[str, np.ndarray] = {"ends": ends, "strips": np.frombuffer(b"".join(strips), np.uint8)}
        parcels.append(pack(f"thumbnails:{name}:{first}", header.to_data(), arrays))
    return parcels


def _thumbnail_size(images: np.ndarray) -> tuple[int, int]:
    height, width = images.shape[-2:]
    shrink = max(1, -(-max(height, width) // LARGEST_THUMBNAIL))
    return height // shrink, width // shrink


def _strip(images: np.ndarray) -> bytes:
    """Images (n, C, H, W) side by side, shrunk by a whole factor if they are large, as WebP."""
    height, width = _thumbnail_size(images)
    row = np.concatenate(list(media.to_uint8(images)), axis=1)
    picture = media.to_pillow(row)
    if row.shape[0] != height:
        picture = picture.reduce(row.shape[0] // height)
    buffer = io.BytesIO()
    picture.crop((0, 0, width * len(images), height)).save(buffer, "WEBP", quality=QUALITY, method=1)
    return buffer.getvalue()


def webp(image: np.ndarray) -> np.ndarray:
    """An image (H, W, C) of bytes as WebP, as an array for ``pack``."""
    buffer = io.BytesIO()
    media.to_pillow(image).save(buffer, "WEBP", quality=QUALITY)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def hexadecimal(colour: str) -> tuple[int, int, int]:
    """``#RRGGBB`` as red, green and blue."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def palette_of(colours: Sequence[str]) -> np.ndarray:
    """256 colours, uint8 (256, 4), which repeat the given ones."""
    once = np.array([(*hexadecimal(colour), 255) for colour in colours], np.uint8)
    return np.resize(once, (256, 4))


def ramp_of(colours: Sequence[str]) -> np.ndarray:
    """256 colours, uint8 (256, 4), from the first to the last of the given ones."""
    anchors = np.array([hexadecimal(colour) for colour in colours], float)
    at = np.linspace(0, len(anchors) - 1, 256)
    parts = [np.interp(at, np.arange(len(anchors)), anchors[:, part]) for part in range(3)]
    return np.stack([*parts, np.full(256, 255)], axis=1).round().astype(np.uint8)
