"""The family of principal component analysis: the linear baseline that every autoencoder must beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vae_core.config import ConfigError, ModelConfig
from vae_core.models import formulas
from vae_core.models.families import Family

if TYPE_CHECKING:
    from vae_core.models.base import Autoencoder


def _network() -> type[Autoencoder]:
    from vae_core.models.principal import PrincipalComponents

    return PrincipalComponents


def _formula(model: ModelConfig) -> str:
    error = rf"\sum_{{i=1}}^{{{formulas.pixels(model)}}} (x_i - \hat x_i)^2"
    return rf"\mathcal{{L}}(x) = {error}, \qquad \hat x = \bar x + W W^\top (x - \bar x)"


def _sentences(model: ModelConfig) -> list[str]:
    channels, height, width = model.image_shape
    return [
        f"Squared error, summed over the {formulas.pixels(model):,} pixel values of an image ({channels} × {height} × "
        f"{width}) and averaged over images. Its minimum is known in closed form: the columns of W are the "
        f"{model.latent} leading eigenvectors of the pixels' covariance."
    ]


def _check(model: ModelConfig) -> None:
    if model.likelihood != "gaussian":
        raise ConfigError("PCA has gaussian pixels; give --likelihood gaussian")
    if model.condition != "none" or model.noise > 0:
        raise ConfigError("PCA takes neither labels nor noise; choose the family cae or vae for that")


FAMILY = Family(
    name="pca",
    short="PCA",
    title="PCA",
    summary="the linear baseline, in one step",
    symbol="diamond",
    colour=2,
    network=_network,
    formula=_formula,
    sentences=_sentences,
    closed_form=True,
    preset={"likelihood": "gaussian"},
    check=_check,
)
