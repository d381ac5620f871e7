"""What to load, what to build and how to train it: frozen dataclasses with a JSON round trip.

The docstring under each field is also the command line's help text.
"""

from __future__ import annotations

import json
import typing
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

# Each a file of vae_core/models, in the order in which people see them.
FamilyName = Literal[
    "pca",
    "cae",
    "vae",
    "vqvae",
]
Network = Literal["shuffle", "residual", "strided", "dcec", "mlp", "convolutional"]
Normalisation = Literal["none", "batch"]
Condition = Literal["none", "decoder", "both"]
Likelihood = Literal["bernoulli", "gaussian"]
Fit = Literal["crop", "pad"]
Precision = Literal["auto", "float32", "bfloat16"]
Storage = Literal["float32", "float16"]


class UserError(Exception):
    """A mistake that the user can mend; its text is one line: what was wrong, with what, what to do."""


class ConfigError(UserError):
    """A configuration that cannot be built or read."""


def _check_choices(config: Any) -> None:
    """Raise ConfigError if a field that takes one of a few words holds another."""
    hints = typing.get_type_hints(type(config))
    for entry in fields(config):
        if typing.get_origin(hints[entry.name]) is not Literal:
            continue
        choices, value = typing.get_args(hints[entry.name]), getattr(config, entry.name)
        if value not in choices:
            raise ConfigError(f"{entry.name} is {value!r}; choose one of {', '.join(choices)}")


def _check_range(config: Any, name: str, low: float, high: float) -> None:
    """Raise ConfigError unless ``low <= config.name <= high`` (a value that is not a number fails too)."""
    value = getattr(config, name)
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}; it must be between {low:g} and {high:g}")


@dataclass(frozen=True)
class DataConfig:
    """Which images, and in which form."""

    name: str = "fashion-mnist-small"
    """A data set's name (``fashion-mnist``, ``mnist``, ``digits`` ...) or ``folder:PATH``."""
    size: int | None = None
    """Height and width in pixels to resize to; None keeps a data set's own size."""
    fit: Fit = "crop"
    """How an image becomes a square. crop: its centre. pad: all of it, its edge's colour around."""
    channels: int | None = None
    """1 for grey, 3 for colour; None keeps what the images have."""
    binarise: bool = False
    """Make each pixel black or white with its grey value as the probability of white, anew each time it is seen
    (dynamic binarisation, Salakhutdinov & Murray 2008)."""
    validation: int = 0
    """Images at the end of the training split that are kept out of the training, to choose between models."""

    def __post_init__(self) -> None:
        _check_choices(self)
        _check_range(self, "validation", 0, 10_000_000)
        if self.size is not None:
            _check_range(self, "size", 4, 512)
        if self.channels not in (None, 1, 3):
            raise ConfigError(f"channels is {self.channels}; choose 1 (grey) or 3 (colour)")


