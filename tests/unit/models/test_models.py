"""Model families and networks: shapes, conditioning, PCA against scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn

from vae_core.config import ConfigError, ModelConfig
from vae_core.data import ImageSet
from vae_core.models import build
from vae_core.models.networks import ResidualBlock
from vae_core.models.presets import PRESETS

SHAPES = [(1, 28, 28), (3, 32, 32), (1, 8, 8), (3, 64, 64)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_takes_every_usual_shape(preset: str, shape: tuple[int, int, int]) -> None:
    """Images go to codes of the asked size and back to images of their own shape."""
    base = PRESETS[preset]
    config = replace(base, image_shape=shape, width=8, hidden=16, classes=0 if base.condition == "none" else 4)
    model = build(config)
    images, labels = torch.rand(2, *shape), torch.tensor([0, 3])
    posterior = model.encode(images, labels)
    assert posterior.mean.shape == (2, config.latent)
    output = model.to_images(model.decode(posterior.mode(), labels))
    assert output.shape == images.shape
    assert output.min() >= 0
    assert output.max() <= 1


@pytest.mark.parametrize("latent", [2, 32])
def test_the_convolutional_code_is_a_small_map(latent: int) -> None:
    """Two numbers make a 2x1x1 map; 32 on 28x28 images make one of 4 by 4 or, where they do not divide, 1x1."""
    model = build(ModelConfig(family="cae", network="convolutional", latent=latent, width=8))
    assert len(model.code_shape) == 3
    assert np.prod(model.code_shape) == latent


def test_a_deeper_convolutional_network_has_no_dense_layer_either() -> None:
    """Its hidden layers between code and map are convolutions of one pixel; labels and both families fit in."""
    for family, condition in (("cae", "none"), ("vae", "both"), ("vae", "decoder")):
        classes = 3 if condition != "none" else 0
        config = ModelConfig(family, "convolutional", latent=2, width=8, hidden=16, depth=3)  # type: ignore[arg-type]
        model = build(replace(config, condition=condition, classes=classes))
        layers = list(model.modules())
        assert not any(isinstance(layer, nn.Linear) for layer in layers)
        assert sum(isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1) for layer in layers) == 4
        images, labels = torch.rand(2, 1, 28, 28), torch.tensor([0, 2])
        assert model.decode(model.encode(images, labels).mode(), labels).shape == images.shape


def test_dcec_is_the_published_network() -> None:
    """Convolutions of 32, 64 and 128 channels, 10 numbers, and the mirror: the published count of parameters."""
    model = build(ModelConfig("cae", "dcec", latent=10, width=32))
    shapes = [tuple(layer.weight.shape) for layer in model.encoder_stem if isinstance(layer, nn.Conv2d)]
    assert shapes == [(32, 1, 5, 5), (64, 32, 5, 5), (128, 64, 3, 3)]
    mirrored = [tuple(layer.weight.shape) for layer in model.decoder if isinstance(layer, nn.ConvTranspose2d)]
    assert mirrored == shapes[::-1]
    dense = 3 * 3 * 128 * 10
    convolutions = 32 * 25 + 64 * 32 * 25 + 128 * 64 * 9
    biases = 32 + 64 + 128 + 10 + 3 * 3 * 128 + 64 + 32 + 1
    assert sum(parameter.numel() for parameter in model.parameters()) == 2 * dense + 2 * convolutions + biases


@pytest.mark.parametrize("side", [12, 27, 30, 32, 65])
def test_dcec_gives_back_the_size_of_its_images(side: int) -> None:
    """Also where a stride of 2 does not divide it; what is too small for its convolutions is refused."""
    model = build(ModelConfig("vae", "dcec", image_shape=(3, side, side), width=4))
    images = torch.rand(2, 3, side, side)
    assert model.decode(model.encode(images).mode()).shape == images.shape
    with pytest.raises(ConfigError, match="least size is 12"):
        build(ModelConfig("vae", "dcec", image_shape=(1, 8, 8)))


@pytest.mark.parametrize("normalisation", ["none", "batch"])
def test_a_residual_block_begins_as_the_identity(normalisation: str) -> None:
    """It adds to its input what its last convolution gives: nothing at first, but that convolution learns at once."""
    block = ResidualBlock(4, normalisation)
    features = torch.randn(2, 4, 7, 7)
    output = block(features)
    assert torch.equal(output, features)
    output.square().sum().backward()
    assert block.layers[-1].weight.grad.abs().sum() > 0
    nn.init.ones_(block.layers[-1].bias)
    torch.testing.assert_close(block(features), features + 1)


@pytest.mark.parametrize("network", ["shuffle", "residual"])
def test_an_encoder_of_its_own_width_leaves_the_decoder_alone(network: str) -> None:
    """The encoder is that of a model as wide as it, the decoder that of a model without the option."""

    def shapes(stack: nn.Module) -> list[tuple[int, ...]]:
        return [tuple(parameter.shape) for parameter in stack.parameters()]

    both = build(ModelConfig(network=network, width=8, encoder_width=12))  # type: ignore[arg-type]
    narrow = build(ModelConfig(network=network, width=8))  # type: ignore[arg-type]
    wide = build(ModelConfig(network=network, width=12))  # type: ignore[arg-type]
    assert shapes(both.encoder_stem) == shapes(wide.encoder_stem) != shapes(narrow.encoder_stem)
    assert shapes(both.encoder_head) == shapes(wide.encoder_head)
    assert shapes(both.decoder) == shapes(narrow.decoder)
    images = torch.rand(2, 1, 28, 28)
    assert both.decode(both.encode(images).mode()).shape == images.shape


@pytest.mark.parametrize("network", ["shuffle", "residual"])
def test_a_squeezed_map_makes_the_encoders_fully_connected_layer_small(network: str) -> None:
    """It takes so many channels from a convolution of one pixel; all else is as without."""

    def shapes(stack: nn.Module) -> list[tuple[int, ...]]:
        return [tuple(parameter.shape) for parameter in stack.parameters()]

    plain = build(ModelConfig(network=network, width=8, hidden=10))  # type: ignore[arg-type]
    model = build(ModelConfig(network=network, width=8, hidden=10, encoder_squeeze=4))  # type: ignore[arg-type]
    assert shapes(model.encoder_stem) == [*shapes(plain.encoder_stem), (4, 16, 1, 1), (4,)]
    assert shapes(model.encoder_head)[0] == (10, 4 * 7 * 7)
    assert shapes(model.encoder_head)[1:] == shapes(plain.encoder_head)[1:]
    assert shapes(model.decoder) == shapes(plain.decoder)
    images = torch.rand(2, 1, 28, 28)
    assert model.decode(model.encode(images).mode()).shape == images.shape


def test_an_odd_image_sends_no_code_far_off() -> None:
    """A log-variance that the encoder extrapolates widens a posterior to the prior's order, not by e^9; means may."""
    model = build(ModelConfig(latent=4))
    last = model.encoder_head[-1]
    nn.init.zeros_(last.weight)
    last.bias.data = torch.tensor([5.0, -5.0, 0.0, 0.0, 9.0, 0.9, -4.0, -30.0])
    posterior = model.encode(torch.rand(1, 1, 28, 28))
    assert posterior.mean.tolist() == [[5.0, -5.0, 0.0, 0.0]]
    torch.testing.assert_close(posterior.log_variance, torch.tensor([[1.0, 0.9, -4.0, -20.0]]))


