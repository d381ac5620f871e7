"""The family of VQ-VAEs: an image becomes a few choices from a codebook (van den Oord, Vinyals & Kavukcuoglu 2017).

The D latent dimensions are cut into groups of two, and each group has a codebook of its own (product quantisation,
Jégou, Douze & Schmid 2011). Quantisation is the encoder's last step: ``encode`` gives codes whose every group is an
entry. The decoder takes any code, also between entries, so that a slider may leave the codebook; training never
showed it such codes. The codebook follows the encoder as running means instead of by a loss of its own (appendix A.1).
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from vae_core.config import ModelConfig
from vae_core.models import formulas
from vae_core.models.families import Family

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.models.base import Autoencoder, Posterior, Prototypes

ENTRIES = 64  # of each group's codebook
COMMITMENT = 0.25  # weight of the commitment term, as in the paper, which found the results alike from 0.1 to 2
MEMORY = 0.99  # of the running means that entries and their usage are, for each step
RARE = 0.1  # an entry with less than this share of the mean usage is dead, and placed anew
SHOWN = 16  # entries of each group on a model's card


def groups_of(latent: int) -> tuple[int, int]:
    """How many groups a code of so many dimensions has, and the dimensions of each: two, or one if that is odd."""
    size = 2 if latent % 2 == 0 else 1
    return latent // size, size


def nearest(codes: Tensor, codebook: Tensor) -> Tensor:
    """The position of the nearest entry (squared distance), (N, G), for codes (N, G, d) and a codebook (G, K, d)."""
    return (codes.unsqueeze(2) - codebook).square().sum(-1).argmin(-1)


def straight_through(codes: Tensor, entries: Tensor) -> Tensor:
    """The entries' values with the codes' gradient: what the decoder's gradient reaches is the encoder."""
    return codes + (entries - codes).detach()


def perplexity(usage: Tensor) -> Tensor:
    """Exp of the entropy of how often entries (..., K) are chosen, (...): K if all alike, 1 if always the same."""
    share = usage / usage.sum(-1, keepdim=True).clamp_min(1e-12)
    return (-(share * share.clamp_min(1e-12).log()).sum(-1)).exp()


@cache
def _network() -> type[Autoencoder]:
    import torch
    from torch import nn

    from vae_core.models.autoencoder import NetworkAutoencoder
    from vae_core.models.base import Posterior, Prototypes

    class VectorQuantised(NetworkAutoencoder):
        """The deterministic model's networks with a codebook (G, K, d) between them, and its entries' usage (G, K)."""

        codebook: Tensor
        usage: Tensor

        def __init__(self, config: ModelConfig) -> None:
            super().__init__(config)
            self.groups, size = groups_of(config.latent)
            self.register_buffer("codebook", torch.randn(self.groups, ENTRIES, size))
            self.register_buffer("usage", torch.zeros(self.groups, ENTRIES))

        def encode(self, images: Tensor, labels: Tensor | None = None) -> Posterior:
            """See Autoencoder.encode; the codes are quantised, with the straight-through gradient."""
            codes = self.encoder_output(images, labels).float().unflatten(1, (self.groups, -1))
            if self.training:
                self._revive(codes.detach())
            chosen = nearest(codes.detach(), self.codebook)
            entries = self.codebook[torch.arange(self.groups, device=chosen.device), chosen]
            if self.training:
                self._follow(codes.detach(), chosen)
            commitment = COMMITMENT * (codes - entries).square().sum((1, 2))
            return Posterior(straight_through(codes, entries).flatten(1), terms={"commitment": commitment})

        def prototypes(self) -> list[Prototypes]:
            """The entries of each group from the commonest on, the other groups at their commonest entry."""
            order = self.usage.argsort(1, descending=True)
            usual = self.codebook[torch.arange(self.groups), order[:, 0]]
            kinds = perplexity(self.usage).tolist()
            rows = []
            for group in range(self.groups):
                codes = usual.repeat(SHOWN, 1, 1)
                codes[:, group] = self.codebook[group, order[group, :SHOWN]]
                title = f"Group {group + 1} of {self.groups}, perplexity {kinds[group]:.0f} of {ENTRIES}"
                names = [f"Group {group + 1}, entry {entry}" for entry in order[group, :SHOWN].tolist()]
                rows.append(Prototypes(title, codes.flatten(1), names))
            return rows

        def _revive(self, codes: Tensor) -> None:
            """Put entries that are hardly ever chosen, at first all, where codes (N, G, d) of this batch are."""
            dead = self.usage < RARE / ENTRIES
            if not dead.any():
                return
            there = codes[torch.arange(ENTRIES, device=codes.device) % len(codes)].transpose(0, 1)
            self.codebook.copy_(torch.where(dead.unsqueeze(2), there, self.codebook))
            self.usage.masked_fill_(dead, 1 / ENTRIES)

        def _follow(self, codes: Tensor, chosen: Tensor) -> None:
            """Move each entry to the running mean of the codes (N, G, d) that chose it, (N, G)."""
            which = nn.functional.one_hot(chosen, ENTRIES).to(codes.dtype) / len(codes)
            share, sums = which.sum(0), torch.einsum("ngk,ngd->gkd", which, codes)
            usage = MEMORY * self.usage + (1 - MEMORY) * share
            weighted = MEMORY * self.usage.unsqueeze(2) * self.codebook + (1 - MEMORY) * sums
            self.codebook.copy_(weighted / usage.unsqueeze(2))
            self.usage.copy_(usage)

    return VectorQuantised


