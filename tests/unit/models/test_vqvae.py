"""The VQ-VAE: the nearest entry is chosen, gradients pass straight through, and the codebook follows the codes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from vae_core.config import ModelConfig
from vae_core.models import Autoencoder, build, vqvae


def tiny(latent: int = 4) -> Autoencoder:
    """An untrained model of 8x8 images."""
    torch.manual_seed(0)
    return build(ModelConfig(family="vqvae", network="mlp", hidden=16, latent=latent, image_shape=(1, 8, 8)))


def continuous(model: Autoencoder, images: Tensor) -> Tensor:
    """The encoder's output before it is quantised, in groups (N, G, d)."""
    output = model.encoder_head(model.encoder_stem(images))  # type: ignore[operator]
    return output.unflatten(1, (model.groups, -1))  # type: ignore[arg-type]


def test_the_nearest_entry_is_chosen() -> None:
    """Every group of a code is the entry at the least distance, found here by hand."""
    generator = torch.Generator().manual_seed(1)
    codes = torch.randn(20, 3, 2, generator=generator)
    codebook = torch.randn(3, 7, 2, generator=generator)
    chosen = vqvae.nearest(codes, codebook)
    for image in range(20):
        for group in range(3):
            distances = np.linalg.norm(codebook[group].numpy() - codes[image, group].numpy(), axis=1)
            assert chosen[image, group] == distances.argmin()


@pytest.mark.parametrize("latent", [3, 4])
def test_codes_are_entries(latent: int) -> None:
    """Groups of two dimensions, or of one where their number is odd."""
    model = tiny(latent).eval()
    codes = model.encode(torch.rand(9, 1, 8, 8)).mode()
    groups = codes.unflatten(1, vqvae.groups_of(latent))
    distances = (groups.unsqueeze(2) - model.codebook).abs().sum(-1).amin(-1)  # type: ignore[operator]
    assert codes.shape == (9, latent)
    assert distances.max() < 1e-6


def test_the_decoders_gradient_passes_straight_through() -> None:
    """What the encoder's output gets is the gradient at the quantised code, unchanged."""
    codes = torch.randn(5, 2, 2, requires_grad=True)
    entries = torch.randn(5, 2, 2)
    passed = vqvae.straight_through(codes, entries)
    torch.testing.assert_close(passed, entries)
    weights = torch.randn(5, 2, 2)
    (passed.square() * weights).sum().backward()
    assert codes.grad is not None
    torch.testing.assert_close(codes.grad, 2 * entries * weights)


def test_the_commitment_term_is_a_quarter_of_the_squared_distance() -> None:
    """Summed over the code, for each image, against numpy; its gradient reaches the encoder."""
    model, images = tiny().eval(), torch.rand(6, 1, 8, 8)
    posterior = model.encode(images)
    before, after = continuous(model, images).flatten(1), posterior.mode()
    expected = 0.25 * ((before - after).detach().numpy() ** 2).sum(1)
    np.testing.assert_allclose(posterior.terms["commitment"].detach().numpy(), expected, rtol=1e-5)
    posterior.terms["commitment"].sum().backward()
    assert any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in model.encoder_head.parameters())  # type: ignore[union-attr]


def test_the_first_batch_becomes_the_codebook() -> None:
    """So that it begins where the codes are; as none is nearer than itself, nothing is lost."""
    model, images = tiny().train(), torch.rand(vqvae.ENTRIES, 1, 8, 8)
    posterior = model.encode(images)
    assert posterior.terms["commitment"].max() < 1e-9


def test_entries_are_running_means_of_the_codes_that_chose_them() -> None:
    """One step moves an entry by the exponential mean of appendix A.1; a dead entry is placed on a code."""
    model, images = tiny().train(), torch.rand(100, 1, 8, 8)
    model.encode(images)
    before, usage = model.codebook.clone(), model.usage.clone()  # type: ignore[operator]
    codes = continuous(model, images).detach()
    chosen = vqvae.nearest(codes, before)
    model.encode(images)
    group, entry = 1, int(chosen[0, 1])
    mine = codes[chosen[:, group] == entry, group]
    share = len(mine) / 100
    old = 0.99 * usage[group, entry]
    expected = (old * before[group, entry] + 0.01 * share * mine.mean(0)) / (old + 0.01 * share)
    torch.testing.assert_close(model.codebook[group, entry], expected)  # type: ignore[index]
    with torch.no_grad():
        model.codebook[0, 3] = 1000.0  # type: ignore[index, operator]
        model.usage[0, 3] = 0.0  # type: ignore[index, operator]
    model.encode(images)
    assert model.codebook[0, 3].abs().max() < 100  # type: ignore[index, operator]


def test_evaluating_leaves_the_codebook_as_it_is() -> None:
    """Only training moves it."""
    model = tiny().eval()
    before = model.codebook.clone()  # type: ignore[operator]
    model.encode(torch.rand(50, 1, 8, 8))
    assert torch.equal(model.codebook, before)  # type: ignore[arg-type]


def test_perplexity_counts_the_entries_in_use() -> None:
    """All alike: their number; one alone: 1; two in three: by the entropy."""
    usage = torch.tensor([[1.0, 1.0, 1.0, 1.0], [0.0, 5.0, 0.0, 0.0], [2.0, 1.0, 0.0, 0.0]])
    entropy = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))
    torch.testing.assert_close(vqvae.perplexity(usage), torch.tensor([4.0, 1.0, math.exp(entropy)]))


def test_prototypes_show_each_groups_entries() -> None:
    """The commonest first, differing in that group's dimensions alone; each has a name of its own."""
    model = tiny().train()
    for _ in range(3):
        model.encode(torch.rand(100, 1, 8, 8))
    rows = model.eval().prototypes()
    assert len(rows) == 2
    assert rows[0].codes.shape == (vqvae.SHOWN, 4)
    assert (rows[0].codes[:, 2:] == rows[0].codes[0, 2:]).all()
    assert len({tuple(code) for code in rows[0].codes.tolist()}) > 1
    assert torch.equal(rows[0].codes[0], rows[1].codes[0])
    assert len({name for row in rows for name in row.names}) == 2 * vqvae.SHOWN
