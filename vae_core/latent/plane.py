"""What the decoder of a 2-dimensional model gives over the whole plane of its codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vae_core import media

if TYPE_CHECKING:
    from vae_core.latent.space import LatentSpace


class DecodedPlane(NamedTuple):
    """Decoded images side by side, as one sheet."""

    sheet: np.ndarray
    """uint8 (side * height, side * width, channels); the second latent dimension grows upwards."""
    extent: tuple[float, float, float, float]
    """The sheet's outer edges in latent coordinates: left, right, bottom, top."""


def decoded_plane(space: LatentSpace, side: int) -> DecodedPlane:
    """``side`` x ``side`` images, decoded over the range of the codes of an unconditional 2-dimensional model."""
    low, high = space.statistics.low, space.statistics.high
    x, y = (np.linspace(low[axis], high[axis], side) for axis in (0, 1))
    codes = np.stack([np.tile(x, side), np.repeat(y[::-1], side)], axis=1)
    sheet = media.sheet(space.decode(codes.astype(np.float32)), side, gap=0)
    half_x, half_y = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2
    extent = (x[0] - half_x, x[-1] + half_x, y[0] - half_y, y[-1] + half_y)
    return DecodedPlane(np.atleast_3d(np.asarray(sheet)), extent)