def _formula(model: ModelConfig) -> str:
    groups, _ = groups_of(model.latent)
    reconstruction = formulas.labelled(formulas.reconstruction(model), r"\text{reconstruction}")
    distance = rf"{COMMITMENT:g} \sum_{{g=1}}^{{{groups}}} \lVert f_g - \mathrm{{sg}}[e_g] \rVert^2"
    commitment = formulas.labelled(distance, r"\text{commitment}")
    code = rf"f = f({formulas.encoder_input(model)}), \quad z_g = e_g = \arg\min_e \lVert f_g - e \rVert"
    return rf"\mathcal{{L}}(x) = {reconstruction} + {commitment}, \qquad {code}"


def _sentences(model: ModelConfig) -> list[str]:
    groups, size = groups_of(model.latent)
    dimensions = "one dimension" if size == 1 else f"{size} dimensions"
    bits = groups * math.log2(ENTRIES)
    return [
        formulas.reconstruction_sentence(model),
        f"The encoder's output f is cut into {groups} groups of {dimensions}; each becomes the nearest of its group's "
        f"{ENTRIES} codebook entries, so that a code holds {bits:.0f} bits. That choice has no gradient: the decoder's "
        "gradient is passed straight through to the encoder (van den Oord et al. 2017).",
        "The commitment term keeps outputs near their entries (sg: no gradient passes); it is summed over dimensions "
        "and averaged over images. An entry is the running mean of the outputs that chose it (appendix A.1 of the "
        "paper), and one that is hardly ever chosen is placed anew.",
        "Quantisation belongs to the encoder. The decoder takes any code: a slider moves between and beyond the "
        "entries, to codes that training never showed it.",
        *formulas.input_sentences(model),
    ]


FAMILY = Family(
    name="vqvae",
    short="VQ-VAE",
    title="Vector-quantised autoencoder (VQ-VAE)",
    summary="codes from a codebook",
    symbol="star",
    colour=3,
    network=_network,
    formula=_formula,
    sentences=_sentences,
    terms={"commitment": "Commitment"},
    prototypes="Codebook",
    prototypes_caption=(
        "Entries of each group's codebook, the commonest first, decoded with all other groups at their commonest "
        "entry. Perplexity is how many entries would be in use if all were used equally often."
    ),
)
