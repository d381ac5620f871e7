"""The decoded plane of a 2-dimensional model."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from vae_core.latent.plane import decoded_plane


def test_the_sheet_shows_each_code_where_it_lies() -> None:
    """The first latent dimension grows to the right and the second upwards; the edges lie half a cell further out."""
    statistics = SimpleNamespace(low=np.array([0.0, 0.0]), high=np.array([2.0, 1.0]))

    def decode(codes: np.ndarray) -> np.ndarray:
        grey = 0.1 * codes[:, 0] + 0.5 * codes[:, 1]
        return np.broadcast_to(grey[:, None, None, None], (len(codes), 1, 2, 3)).astype(np.float32)

    sheet, extent = decoded_plane(SimpleNamespace(statistics=statistics, decode=decode), 3)  # type: ignore[arg-type]
    assert sheet.shape == (6, 9, 1)
    cells = sheet[::2, ::3, 0] / 255
    np.testing.assert_allclose(cells, [[0.5, 0.6, 0.7], [0.25, 0.35, 0.45], [0, 0.1, 0.2]], atol=0.5 / 255)
    assert extent == (-0.5, 2.5, -0.25, 1.25)
