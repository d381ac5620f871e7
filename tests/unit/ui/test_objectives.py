"""The objective's text: its numbers come from the configuration, and its equivalent weights are equivalent."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ui.models import objectives
from vae_core.config import ModelConfig
from vae_core.models import families, losses
from vae_core.models.presets import PRESETS


def formula(model: ModelConfig) -> str:
    """The objective as a card shows it."""
    return families.of(model).formula(model)


def in_words(model: ModelConfig) -> str:
    """What stands under the formula."""
    return " ".join(families.of(model).sentences(model))


COLOUR = ModelConfig(image_shape=(3, 64, 64), latent=32, beta=4.0)


@given(beta=st.floats(0.01, 100), latent=st.integers(1, 20), side=st.sampled_from([4, 8]))
def test_every_scaling_has_the_gradient_of_its_beta(beta: float, latent: int, side: int) -> None:
    """Each way of writing the loss, with the weight that is said to be this model's beta, is our loss times a number.

    Two losses with one minimum for all networks are proportional: so are their ratios for two made-up images.
    """
    model = ModelConfig(image_shape=(1, side, side), latent=latent, beta=beta)
    generator = torch.Generator().manual_seed(0)
    values = []
    for _ in range(2):
        logits, images = torch.randn(1, 1, side, side, generator=generator), torch.rand(1, 1, side, side)
        bce = losses.bernoulli_nll(logits, images)[0].double()
        kl = losses.kl_per_dim(torch.randn(1, latent, generator=generator), torch.zeros(1, latent))[0].double()
        pixels = side * side
        ours = bce + beta * kl.sum()
        sums, means = bce, bce / pixels
        weights = [beta / scaling.beta for scaling in objectives.scalings(model)]
        written = [
            sums + weights[0] * kl.sum(),
            means * pixels + weights[1] * kl.sum(),
            means + weights[2] * kl.sum(),
            means + weights[3] * kl.mean(),
        ]
        values.append([float(loss / ours) for loss in written])
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def test_the_tutorials_weights_are_computed_from_the_image_size() -> None:
    """A mean over the pixels of a 28x28 image is a beta of 784; of a 64x64 one in colour, of 12,288."""
    third = objectives.scaling_rows(ModelConfig())[2]
    assert (third["w = 1 is"], third["w = 0.1 is"], third["β = 1 is"]) == ("β = 784", "β = 78.4", "w = 0.00128")
    assert [scaling.beta for scaling in objectives.scalings(COLOUR)] == [1, 1, 12288, 384]
    assert "12288" in objectives.scalings(COLOUR)[1].loss


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_a_formula_and_its_convention(preset: str) -> None:
    """Braces match, and the words say what is summed and what is averaged."""
    latex, words = formula(PRESETS[preset]), in_words(PRESETS[preset])
    assert latex.count("{") == latex.count("}")
    assert latex.count("(") == latex.count(")")
    assert "784" in latex
    assert "summed over the 784 pixel values" in words
    assert "averaged over images" in words


def test_a_formula_holds_what_the_model_has() -> None:
    """Beta, the number of dimensions, the label, the noise, the variance."""
    latex = formula(COLOUR)
    assert r"4 \cdot" in latex
    assert "^{32}" in latex
    assert "^{12288}" in latex
    assert "z, y" in formula(replace(PRESETS["cvae"], classes=10))
    assert r"f(\tilde x)" in formula(PRESETS["cae-denoise"])
    assert "KL" not in formula(PRESETS["cae"])
    assert "s^2" in formula(replace(PRESETS["cae"], likelihood="gaussian"))
    assert r"\frac{1}{50}" in formula(ModelConfig(importance_samples=50))
    assert "0.2" in in_words(PRESETS["cae-denoise"])