@pytest.mark.parametrize("network", ["strided", "dcec", "mlp", "convolutional"])
@pytest.mark.parametrize("option", ["encoder_width", "encoder_squeeze"])
def test_other_networks_refuse_what_they_would_not_heed(network: str, option: str) -> None:
    """Rather than to take no notice of it."""
    with pytest.raises(ConfigError, match=f"{option} is for the networks shuffle and residual, not for {network}"):
        ModelConfig(network=network, **{option: 12})  # type: ignore[arg-type]


def test_more_blocks_are_more_layers() -> None:
    """The number of residual blocks and their normalisation are as configured, in encoder and decoder."""
    config = ModelConfig(network="residual", width=8, blocks=3, normalisation="batch")
    blocks = [layer for layer in build(config).modules() if isinstance(layer, ResidualBlock)]
    assert len(blocks) == 3 * 2 * 2
    assert all(isinstance(block.layers[0], nn.BatchNorm2d) for block in blocks)


@pytest.mark.parametrize("network", ["shuffle", "residual", "strided", "convolutional"])
def test_a_size_that_cannot_be_halved_is_refused_with_advice(network: str) -> None:
    """The message says the size and what to choose instead."""
    with pytest.raises(ConfigError, match=r"30x30.*choose a size"):
        build(ModelConfig(network=network, image_shape=(1, 30, 30)))  # type: ignore[arg-type]


def test_cae_and_vae_share_their_networks() -> None:
    """All but the last layer of the encoder have the same shapes, so that their comparison is fair."""
    cae, vae = (build(ModelConfig(family=family)).state_dict() for family in ("cae", "vae"))  # type: ignore[arg-type]
    different = [name for name in cae if cae[name].shape != vae[name].shape]
    assert cae.keys() == vae.keys()
    assert different == ["encoder_head.2.weight", "encoder_head.2.bias"]


@pytest.mark.parametrize(("condition", "encoder_differs"), [("decoder", False), ("both", True)])
def test_the_label_reaches_whom_it_should(condition: str, encoder_differs: bool) -> None:
    """The decoder always sees the label; the encoder only with ``both``."""
    model = build(ModelConfig(condition=condition, classes=3, width=8, hidden=16))  # type: ignore[arg-type]
    images, first, second = torch.rand(4, 1, 28, 28), torch.zeros(4, dtype=torch.long), torch.full((4,), 2)
    same_code = torch.equal(model.encode(images, first).mean, model.encode(images, second).mean)
    assert same_code is not encoder_differs
    codes = torch.zeros(4, 16)
    assert not torch.equal(model.decode(codes, first), model.decode(codes, second))


@pytest.mark.parametrize("count", [40, 300], ids=["fewer images than pixels", "more images than pixels"])
def test_pca_agrees_with_scikit_learn(train_images: ImageSet, count: int) -> None:
    """Reconstructions equal scikit-learn's, and so do the codes up to their sign."""
    flat = train_images.images[:count].reshape(count, -1) / 255
    model = build(ModelConfig(family="pca", likelihood="gaussian", image_shape=(1, 8, 8), latent=5))
    assert model.fit_closed_form(torch.from_numpy(train_images.images[:count]))
    reference = PCA(5, svd_solver="full").fit(flat)
    images = torch.from_numpy(flat.reshape(count, 1, 8, 8)).float()
    codes = model.encode(images).mode()
    decoded = model.decode(codes).flatten(1).numpy()
    np.testing.assert_allclose(decoded, reference.inverse_transform(reference.transform(flat)), atol=1e-5)
    np.testing.assert_allclose(np.abs(codes.numpy()), np.abs(reference.transform(flat)), atol=1e-4)


def test_pca_refuses_more_components_than_images() -> None:
    """Five images have no sixteen directions."""
    model = build(ModelConfig(family="pca", likelihood="gaussian", image_shape=(1, 8, 8)))
    with pytest.raises(ConfigError, match="16 components"):
        model.fit_closed_form(torch.zeros(5, 1, 8, 8, dtype=torch.uint8))
