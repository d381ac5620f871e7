"""The metrics of a checkpoint, as ``metrics.json`` holds them: their types, and how each is written and explained.

Tables, cards and reports take headings, units, digits and explanations from here and from nowhere else. Numpy and torch
are not needed.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """How people read one figure."""

    heading: str
    help: str
    """One sentence or two that define it."""
    digits: int
    """After the decimal point."""
    unit: str = ""
    better: Literal["", "higher", "lower"] = ""
    """Which values are better, where that can be said of the figure alone."""
    variational: bool = False
    """Only a variational model has it; what is stored of others says nothing."""
    labelled: bool = False
    """Only labelled images have it."""
    likelihood: bool = False
    """Nats of the pixels' likelihood: Bernoulli and Gaussian pixels lie on different scales."""

    @property
    def title(self) -> str:
        """The heading of a table, with the unit."""
        return f"{self.heading} ({self.unit})" if self.unit else self.heading

    def text(self, value: float, *, unit: bool = True) -> str:
        """A value with its digits and, if wanted, its unit."""
        return f"{value:,.{self.digits}f}{f' {self.unit}' if unit and self.unit else ''}"

    @property
    def explanation(self) -> str:
        """The help, and which values are better."""
        return f"{self.help} {self.better.capitalize()} is better." if self.better else self.help


@dataclass(frozen=True)
class AttributeProbe:
    """What codes tell of one attribute of the images."""

    name: str
    accuracy: float
    """Share of test images whose value a linear probe gets right."""
    majority: float
    """Share of the more frequent value among the test images."""
    direction: tuple[float, ...]
    """(D,) of length 1: the way in which the attribute grows."""

    @property
    def gain(self) -> float:
        """What the probe gains over always guessing the more frequent value."""
        return self.accuracy - self.majority


@dataclass(frozen=True)
class Denoising:
    """How well a denoising model removes the noise that it was trained with; errors are against the clean images."""

    noise: float
    """Standard deviation, of pixels in [0, 1]."""
    seed: int
    mse: float
    """Of what the model makes of noisy images."""
    noisy_mse: float
    """Of the noisy images, cut off at 0 and 1."""
    pca_mse: float
    """Of the noisy images' projection on principal components of clean training images."""
    pca_components: int


# --- what a stored value may be: anything else counts as absent ---------------------------------------------------


