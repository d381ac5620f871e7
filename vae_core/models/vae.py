"""The family of variational autoencoders: an image becomes a Gaussian over codes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from vae_core.config import ModelConfig
from vae_core.models import formulas
from vae_core.models.families import Family

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.models.base import Autoencoder, Posterior

# No posterior is usefully much wider than the prior, whose log-variance is 0 (shipped models: at most 0.61 on test
# images); without a bound one odd image's, extrapolated to 9, sends its code so far off that training may not recover.
LOG_VARIANCE_RANGE = (-20.0, 1.0)


@cache
def _network() -> type[Autoencoder]:
    from vae_core.models.autoencoder import NetworkAutoencoder
    from vae_core.models.base import Posterior

    class VariationalAutoencoder(NetworkAutoencoder):
        """The deterministic model's networks with a log-variance beside each mean (Kingma & Welling 2014)."""

        statistics = 2

        def encode(self, images: Tensor, labels: Tensor | None = None) -> Posterior:
            """See Autoencoder.encode."""
            mean, log_variance = self.encoder_output(images, labels).float().chunk(2, dim=1)
            return Posterior(mean, log_variance.clamp(*LOG_VARIANCE_RANGE))

    return VariationalAutoencoder


def _formula(model: ModelConfig) -> str:
    if model.importance_samples > 1:
        weight = r"\frac{p(x \mid z_k)\, p(z_k)}{q(z_k \mid x)}"
        mean = rf"\frac{{1}}{{{model.importance_samples}}} \sum_{{k=1}}^{{{model.importance_samples}}} {weight}"
        return rf"\mathcal{{L}}(x) = -\log {mean}, \qquad z_k \sim q(z \mid x)"
    beta = "" if model.beta == 1 else rf"{model.beta:g} \cdot "
    each = r"\left(\mu_d^2 + \sigma_d^2 - 1 - \log \sigma_d^2\right)"
    kl = rf"{beta}\frac{{1}}{{2}} \sum_{{d=1}}^{{{model.latent}}} {each}"
    label = rf"{beta}\mathrm{{KL}}"
    reconstruction = formulas.labelled(formulas.reconstruction(model), r"\text{reconstruction}")
    return (
        rf"\mathcal{{L}}(x) = {reconstruction} + {formulas.labelled(kl, label)}"
        r", \qquad z = \mu + \sigma \odot \varepsilon"
    )


def _sentences(model: ModelConfig) -> list[str]:
    sentences = [
        formulas.reconstruction_sentence(model),
        f"KL is summed over the {model.latent} dimensions, then averaged over images, in the same nats.",
    ]
    if model.warmup > 0 and model.beta > 0:
        share = f"{model.warmup:.0%} of the training"
        sentences.append(f"Its weight rises from 0 to β = {model.beta:g} over the first {share}.")
    else:
        sentences.append(f"Its weight β is {model.beta:g} throughout.")
    if model.importance_samples > 1:
        sentences.append(
            "With several posterior samples for each image this bound is tighter than the ELBO (Burda et al. 2016)."
        )
    return sentences + formulas.input_sentences(model)


FAMILY = Family(
    name="vae",
    short="VAE",
    title="Variational autoencoder (VAE)",
    summary="the usual one",
    symbol="circle",
    colour=0,
    network=_network,
    formula=_formula,
    sentences=_sentences,
    variational=True,
)