@dataclass(frozen=True)
class ModelConfig:
    """A model as a point on a few axes; ``vae_core.models.presets`` names some points."""

    family: FamilyName = "vae"
    """How an image becomes a code and a code an image; vae_core/models has a file for each family."""
    network: Network = "shuffle"
    """shuffle, residual, strided, dcec and mlp have a vector code; convolutional has a small map as its code."""
    image_shape: tuple[int, int, int] = (1, 28, 28)
    """Channels, height and width of an image; taken from the data."""
    latent: int = 16
    """Latent dimensions (of a map: channels x height x width)."""
    width: int = 16
    """Channels of the first convolution; deeper ones have twice as many."""
    encoder_width: int | None = None
    """As width, of the encoder alone, whose size costs nothing where only the decoder runs. None: as the decoder's.
    Networks shuffle and residual only."""
    encoder_squeeze: int | None = None
    """Channels that a convolution of one pixel leaves of the encoder's last map, so that the fully connected layer
    after it stays small. None: all. Networks shuffle and residual only."""
    hidden: int = 256
    """Units of each fully connected hidden layer."""
    depth: int = 1
    """Fully connected hidden layers each way; codes of very few dimensions gain from more. In the network convolutional
    all but the first are convolutions of one pixel; dcec has none."""
    blocks: int = 1
    """Residual blocks at each size of the network residual; other networks have none."""
    normalisation: Normalisation = "none"
    """batch: batch normalisation in the residual blocks, which a finished decoder folds into its convolutions."""
    condition: Condition = "none"
    """Which networks are given the label: none, the decoder, or both."""
    classes: int = 0
    """Number of labels of a conditional model, 0 for any other; taken from the data."""
    likelihood: Likelihood = "bernoulli"
    """Pixel likelihood. bernoulli: binary cross-entropy. gaussian: squared error over a learned variance."""
    beta: float = 1.0
    """Weight of the KL term (nats per image) against the reconstruction term (nats per image, summed over
    pixels)."""
    warmup: float = 0.3
    """Share of the training during which the KL weight rises linearly from 0 to beta."""
    importance_samples: int = 1
    """Posterior samples for each image. More than one trains the importance-weighted bound (Burda et al. 2016) instead
    of the ELBO, at the cost of as many passes through the decoder."""
    noise: float = 0.0
    """Standard deviation of the Gaussian noise added to the encoder's input (denoising); pixels in [0, 1]."""

    def __post_init__(self) -> None:
        _check_choices(self)
        _check_range(self, "latent", 1, 4096)
        _check_range(self, "width", 4, 1024)
        for option in ("encoder_width", "encoder_squeeze"):
            if getattr(self, option) is None:
                continue
            _check_range(self, option, 4, 1024)
            if self.network not in ("shuffle", "residual"):
                raise ConfigError(f"{option} is for the networks shuffle and residual, not for {self.network}")
        _check_range(self, "hidden", 4, 65536)
        _check_range(self, "depth", 1, 16)
        _check_range(self, "blocks", 1, 64)
        _check_range(self, "importance_samples", 1, 10_000)
        _check_range(self, "beta", 0, 1e6)
        _check_range(self, "warmup", 0, 1)
        _check_range(self, "noise", 0, 10)
        from vae_core.models import families  # here: the records name this class

        if self.importance_samples > 1 and not families.of(self).variational:
            raise ConfigError(
                f"importance_samples is {self.importance_samples}; the family {self.family} has no posterior to sample"
            )
        families.of(self).check(self)


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained: AdamW on a one-cycle schedule."""

    epochs: int = 20
    """Passes over the training images."""
    batch_size: int = 128
    """Images a step."""
    learning_rate: float = 8e-3
    """Peak of the one-cycle schedule (Smith & Topin 2019)."""
    weight_decay: float = 0.0
    """Decoupled weight decay of AdamW."""
    adam_beta2: float = 0.999
    """How slowly AdamW forgets squared gradients. A rare large gradient moves a weight by the learning rate with 0.99,
    by three times as much with 0.999 (Kingma & Ba 2015, section 2.1), which can end the training of a wide network."""
    gradient_clip: float = 0.1
    """Largest norm of the gradient of the loss in nats per pixel; longer ones are scaled down to it."""
    seed: int = 0
    """Start of every random sequence: initial weights, order of the images, noise, posterior samples."""
    flip: bool = False
    """Mirror each training image left to right with probability 1/2, anew each time it is seen."""
    shift: int = 0
    """Move each training image by up to this many pixels each way, anew each time; its edge pixels fill the gap."""
    augment_until: float = 1.0
    """Share of the training with images mirrored or moved. Below 1 such images grow rarer, until the rest of the
    training sees all images as they are, so that the model ends with what it will be shown."""
    average_from: float = 1.0
    """Share of the training after which the learning rate stays as it is and the weights of all further steps are
    averaged; the averaged weights are the model (Izmailov et al. 2018, "Averaging weights leads to wider optima and
    better generalization"). 1: never."""
    precision: Precision = "auto"
    """auto: bfloat16 autocast where the processor multiplies it natively, else float32."""
    compile: bool = False
    """Compile the networks with torch.compile: a minute's wait first; `make bench` says when it pays here."""
    storage: Storage = "float32"
    """Precision of the weights in the finished checkpoint; its metrics are those of what is stored."""

    def __post_init__(self) -> None:
        _check_choices(self)
        _check_range(self, "epochs", 1, 100_000)
        _check_range(self, "batch_size", 1, 65536)
        _check_range(self, "learning_rate", 1e-8, 10)
        _check_range(self, "weight_decay", 0, 10)
        _check_range(self, "adam_beta2", 0.5, 0.99999)
        _check_range(self, "gradient_clip", 1e-6, 1e6)
        _check_range(self, "seed", 0, 2**63 - 1)
        _check_range(self, "shift", 0, 64)
        _check_range(self, "augment_until", 0.01, 1)
        _check_range(self, "average_from", 0, 1)


@dataclass(frozen=True)
class RunConfig:
    """All that is needed to repeat a run; stored in the header of its checkpoint."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        if self.train.average_from < 1 and self.model.normalisation == "batch":
            raise ConfigError(
                "weights that are averaged need batch statistics of their own; set average_from to 1 or normalisation "
                "to none"
            )

    def to_json(self) -> str:
        """The configuration as JSON text; ``from_json`` reads it back."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> RunConfig:
        """Read what ``to_json`` wrote.

        Raises:
            ConfigError: if the text is not JSON, a field is missing or unknown, or a value is out of range.
        """
        try:
            sections = json.loads(text)
            model = dict(sections["model"], image_shape=tuple(sections["model"]["image_shape"]))
            return cls(DataConfig(**sections["data"]), ModelConfig(**model), TrainConfig(**sections["train"]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigError(f"the configuration cannot be read ({type(error).__name__}: {error})") from error
