"""What a model was trained to minimise: as a formula, in words, and in the scalings that other programs write."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vae_core.config import ModelConfig


class Scaling(NamedTuple):
    """A way to write a VAE's loss: in code, what its KL weight w is as a beta, and what it does."""

    loss: str
    beta: float
    """The beta of this program for w = 1; beta is proportional to w."""
    meaning: str


def pixels(model: ModelConfig) -> int:
    """How many numbers an image has: channels x height x width."""
    return math.prod(model.image_shape)


def formula(model: ModelConfig) -> str:
    """The objective of one image in LaTeX."""
    if model.family == "pca":
        error = rf"\sum_{{i=1}}^{{{pixels(model)}}} (x_i - \hat x_i)^2"
        return rf"\mathcal{{L}}(x) = {error}, \qquad \hat x = \bar x + W W^\top (x - \bar x)"
    if model.importance_samples > 1:
        draws = model.importance_samples
        weight = r"\frac{p(x \mid z_k)\, p(z_k)}{q(z_k \mid x)}"
        mean = rf"\frac{{1}}{{{draws}}} \sum_{{k=1}}^{{{draws}}} {weight}"
        return rf"\mathcal{{L}}(x) = -\log {mean}, \qquad z_k \sim q(z \mid x)"
    reconstruction = _reconstruction(model)
    if model.family != "vae":
        return rf"\mathcal{{L}}(x) = {reconstruction}, \qquad z = f({_encoder_input(model)})"
    beta = "" if model.beta == 1 else rf"{model.beta:g} \cdot "
    terms = r"\left(\mu_d^2 + \sigma_d^2 - 1 - \log \sigma_d^2\right)"
    kl = rf"{beta}\frac{{1}}{{2}} \sum_{{d=1}}^{{{model.latent}}} {terms}"
    return (
        rf"\mathcal{{L}}(x) = \underbrace{{{reconstruction}}}_{{\text{{reconstruction}}}}"
        rf" + \underbrace{{{kl}}}_{{{beta}\mathrm{{KL}}}}, \qquad z = \mu + \sigma \odot \varepsilon"
    )


def _reconstruction(model: ModelConfig) -> str:
    over, given = rf"\sum_{{i=1}}^{{{pixels(model)}}}", _decoder_input(model)
    if model.likelihood == "bernoulli":
        return rf"-{over} \left[x_i \log p_i({given}) + (1 - x_i) \log (1 - p_i({given}))\right]"
    return rf"{over} \left[\frac{{(x_i - m_i({given}))^2}}{{2 s^2}} + \frac{{1}}{{2}} \log (2 \pi s^2)\right]"


def _decoder_input(model: ModelConfig) -> str:
    return "z, y" if model.condition != "none" else "z"


def _encoder_input(model: ModelConfig) -> str:
    image = "x" if model.noise == 0 else r"\tilde x"
    return f"{image}, y" if model.condition == "both" else image


def in_words(model: ModelConfig) -> str:
    """The sum and mean convention, and all that the formula leaves unsaid."""
    channels, height, width = model.image_shape
    if model.family == "pca":
        return (
            f"Squared error, summed over the {pixels(model):,} pixel values of an image ({channels} × {height} × "
            f"{width}) and averaged over images. Its least value is known in closed form: the columns of W are the "
            f"{model.latent} leading eigenvectors of the pixels' covariance."
        )
    bernoulli = model.likelihood == "bernoulli"
    kind = "binary cross-entropy" if bernoulli else "Gaussian log-likelihood with a learnt variance s²"
    words = [
        f"Reconstruction ({kind}) is summed over the {pixels(model):,} pixel values of an image ({channels} × "
        f"{height} × {width}), then averaged over images: nats per image."
    ]
    if model.family == "vae":
        words.append(f"KL is summed over the {model.latent} dimensions, then averaged over images, in the same nats.")
        if model.warmup > 0 and model.beta > 0:
            share = f"{model.warmup:.0%} of the training"
            words.append(f"Its weight rises from 0 to β = {model.beta:g} over the first {share}.")
        else:
            words.append(f"Its weight β is {model.beta:g} throughout.")
        if model.importance_samples > 1:
            words.append("With several draws for each image this bound is tighter than the ELBO (Burda et al. 2016).")
    else:
        words.append("There is no KL: the code is a point, and nothing draws it to a prior.")
    if model.noise:
        words.append(
            f"The encoder gets the image with Gaussian noise of standard deviation {model.noise:g} (x̃); the target is "
            "the clean image."
        )
    if model.condition != "none":
        told = "The decoder is" if model.condition == "decoder" else "Encoder and decoder are"
        words.append(f"{told} told the label y.")
    return " ".join(words)


def scalings(model: ModelConfig) -> list[Scaling]:
    """How other programs write the loss of a VAE with the same likelihood, and what that is on this scale."""
    count = pixels(model)
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
