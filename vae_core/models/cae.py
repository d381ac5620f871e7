"""The family of deterministic autoencoders: an image becomes one code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vae_core.config import ModelConfig
from vae_core.models import formulas
from vae_core.models.families import Family

if TYPE_CHECKING:
    from vae_core.models.base import Autoencoder


def _network() -> type[Autoencoder]:
    from vae_core.models.autoencoder import NetworkAutoencoder

    return NetworkAutoencoder


def _formula(model: ModelConfig) -> str:
    code = rf"z = f({formulas.encoder_input(model)})"
    return rf"\mathcal{{L}}(x) = {formulas.reconstruction(model)}, \qquad {code}"


def _sentences(model: ModelConfig) -> list[str]:
    return [
        formulas.reconstruction_sentence(model),
        "There is no KL: the code is a point, and nothing pulls it towards a prior.",
        *formulas.input_sentences(model),
    ]


FAMILY = Family(
    name="cae",
    short="CAE",
    title="Autoencoder (CAE)",
    summary="no prior, sharper images",
    symbol="square",
    colour=1,
    network=_network,
    formula=_formula,
    sentences=_sentences,
)
