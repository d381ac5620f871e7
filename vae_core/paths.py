"""Paths and grids in latent space, in numpy only. Codes are (D,); paths and grids are (steps, D)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from vae_core.config import UserError

Kind = Literal["linear", "spherical"]
KINDS: tuple[Kind, ...] = ("linear", "spherical")
NEARLY_PARALLEL = 1e-6  # radians from 0 or pi, where the great circle is not determined


def lerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Straight line from a (D,) at t = 0 to b (D,) at t = 1; t is (steps,), the result (steps, D)."""
    t = np.asarray(t, float)[:, None]
    return (1 - t) * a + t * b


def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Along the great circle from a to b, the norm changing linearly (White 2016, "Sampling generative networks").

    In many dimensions the prior's mass lies on a shell, which a straight line leaves and this path keeps to. Where
    the circle is not determined (a zero, parallel or antipodal vector) it is the straight line.
    """
    t = np.asarray(t, float)
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if min(norms) == 0:
        return lerp(a, b, t)
    u, v = a / norms[0], b / norms[1]
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))  # exact also for tiny angles
    if not NEARLY_PARALLEL < angle < np.pi - NEARLY_PARALLEL:
        return lerp(a, b, t)
    first, second = np.sin((1 - t) * angle), np.sin(t * angle)
    directions = (first[:, None] * u + second[:, None] * v) / np.sin(angle)
    return ((1 - t) * norms[0] + t * norms[1])[:, None] * directions


def path(a: np.ndarray, b: np.ndarray, steps: int, kind: str = "linear") -> np.ndarray:
    """Codes (steps, D) from a to b, both ends included exactly.

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
    t = np.linspace(0, 1, steps).reshape(-1, 1, 1, 1)
    return ((1 - t) * a + t * b).astype(np.float32)


def prior_grid(side: int) -> np.ndarray:
    """A grid of side x side codes (side^2, 2) at equal quantiles of the two-dimensional prior.

    Rows from high to low second number, as on a map; see Kingma & Welling 2014, figure 4.
    """
    from scipy.stats import norm

    quantiles = norm.ppf((np.arange(side) + 0.5) / side)
    first, second = np.meshgrid(quantiles, quantiles[::-1])
    return np.stack([first.ravel(), second.ravel()], axis=1)
