"""What this processor can multiply: the measure of how well a training step uses it."""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F


def peak(kind: torch.dtype, size: int = 1024) -> float:
    """Floating-point operations a second of a large matrix product, the best of several.

    A product of that size is made as a convolution of one pixel as well: the library behind that is twice as fast as
    the one behind ``torch.mm`` in float32 on some processors.
    """
    a, b = torch.randn(2, size, size).to(kind)
    pixels = torch.randn(1, size, size // 32, 32).to(kind, memory_format=torch.channels_last)
    kernel = b[..., None, None]
    best = float("inf")
    for product, operands in ((torch.mm, (a, b)), (F.conv2d, (pixels, kernel))):
        for _ in range(10):
            start = time.perf_counter()
            product(*operands)
            best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best
