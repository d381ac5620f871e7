"""Parts that the objectives of several families share, as LaTeX and as sentences."""

from __future__ import annotations

import math

from vae_core.config import ModelConfig


def pixels(model: ModelConfig) -> int:
    """The number of pixel values of an image: channels x height x width."""
    return math.prod(model.image_shape)


def reconstruction(model: ModelConfig) -> str:
    """-log p(x|z) of one image in LaTeX."""
    over, given = rf"\sum_{{i=1}}^{{{pixels(model)}}}", decoder_input(model)
    if model.likelihood == "bernoulli":
        return rf"-{over} \left[x_i \log p_i({given}) + (1 - x_i) \log (1 - p_i({given}))\right]"
    return rf"{over} \left[\frac{{(x_i - m_i({given}))^2}}{{2 s^2}} + \frac{{1}}{{2}} \log (2 \pi s^2)\right]"


def labelled(term: str, label: str) -> str:
    """A term with a brace and a label under it."""
    return rf"\underbrace{{{term}}}_{{{label}}}"


def decoder_input(model: ModelConfig) -> str:
    """What the decoder is given: the code, and perhaps the label y."""
    return "z, y" if model.condition != "none" else "z"


def encoder_input(model: ModelConfig) -> str:
    """What the encoder is given: the image, noisy with a tilde, and perhaps the label y."""
    image = "x" if model.noise == 0 else r"\tilde x"
    return f"{image}, y" if model.condition == "both" else image


def reconstruction_sentence(model: ModelConfig) -> str:
    """Over what the reconstruction term is summed and averaged."""
    kind = (
        "binary cross-entropy"
        if model.likelihood == "bernoulli"
        else "Gaussian log-likelihood with a learned variance s²"
    )
    channels, height, width = model.image_shape
    return (
        f"Reconstruction ({kind}) is summed over the {pixels(model):,} pixel values of an image ({channels} × "
        f"{height} × {width}), then averaged over images: nats per image."
    )


def input_sentences(model: ModelConfig) -> list[str]:
    """The noise and the label that a model is given."""
    sentences = []
    if model.noise:
        sentences.append(
            f"The encoder gets the image with Gaussian noise of standard deviation {model.noise:g} (x̃); the target is "
            "the clean image."
        )
    if model.condition != "none":
        given = "The decoder is" if model.condition == "decoder" else "Encoder and decoder are"
        sentences.append(f"{given} given the label y.")
    return sentences
