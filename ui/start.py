"""The parts of the start page: a film of the latent space, what to try first, and a card for each model."""

from __future__ import annotations

import base64
import html
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from ui.components.gallery import GalleryProps, gallery
from ui.frame import describe_model, plain
from ui.shared.models import family_of
from ui.state import loaders, point
from vae_core import media
from vae_core.config import UserError
from vae_core.evaluation.record import FIGURES
from vae_core.latent import paths

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.latent.space import LatentSpace

TILES = 7  # images side by side in the film
STATIONS = 6  # real images that each tile passes
STEPS = 12  # between two stations
FRAMES_PER_SECOND = 15
CARD_PICTURES = 6
CARDS_IN_A_ROW = 3
MOST_CARDS = 12
ON_CARDS = ("mse", "total")


class Suggestion(NamedTuple):
    """Something to try first: a page, what to do there and why, and settings for its address."""

    path: str
    icon: str
    name: str
    text: str
    settings: dict[str, str]


SUGGESTIONS = (
    Suggestion(
        "pages/explore.py",
        ":material/tune:",
        "Move a latent dimension",
        "Start from a real image, change one dimension of its code, and see what it controls.",
        {},
    ),
    Suggestion(
        "pages/interpolate.py",
        ":material/linear_scale:",
        "Turn one image into another",
        "Interpolate between two images: in pixels, in a CAE and in a VAE. Which path stays realistic?",
        {"a": "0", "b": "1"},
    ),
    Suggestion(
        "pages/embeddings.py",
        ":material/scatter_plot:",
        "Read the map",
        "Circle a cluster of codes and see what its images have in common.",
        {},
    ),
    Suggestion(
        "pages/compare.py",
        ":material/compare:",
        "See what is lost",
        "Reconstruct the same images with PCA, CAE and VAE of equal latent size, and compare the errors.",
        {},
    ),
)


def film(checkpoint: Checkpoint) -> None:
    """An endless film of paths between real images; a still for those who prefer reduced motion."""
    moving, still = _film(checkpoint.name, checkpoint.digest, checkpoint)
    text = html.escape(f"Images decoded by {checkpoint.name} along a path through its latent space")
    st.html(
        f'<picture><source srcset="{still}" media="(prefers-reduced-motion: reduce)">'
        f'<img class="pixels" src="{moving}" alt="{text}" style="width: 100%; border-radius: 0.5rem"></picture>'
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _film(name: str, digest: str, _checkpoint: Checkpoint) -> tuple[str, str]:
    """The film and its first frame, as addresses that hold the data."""
    space = loaders.open_space(_checkpoint)
    frames = [media.sheet(images, TILES, scale=4, gap=2) for images in _frames(space, _stations(_checkpoint, space))]
    moving = media.webp_bytes(frames, frames_per_second=FRAMES_PER_SECOND)
    return _data_address(moving, "webp"), _data_address(media.png_bytes(frames[0]), "png")


def _stations(checkpoint: Checkpoint, space: LatentSpace) -> np.ndarray:
    """Codes (STATIONS, TILES, D) to move between: of random test images, or samples if there are none."""
    try:
        codes = loaders.test_codes(checkpoint).codes
        chosen = np.random.default_rng(0).choice(len(codes), (STATIONS, TILES))
        return codes[chosen]
    except UserError:
        return space.sample(STATIONS * TILES).reshape(STATIONS, TILES, -1)


def _frames(space: LatentSpace, stations: np.ndarray) -> np.ndarray:
    """Images (frames, TILES, C, H, W) along straight lines between the stations and back to the first."""
    around = np.concatenate([stations, stations[:1]])
    codes = np.stack(
        [
            np.concatenate([paths.path(a, b, STEPS + 1)[:-1] for a, b in pairwise(tile)])
            for tile in around.swapaxes(0, 1)
        ],
        axis=1,
    )
    labels = np.arange(codes.shape[0] * TILES) % TILES % space.classes if space.classes else None
    images = space.decode(codes.reshape(-1, space.latent).astype(np.float32), labels)
    return images.reshape(len(codes), TILES, *space.image_shape)


def _data_address(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def suggestions(checkpoint: Checkpoint) -> None:
    """Links to what is worth trying first, with the model in their addresses."""
    for column, suggestion in zip(st.columns(len(SUGGESTIONS)), SUGGESTIONS, strict=True):
        with column, st.container(border=True, height="stretch", gap="small"):
            st.page_link(
                suggestion.path,
                label=f"**{suggestion.name}**",
                icon=suggestion.icon,
                query_params={"model": checkpoint.name} | suggestion.settings,
            )
            st.caption(suggestion.text)


def cards(checkpoints: list[Checkpoint]) -> None:
    """A card for each model: originals above reconstructions, what it is, and its metrics on the test split."""
    shown = checkpoints[:MOST_CARDS]
    for start in range(0, len(shown), CARDS_IN_A_ROW):
        row = shown[start : start + CARDS_IN_A_ROW]
        for column, checkpoint in zip(st.columns(CARDS_IN_A_ROW), row, strict=False):
            with column, st.container(border=True, height="stretch", gap="small"):
                st.page_link(
                    "pages/explore.py",
                    label=f"**{plain(checkpoint.name)}**",
                    icon=":material/tune:",
                    query_params=point.address_of(checkpoint.name, point.first_point(checkpoint)),
                )
                st.caption(describe_model(checkpoint))
                _card_pictures(checkpoint)
                st.caption(_figures(checkpoint))

    if len(checkpoints) > MOST_CARDS:
        st.caption(f"{len(checkpoints) - MOST_CARDS} more models are in the list in the sidebar.")


def _card_pictures(checkpoint: Checkpoint) -> None:
    try:
        originals, decoded, names = _card_images(checkpoint.name, checkpoint.digest, checkpoint)
    except UserError as error:
        st.caption(plain(str(error)))
        return
    gallery(GalleryProps(originals, names, one_row=True), key=f"card_{checkpoint.name}")
    key = f"card_{checkpoint.name}_decoded"
    gallery(GalleryProps(decoded, [f"{name}, reconstructed" for name in names], one_row=True), key=key)


@st.cache_data(max_entries=64, show_spinner=False)
def _card_images(name: str, digest: str, _checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """A few random test images, their reconstructions, and their names."""
    images, space = loaders.test_images(_checkpoint), loaders.open_space(_checkpoint)
    chosen = np.random.default_rng(1).choice(len(images), min(CARD_PICTURES, len(images)), replace=False)
    labels = images.labels[chosen] if space.classes and images.labels is not None else None
    decoded = space.reconstruct(images.images[chosen], labels)
    return images.images[chosen] / np.float32(255), decoded, [f"Test image {index}" for index in chosen]


def _figures(checkpoint: Checkpoint) -> str:
    """The stored metrics in words."""
    stored = checkpoint.metrics.figures(variational=family_of(checkpoint).variational)
    shown = [
        f"{FIGURES[name].heading} {FIGURES[name].text(value)}"
        for name in ON_CARDS
        if (value := stored[name]) is not None
    ]
    return f"Test split: {', '.join(shown)}" if shown else "No metrics are stored."
