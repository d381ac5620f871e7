"""A small classifier of a data set's own images; its features are the space in which samples are judged.

Its recipe is ``train_classifier``: 2,800 steps of 128 training images, seed 0. The one for Fashion-MNIST comes with
the program and is rebuilt by ``python -m vae_core.evaluation.classifier fashion-mnist``; others are trained when first
needed, in a minute or two, and kept in the cache folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from tqdm import tqdm

from vae_core.checkpoint import save_tensors
from vae_core.config import DataConfig, UserError
from vae_core.data import ImageSet, load_images
from vae_core.files import cache_folder, read_or_make

SHIPPED = Path(__file__).parent / "classifiers"
FEATURES = 64
STEPS = 2800
BATCH = 128
PEAK_RATE = 4e-3


class Classifier(nn.Module):
    """Two convolutions and two dense layers; the features are the output of the first dense one."""

    def __init__(self, image_shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        channels, height, width = image_shape
        self.features = nn.Sequential(
            nn.Conv2d(channels, 32, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(32, 64, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.AdaptiveAvgPool2d((min(7, height // 4), min(7, width // 4))),
            nn.Flatten(),
            nn.Linear(64 * min(7, height // 4) * min(7, width // 4), FEATURES),
            nn.SiLU(),
        )
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, classes) of images (N, C, H, W) in [0, 1]."""
        return self.head(self.features(images))

    @torch.inference_mode()
    def describe(self, images: np.ndarray) -> np.ndarray:
        """Features (N, 64) of images (N, C, H, W), uint8 or float in [0, 1]."""
        parts = [self.features(_pixels(images[start : start + 500])) for start in range(0, len(images), 500)]
        return torch.cat(parts).numpy()

    @torch.inference_mode()
    def accuracy(self, images: ImageSet) -> float:
        """Share of labelled images that are put into their class."""
        if images.labels is None:
            raise ValueError("accuracy needs labels")
        right = 0
        for start in range(0, len(images), 500):
            part = slice(start, start + 500)
            right += int((self(_pixels(images.images[part])).argmax(1).numpy() == images.labels[part]).sum())
        return right / len(images)


def train_classifier(images: ImageSet, *, show_progress: bool = True) -> Classifier:
    """Learn to tell the classes of labelled images apart.

    Raises:
        UserError: if the images have no labels.
    """
    if images.labels is None:
        raise UserError("the images have no labels, which a classifier needs")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Classifier(images.images.shape[1:], len(images.class_names))
    model = model.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    generator = torch.Generator().manual_seed(0)
    orders = (torch.randperm(len(images), generator=generator).split(BATCH) for _ in itertools.count())
    batches = itertools.islice(itertools.chain.from_iterable(orders), STEPS)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=STEPS)
    labels = torch.from_numpy(images.labels)
    hidden = None if show_progress else True  # None: hidden where the output is no terminal
    for indices in tqdm(batches, "Classifier", STEPS, unit="step", leave=False, disable=hidden):
        loss = F.cross_entropy(model(_pixels(images.images[indices.numpy()])), labels[indices])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.eval()


def open_classifier(config: DataConfig) -> Classifier:
    """The classifier of a data set: the one that comes with the program, or one trained now and kept.

    Raises:
        UserError: if the images are not here, or have no labels.
    """
    test = load_images(config, "test")

    def read(path: Path) -> Classifier:
        model = Classifier(test.images.shape[1:], len(test.class_names))
        model.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()})
        return model.eval()

    unusable = (OSError, SafetensorError, RuntimeError)  # absent, damaged, or of another image size
    with contextlib.suppress(*unusable):
        return read(SHIPPED / f"{_base_name(config.name)}.safetensors")
    return read_or_make(
        _cached(config), read, lambda: train_classifier(load_images(config, "train")), save, damaged=unusable
    )


def save(path: Path, model: Classifier) -> None:
    """Keep a classifier's weights at half precision, atomically."""
    save_tensors(path, {name: tensor.half() for name, tensor in model.state_dict().items()}, {})


def _base_name(name: str) -> str:
    return name.removesuffix("-small")


def _cached(config: DataConfig) -> Path:
    """Where the classifier of a data set is kept."""
    described = json.dumps(asdict(config) | {"name": _base_name(config.name), "steps": STEPS}, sort_keys=True)
    return cache_folder("classifiers") / f"{hashlib.sha256(described.encode()).hexdigest()[:16]}.safetensors"


def _pixels(images: np.ndarray) -> Tensor:
    """uint8 or float images as float32 in [0, 1]."""
    tensor = torch.from_numpy(np.array(images)).to(memory_format=torch.channels_last)
    return tensor.float().div_(255) if images.dtype == np.uint8 else tensor.float()


def main(names: list[str]) -> int:
    """Train the classifiers that come with the program; 2 for a user's mistake."""
    try:
        for name in names:
            config = DataConfig(name)
            model = train_classifier(load_images(config, "train"))
            save(SHIPPED / f"{name}.safetensors", model)
            accuracy = open_classifier(config).accuracy(load_images(config, "test"))
            print(f"{name}: {accuracy:.4f} of the test images are put into their class")
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
