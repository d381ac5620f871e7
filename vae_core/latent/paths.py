"""Paths and grids in latent space, in numpy only. Codes are (D,); paths and grids are (steps, D)."""

from __future__ import annotations

from statistics import NormalDist
from typing import Literal

import numpy as np

from vae_core.config import UserError

Kind = Literal["linear", "spherical"]
KINDS: tuple[Kind, ...] = ("linear", "spherical")
NEARLY_PARALLEL = 1e-6  # radians from 0 or pi, where two directions do not determine a great circle


def lerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Straight line from a at t = 0 to b at t = 1; a and b are of one shape, t is (steps,), the result (steps, ...)."""
    t = np.asarray(t, float).reshape(-1, *[1] * np.ndim(a))
    return (1 - t) * a + t * b


def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Along the great circle from a (D,) to b (D,), the norm changing linearly; t is (steps,), the result (steps, D).

    In many dimensions the prior's mass lies on a shell, which a straight line leaves and this path keeps to (White
    2016, "Sampling generative networks"). Nearly parallel codes, and a code at the origin, are joined by the straight
    line, which is the circle's limit. Opposite codes lie on many great circles; one is chosen by a fixed rule. (On a
    line, D = 1, there is no circle, and the path goes straight through the origin.)
    """
    t = np.asarray(t, float)
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if min(norms) == 0:
        return lerp(a, b, t)
    u, v = a / norms[0], b / norms[1]
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))  # exact also for tiny angles
    if angle < NEARLY_PARALLEL or (angle > np.pi - NEARLY_PARALLEL and len(u) == 1):
        return lerp(a, b, t)
    if angle > np.pi - NEARLY_PARALLEL:
        directions = np.cos(np.pi * t)[:, None] * u + np.sin(np.pi * t)[:, None] * _perpendicular(u - v)
    else:
        first, second = np.sin((1 - t) * angle), np.sin(t * angle)
        directions = (first[:, None] * u + second[:, None] * v) / np.sin(angle)
    return ((1 - t) * norms[0] + t * norms[1])[:, None] * directions


def _perpendicular(line: np.ndarray) -> np.ndarray:
    """A unit vector at right angles to a line; the same one for -line, so that a path and its reverse agree."""
    along = line / np.linalg.norm(line)
    axis = np.zeros_like(along)
    axis[np.abs(along).argmin()] = 1
    side = axis - (axis @ along) * along
    return side / np.linalg.norm(side)


def path(a: np.ndarray, b: np.ndarray, steps: int, kind: str = "linear") -> np.ndarray:
    """Codes (steps, D) from a (D,) to b (D,), both ends included exactly.

    Raises:
        UserError: if there are fewer than two steps, the ends differ in size, or the kind is unknown.
    """
    if steps < 2:
        raise UserError(f"a path of {steps} steps has no two ends; take at least 2")
    if kind not in KINDS:
        raise UserError(f"there is no path {kind!r}; choose one of {', '.join(KINDS)}")
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.ndim != 1:
        raise UserError(f"the ends of a path have the shapes {a.shape} and {b.shape}; they must be codes of one model")
    codes = (lerp if kind == "linear" else slerp)(a.astype(float), b.astype(float), np.linspace(0, 1, steps))
    codes[0], codes[-1] = a, b
    return codes


def cross_fade(a: np.ndarray, b: np.ndarray, steps: int) -> np.ndarray:
    """The pixel average of two images (C, H, W), from a to b: (steps, C, H, W). What a latent path must beat."""
    return lerp(a, b, np.linspace(0, 1, steps)).astype(np.float32)


def prior_grid(side: int) -> np.ndarray:
    """A grid of side x side codes (side^2, 2) at equal quantiles of the two-dimensional prior.

    Row by row, the first dimension rising from left to right and the second falling from top to bottom, as on a map.
    See Kingma & Welling 2014, figure 4: equal steps on the unit square, through the inverse normal distribution.
    """
    normal = NormalDist()
    quantiles = np.array([normal.inv_cdf((step + 0.5) / side) for step in range(side)])
    first, second = np.meshgrid(quantiles, quantiles[::-1])
    return np.stack([first.ravel(), second.ravel()], axis=1)
