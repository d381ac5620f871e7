"""Selections of points as text: one bit a point, lowest bit first, in base64; selection.js does the same."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np


def write_bits(selected: np.ndarray) -> str:
    """A selection (N,) bool as the browser reads it."""
    return base64.b64encode(np.packbits(selected, bitorder="little").tobytes()).decode()


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
