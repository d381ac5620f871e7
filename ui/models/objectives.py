"""How other programs scale a VAE's loss, and which β that is on this program's scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vae_core.models import formulas

if TYPE_CHECKING:
    from vae_core.config import ModelConfig


class Scaling(NamedTuple):
    """A way to write a VAE's loss: in code, what its KL weight w is as a beta, and what it does."""

    loss: str
    beta: float
    """The beta of this program for w = 1; beta is proportional to w."""
    meaning: str


def scalings(model: ModelConfig) -> list[Scaling]:
    """How other programs write the loss of a VAE with the same likelihood, and what that is on this scale."""
    count = formulas.pixels(model)
    name = "bce" if model.likelihood == "bernoulli" else "squared_error"
    first = "The convention here: w is β."
    if model.likelihood == "gaussian":
        first += " A squared error without a variance is a Gaussian with s² = 1/2, held fixed."
    return [
        Scaling(f"{name}.sum() + w * kl.sum()", 1.0, first),
        Scaling(
            f"{name}.mean() * {count} + w * kl.sum()",
            1.0,
            f"The mean over pixels times their number, {count:,}, is the sum again: w is β.",
        ),
        Scaling(
            f"{name}.mean() + w * kl.sum()",
            float(count),
            f"The mean over pixels is a {count:,}th of the sum, so that the KL weighs {count:,} times as much.",
        ),
        Scaling(
            f"{name}.mean() + w * kl.mean()",
            count / model.latent,
            f"As above, but the mean over {model.latent} dimensions makes the KL {model.latent} times smaller again.",
        ),
    ]


def scaling_rows(model: ModelConfig) -> list[dict[str, str]]:
    """``scalings`` as a table for people: beta for two usual weights, and the weight that is this model's beta."""
    return [
        {
            "A loss written as": scaling.loss,
            "w = 1 is": f"β = {scaling.beta:.4g}",
            "w = 0.1 is": f"β = {0.1 * scaling.beta:.4g}",
            f"β = {model.beta:g} is": f"w = {model.beta / scaling.beta:.3g}",
            "because": scaling.meaning,
        }
        for scaling in scalings(model)
    ]