def number(value: object) -> float | None:
    """A finite number, or None."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) and _finite(value) else None


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _decibels(value: object) -> float | None:
    """A number, infinite if an image is exact."""
    return math.inf if value == math.inf else number(value)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and number(value) is not None else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _numbers(value: object) -> tuple[float, ...] | None:
    if not isinstance(value, list | tuple):
        return None
    numbers = tuple(one for one in map(number, value) if one is not None)
    return numbers if len(numbers) == len(value) else None


def _mapping(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


def _attributes(value: object) -> tuple[AttributeProbe, ...] | None:
    """Those that are whole."""
    if not isinstance(value, list | tuple):
        return None
    return tuple(one for one in map(_attribute, value) if one is not None)


def _attribute(value: object) -> AttributeProbe | None:
    if not isinstance(value, Mapping):
        return None
    name, direction = _word(value.get("name")), _numbers(value.get("direction"))
    accuracy, majority = number(value.get("accuracy")), number(value.get("majority"))
    if name is None or direction is None or accuracy is None or majority is None:
        return None
    return AttributeProbe(name, accuracy, majority, direction)


def _denoising(value: object) -> Denoising | None:
    if not isinstance(value, Mapping):
        return None
    parts = {part.name: number(value.get(part.name)) for part in dataclasses.fields(Denoising)}
    return None if None in parts.values() else Denoising(**parts)  # type: ignore[arg-type]


# --- the record ---------------------------------------------------------------------------------------------------


def _figure(
    heading: str,
    explanation: str,
    digits: int,
    *,
    read: Callable[[object], Any] = number,
    null: bool = False,
    **about: Any,
) -> Any:
    """A figure; ``null`` writes it down also where it does not apply."""
    return field(
        default=None, metadata={"read": read, "null": null, "figure": Figure(heading, explanation, digits, **about)}
    )


@dataclass(frozen=True)
class Metrics:
    """The metrics of a model on its test split; what is not stored, or has the wrong type, is None.

    Reconstruction and KL are means over images of sums over pixels and dimensions, in nats.
    """

    split: str | None = field(default=None, metadata={"read": _word})
    pixels: str | None = field(default=None, metadata={"read": _word})
    """``grey`` or ``binarised``."""
    images: int | None = field(default=None, metadata={"read": _count})
    mse: float | None = _figure(
        "MSE", "Mean squared error over pixels in [0, 1], averaged over images.", 4, better="lower"
    )
    psnr: float | None = _figure(
        "PSNR",
        "Peak signal-to-noise ratio, averaged over images; an image without any error has none and is left out.",
        2,
        unit="dB",
        better="higher",
        read=_decibels,
    )
    ssim: float | None = _figure(
        "SSIM",
        "Structural similarity (Wang et al. 2004), averaged over images; 1 means equal.",
        3,
        better="higher",
    )
    bce: float | None = _figure(
        "BCE",
        "Binary cross-entropy of the reconstruction from the posterior mean, summed over pixels, per image.",
        2,
        unit="nats",
        better="lower",
        likelihood=True,
        null=True,
    )
    reconstruction: float | None = _figure(
        "Reconstruction",
        "Negative log-likelihood of the pixels given one posterior sample, summed over pixels, per image. Bernoulli "
        "pixels only, whose cross-entropy it is; a Gaussian density cannot be compared with it.",
        2,
        unit="nats",
        better="lower",
        likelihood=True,
    )
    kl: float | None = _figure(
        "KL",
        "KL divergence of the posterior from the prior, summed over dimensions, per image. A deterministic model has "
        "none.",
        2,
        unit="nats",
        variational=True,
    )
    total: float | None = _figure(
        "Total",
        "Reconstruction + KL, per image: the negative ELBO of a VAE.",
        2,
        unit="nats",
        better="lower",
        variational=True,
        likelihood=True,
    )
    knn_accuracy: float | None = _figure(
        "kNN accuracy",
        "Share of test codes whose 10 nearest other test codes vote for the right class.",
        3,
        better="higher",
        labelled=True,
        null=True,
    )
    active_units: int | None = _figure(
        "Active units",
        "Latent dimensions whose posterior mean varies over the images, with a variance above 0.01 (Burda et al. "
        "2016).",
        0,
        variational=True,
        read=_count,
    )
    kl_per_dim: tuple[float, ...] | None = field(default=None, metadata={"read": _numbers})
    """(D,) nats; zeros for a deterministic model."""
    code: Mapping[str, Any] | None = field(default=None, metadata={"read": _mapping})
    """What ``CodeStatistics.from_metrics`` reads."""
    attributes: tuple[AttributeProbe, ...] | None = field(default=None, metadata={"read": _attributes})
    denoising: Denoising | None = field(default=None, metadata={"read": _denoising})
    nll: float | None = _figure(
        "NLL",
        "Importance-weighted negative log-likelihood (Burda et al. 2016), per image: a tighter bound than the total.",
        2,
        unit="nats",
        better="lower",
        variational=True,
        likelihood=True,
    )
    mutual_information: float | None = _figure(
        "Mutual information",
        "What a code tells of its image (Hoffman & Johnson 2016); the estimate cannot exceed the logarithm of the "
        "number of images.",
        2,
        unit="nats",
        variational=True,
    )
    nll_samples: int | None = field(default=None, metadata={"read": _count})
    """Posterior samples of each image that ``nll`` was estimated with."""
    collapsed_dimensions: int | None = field(default=None, metadata={"read": _count})
    posterior_collapse: bool | None = field(default=None, metadata={"read": _flag})
    """Whether all dimensions have collapsed."""
    knn_accuracy_1: float | None = _figure(
        "1-NN", "Share of test codes whose nearest training code has their class.", 3, better="higher", labelled=True
    )
    knn_accuracy_5: float | None = _figure(
        "5-NN",
        "Share of test codes whose 5 nearest training codes vote for the right class.",
        3,
        better="higher",
        labelled=True,
    )
    knn_accuracy_10: float | None = _figure(
        "10-NN",
        "Share of test codes whose 10 nearest training codes vote for the right class.",
        3,
        better="higher",
        labelled=True,
    )
    linear_probe: float | None = _figure(
        "Linear probe",
        "Share of test codes that logistic regression on training codes puts into the right class.",
        3,
        better="higher",
        labelled=True,
    )
    frechet_distance: float | None = _figure(
        "Fréchet distance",
        "Between samples and test images, in the features of the data set's own classifier; cannot be compared with "
        "distances in Inception's features.",
        2,
        better="lower",
        labelled=True,
    )
    precision: float | None = _figure(
        "Precision",
        "Share of samples that lie among real images (Kynkäänniemi et al. 2019).",
        3,
        better="higher",
        labelled=True,
    )
    recall: float | None = _figure(
        "Recall",
        "Share of real images that lie among samples (Kynkäänniemi et al. 2019).",
        3,
        better="higher",
        labelled=True,
    )
    density: float | None = _figure(
        "Density",
        "How many real images lie around a sample, over the number of neighbours (Naeem et al. 2020); may exceed 1.",
        3,
        better="higher",
        labelled=True,
    )
    coverage: float | None = _figure(
        "Coverage",
        "Share of real images that have a sample in their neighbourhood (Naeem et al. 2020).",
        3,
        better="higher",
        labelled=True,
    )

    @classmethod
    def from_json(cls, stored: object) -> Metrics:
        """Read what ``to_json`` gave; what has another type counts as absent."""
        if not isinstance(stored, Mapping):
            return cls()
        return cls(**{one.name: one.metadata["read"](stored.get(one.name)) for one in dataclasses.fields(cls)})

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``metrics.json``, in the record's order; nothing of what is None.

        Of an evaluated model, figures that every table shows are written as null where they do not apply.
        """
        evaluated = self.mse is not None
        values = {one: getattr(self, one.name) for one in dataclasses.fields(self)}
        return {
            one.name: _plain(value)
            for one, value in values.items()
            if value is not None or (evaluated and one.metadata.get("null"))
        }

    def updated(self, other: Metrics) -> Metrics:
        """These metrics, with those that the other record has in place of their own."""
        values = {one.name: getattr(other, one.name) for one in dataclasses.fields(other)}
        return dataclasses.replace(self, **{name: value for name, value in values.items() if value is not None})

    def figures(self, *, variational: bool) -> dict[str, float | None]:
        """Every figure by its name; those that would mislead in a table of several models are None.

        Args:
            variational: whether the model is.
        """
        bernoulli = self.bce is not None
        return {
            name: getattr(self, name)
            if (variational or not figure.variational) and (bernoulli or not figure.likelihood)
            else None
            for name, figure in FIGURES.items()
        }


FIGURES: dict[str, Figure] = {
    one.name: one.metadata["figure"] for one in dataclasses.fields(Metrics) if "figure" in one.metadata
}
"""Every figure by its name in ``Metrics``, in its order."""


def _plain(value: Any) -> Any:
    """Records as mappings, sequences as lists."""
    if isinstance(value, AttributeProbe | Denoising):
        return {part.name: _plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
