"""What codes know of the images' attributes (smiling, eyeglasses ...), and the directions in which each grows."""

from __future__ import annotations

import numpy as np

from vae_core.evaluation.metrics import linear_probe
from vae_core.evaluation.record import AttributeProbe


def probe_attributes(
    train_codes: np.ndarray, train_values: np.ndarray, codes: np.ndarray, values: np.ndarray, names: tuple[str, ...]
) -> tuple[AttributeProbe, ...]:
    """How well a linear probe reads each attribute from codes, and the direction in which it grows.

    The direction is the difference between the mean training codes with and without the attribute (Larsen et al. 2016,
    "Autoencoding beyond pixels", section 3.2), so that moving along it stays where codes are; the probe's own weights
    would also undo what merely comes along with the attribute.

    Args:
        train_codes: (M, D) that the probe and the direction are learnt from.
        train_values: bool (M, K), who has which attribute.
        codes: (N, D) of the test split.
        values: bool (N, K).
        names: K names.

    Returns:
        One for each attribute, but for those that all or none of the training images have.
    """
    probes = []
    for index, name in enumerate(names):
        having, share = train_values[:, index], values[:, index].mean()
        if having.all() or not having.any():
            continue
        difference = train_codes[having].mean(0, dtype=float) - train_codes[~having].mean(0, dtype=float)
        direction = difference / max(float(np.linalg.norm(difference)), float(np.finfo(float).tiny))
        accuracy = linear_probe(train_codes, having, codes, values[:, index])
        probes.append(
            AttributeProbe(
                name,
                accuracy=float(f"{accuracy:.6g}"),
                majority=float(f"{max(share, 1 - share):.6g}"),
                direction=tuple(float(f"{value:.5g}") for value in direction),
            )
        )
    return tuple(probes)
