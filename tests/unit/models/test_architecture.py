"""Layers and shapes as read off the real networks, and their drawings."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from ui.components import drawing
from vae_core.config import ModelConfig
from vae_core.models import build
from vae_core.models.architecture import describe
from vae_core.models.presets import PRESETS

CONFIGURATIONS = {
    **{name: replace(preset, classes=10 if preset.condition != "none" else 0) for name, preset in PRESETS.items()},
    "residual": ModelConfig(network="residual", blocks=2, image_shape=(3, 64, 64), normalisation="batch"),
    "strided": ModelConfig(network="strided", latent=2, image_shape=(3, 128, 128)),
    "small code": ModelConfig(family="cae", network="convolutional", latent=2),
    "map told the label": ModelConfig(network="convolutional", latent=98, condition="both", classes=7),
    "digits": ModelConfig(image_shape=(1, 8, 8), condition="both", classes=10),
    "pca in colour": ModelConfig(family="pca", likelihood="gaussian", image_shape=(3, 16, 16)),
}


@pytest.mark.parametrize("config", CONFIGURATIONS.values(), ids=CONFIGURATIONS.keys())
def test_the_steps_lead_from_the_image_to_the_code_and_back(config: ModelConfig) -> None:
    """The encoder ends with all numbers of the posterior, the decoder with an image; the parameters are all counted."""
    found = describe(config)
    statistics = 2 if found.variational else 1
    numbers = 1
    for side in found.encoder[-1].shape:
        numbers *= side
    assert numbers == statistics * config.latent
    assert found.decoder[-1].shape == config.image_shape
    assert found.parameters == sum(tensor.numel() for tensor in build(config).state_dict().values())
    assert (found.encoder_labels, found.decoder_labels) == (
        config.classes if config.condition == "both" else 0,
        config.classes,
    )


@pytest.mark.parametrize("config", CONFIGURATIONS.values(), ids=CONFIGURATIONS.keys())
def test_a_drawing_is_well_formed_and_says_the_same_in_words(config: ModelConfig) -> None:
    """It parses, has a title and a label, keeps inside its frame, and names each shape that it shows."""
    found = describe(config)
    root = ElementTree.fromstring(drawing.svg(found, noise=config.noise))
    name = {"svg": "http://www.w3.org/2000/svg"}
    title = root.findtext("svg:title", namespaces=name)
    assert title == root.get("aria-label")
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    texts = root.findall("svg:text", name)
    assert all(0 <= float(text.attrib["x"]) <= width and 0 < float(text.attrib["y"]) < height for text in texts)
    shapes = [text.text for text in texts if text.get("class") == "shape"]
    assert title is not None
    assert all(shape in title for shape in shapes if shape)
    assert drawing.size_in_words(config.image_shape) in shapes
    assert shapes[-1] == drawing.size_in_words(found.code)


def test_the_label_enters_where_the_network_takes_it() -> None:
    """In front of the first layer after the convolutions, and beside the code; nowhere without labels."""
    told = describe(CONFIGURATIONS["cvae"])
    layers = [layer for block in drawing.encoder_blocks(told, 0.0) for layer in block.layers]
    assert layers[layers.index("+ label, 10 inputs") + 1] == "linear"
    assert drawing.decoder_blocks(told)[0].layers[0] == "+ label, 10 inputs"
    map_layers = [block.layers for block in drawing.encoder_blocks(describe(CONFIGURATIONS["map told the label"]), 0.0)]
    assert map_layers[-1][0] == "+ label, 7 planes"
    assert "label" not in drawing.svg(describe(CONFIGURATIONS["vae"])).replace("aria-label", "")


def test_residual_blocks_of_one_size_are_counted_together() -> None:
    """Two of them are one step of two."""
    found = describe(CONFIGURATIONS["residual"])
    assert [step.repeats for step in found.encoder if step.layer == "residual block"] == [2, 2, 2]


def test_noise_is_written_on_the_image() -> None:
    """A denoising model's drawing says what its encoder gets."""
    assert "noise, σ = 0.2" in drawing.svg(describe(CONFIGURATIONS["cae-denoise"]), noise=0.2)
