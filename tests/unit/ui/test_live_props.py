"""What the live view is given."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from ui.components.live.props import bytes_in_base64


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_travel_row_by_row_with_channels_last(channels: int) -> None:
    """An image without symmetry, not square: what the browser reads at (row, column, channel) is that value."""
    image = np.arange(channels * 4 * 2, dtype=np.uint8).reshape(channels, 4, 2)
    sent = np.frombuffer(base64.b64decode(bytes_in_base64(image / np.float32(255))), np.uint8)
    for channel, row, column in np.ndindex(channels, 4, 2):
        assert sent[(row * 2 + column) * channels + channel] == image[channel, row, column]
