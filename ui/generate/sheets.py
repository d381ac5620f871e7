"""The parts of the Generate page: what codes are sampled from, sheets of decoded images, and what they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.components import live
from ui.components.gallery import GalleryProps, gallery
from ui.components.live.props import PlaneProps
from ui.shared import live_point
from ui.shared.models import label_names
from ui.state import loaders, point
from vae_core import media
from vae_core.latent import distributions, paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet
    from vae_core.latent.distributions import Mixture
    from vae_core.latent.space import LatentSpace

SAMPLES, CLASSES, PLANE, SIDE_BY_SIDE = "Samples", "By class", "Plane", "Side by side"
PRIOR, GAUSSIAN, MIXTURE = "Prior", "Gaussian", "Mixture"
SOURCES = (PRIOR, GAUSSIAN, MIXTURE)
HEADINGS = {PRIOR: "From the prior N(0, I)", GAUSSIAN: "From a fitted Gaussian", MIXTURE: "From a fitted mixture"}
ALL_CLASSES = "All classes"
PLANE_SOURCE = "a point of the plane"
STYLES = 10  # columns of the grid of classes
SHEET_WIDTH = 960  # CSS pixels, at most, of a grid of images
THIRD_WIDTH = 380  # the same, of three side by side
LARGEST_PICTURE = 96  # CSS pixels
SHEET_SCALE = {28: 3, 64: 2}  # of a downloaded sheet, by the images' side


@dataclass(frozen=True, eq=False)
class Sheet:
    """Images decoded from sampled codes: codes (N, D), labels (N,) or None, images (N, C, H, W)."""

    codes: np.ndarray
    labels: np.ndarray | None
    images: np.ndarray
    names: list[str]
    columns: int
    row_names: tuple[str, ...] = ()


def views(space: LatentSpace) -> list[str]:
    """What can be shown of a model."""
    return [SAMPLES, *([CLASSES] if space.classes else []), *([PLANE] if space.latent == 2 else []), SIDE_BY_SIDE]


def distribution(checkpoint: Checkpoint, source: str) -> Mixture:
    """What codes are sampled from.

    Raises:
        UserError: if a mixture is asked for and the test images that it is fitted to are missing.
    """
    space = loaders.open_space(checkpoint)
    if source == PRIOR:
        return distributions.standard_normal(space.latent)
    if source == GAUSSIAN:
        return distributions.gaussian(space.statistics.mean, space.statistics.covariance)
    return _fitted(checkpoint.name, checkpoint.digest, checkpoint)


@st.cache_resource(max_entries=16, show_spinner="Fitting a mixture to the codes …")
def _fitted(name: str, digest: str, _checkpoint: Checkpoint) -> Mixture:
    return distributions.fit_mixture(loaders.test_codes(_checkpoint).codes)


def trio(
    model: Checkpoint, images: ImageSet | None, count: int, columns: int, *, temperature: float, seed: int
) -> list[Sheet]:
    """Samples of one model from each source, side by side; a source that needs missing images is left out."""
    space, sheets = loaders.open_space(model), []
    names = label_names(model, space)
    for column, source in zip(st.columns(len(SOURCES), gap="medium"), SOURCES, strict=True):
        with column:
            st.caption(HEADINGS[source])
            drawn = distribution(model, source) if source != MIXTURE or images is not None else None
            if drawn is None:
                st.caption("The test images are not on this machine.")
                continue
            sheet = samples(space, drawn, count, columns, temperature=temperature, seed=seed, names=names)
            show(sheet, model, source_in_words(source), key=f"{source}_{model.name}", width=THIRD_WIDTH)
            sheets.append(sheet)
    return sheets


def samples(
    space: LatentSpace,
    drawn: Mixture,
    count: int,
    columns: int,
    *,
    temperature: float,
    seed: int,
    names: tuple[str, ...] = (),
    label: int | None = None,
) -> Sheet:
    """``count`` decoded samples; a conditional model gets ``label``, or each label in turn if that is None."""
    codes = drawn.sample(count, temperature, seed)
    labels = None
    if space.classes:
        labels = np.arange(count) % space.classes if label is None else np.full(count, label)
    words = [f"sample {position + 1}" for position in range(count)]
    if labels is not None:
        words = [f"{names[one]}, {word}" for one, word in zip(labels, words, strict=True)]
    return Sheet(codes, labels, space.decode(codes, labels), words, columns)


def class_grid(space: LatentSpace, drawn: Mixture, names: tuple[str, ...], *, temperature: float, seed: int) -> Sheet:
    """A row for each class and a column for each sample: the same STYLES codes, decoded with every label."""
    styles = drawn.sample(STYLES, temperature, seed)
    codes = np.tile(styles, (space.classes, 1))
    labels = np.repeat(np.arange(space.classes), STYLES)
    words = [f"{name}, style {style + 1}" for name in names for style in range(STYLES)]
    return Sheet(codes, labels, space.decode(codes, labels), words, STYLES, names)


def plane(space: LatentSpace, side: int, *, temperature: float, label: int | None = None) -> Sheet:
    """A grid of side x side codes of a two-dimensional model: equal shares of the prior, or of where its codes lie.

    For a deterministic model, which has no prior, the steps are equal, from the codes' 1st to their 99th percentile.
    """
    if space.variational:
        codes = paths.prior_grid(side) * temperature
    else:
        low, high = space.statistics.low, space.statistics.high
        centre, reach = (low + high) / 2, (high - low) / 2 * temperature
        across, down = (np.linspace(-reach[axis], reach[axis], side) + centre[axis] for axis in (0, 1))
        first, second = np.meshgrid(across, down[::-1])
        codes = np.stack([first.ravel(), second.ravel()], axis=1)
    codes = codes.astype(np.float32)
    labels = np.full(len(codes), label or 0) if space.classes else None
    words = [f"z0 at {code[0]:.2f}, z1 at {code[1]:.2f}" for code in codes]
    return Sheet(codes, labels, space.decode(codes, labels), words, side)


def show_plane(sheet: Sheet, checkpoint: Checkpoint) -> bool:
    """The live plane of a 2-dimensional model: its image follows the cursor, a click moves the point.

    False, and nothing, if the decoder cannot run in the browser.
    """
    packed = loaders.packed_decoder(checkpoint)
    if isinstance(packed, str):
        return False
    space, now = loaders.open_space(checkpoint), point.current()
    codes = sheet.codes.reshape(sheet.columns, sheet.columns, 2)
    props = PlaneProps(
        axes=[codes[0, :, 0].tolist(), codes[::-1, 0, 1].tolist()],
        code=now.code,
        label=None if sheet.labels is None else int(sheet.labels[0]),
        serial=st.session_state.get("live_serial", 0),
        source=PLANE_SOURCE,
    )
    moved = {"moved": lambda value: live_point.take_move(value, packed.key, space)}
    live.show(props, [packed], key="plane", on_change=moved)
    return True


def show(sheet: Sheet, checkpoint: Checkpoint, source: str, *, key: str, width: int = SHEET_WIDTH) -> None:
    """A grid of images; a click makes an image the shared point of the model that decoded it."""

    def picked(position: int) -> None:
        label = None if sheet.labels is None else int(sheet.labels[position])
        _become_current(checkpoint)
        point.move_to(sheet.codes[position], f"{sheet.names[position]} from {source}", label=label)

    size = min(LARGEST_PICTURE, width // sheet.columns)
    gallery(
        GalleryProps(
            sheet.images,
            sheet.names,
            size=size,
            columns=sheet.columns,
            row_names=sheet.row_names,
            marked=_marked(sheet, checkpoint),
        ),
        key=key,
        on_pick=picked,
    )


def _become_current(checkpoint: Checkpoint) -> None:
    """Make a model that stands beside the current one the current one, with the same models side by side."""
    before = st.session_state["model"]
    if checkpoint.name != before:
        st.session_state[f"generated_of_{checkpoint.name}"] = st.session_state.get(f"generated_of_{before}", [])
        st.session_state["model"] = checkpoint.name
        point.choose_trail(checkpoint)


def _marked(sheet: Sheet, checkpoint: Checkpoint) -> int | None:
    """The image whose code and label are the shared point's."""
    if st.session_state.get("model") != checkpoint.name:
        return None
    now = point.current()
    same = np.abs(sheet.codes - now.array()).max(1) < 10.0**-point.DIGITS
    if sheet.labels is not None:
        same &= sheet.labels == now.label
    return int(same.argmax()) if same.any() else None


def link_to_explore(checkpoint: Checkpoint, sheets: Sequence[Sheet]) -> None:
    """What a click does; after one on a sheet of the current model, a link to Explore with that image."""
    on_the_plane = point.current().source == PLANE_SOURCE
    if on_the_plane or any(_marked(sheet, checkpoint) is not None for sheet in sheets):
        st.page_link(
            "pages/explore.py",
            label="Explore the marked image",
            icon=":material/tune:",
            query_params=point.address_of(checkpoint.name, point.current()),
        )
    else:
        st.caption("Click an image to make it the current point on all pages.")


def png(rows: Sequence[Sequence[Sheet]]) -> bytes:
    """Rows of sheets as one PNG file; the sheets of a row stand side by side and have equally many rows of images."""
    bands = [np.concatenate([_as_grid(sheet) for sheet in row], axis=1) for row in rows]
    images = np.concatenate([band.reshape(-1, *band.shape[2:]) for band in bands])
    scale = next((scale for largest, scale in SHEET_SCALE.items() if images.shape[-1] <= largest), 1)
    return media.png_bytes(media.sheet(images, bands[0].shape[1], scale=scale))


def _as_grid(sheet: Sheet) -> np.ndarray:
    """A sheet's images (rows, columns, C, H, W)."""
    return sheet.images.reshape(-1, sheet.columns, *sheet.images.shape[1:])


def source_in_words(source: str) -> str:
    """What codes are sampled from, in words."""
    return {
        PRIOR: "the prior N(0, I)",
        GAUSSIAN: "a Gaussian fitted to the codes of the test images",
        MIXTURE: "a mixture of Gaussians fitted to the codes of the test images",
    }[source]


def explain_samples(variational: bool, source: str) -> str:
    """What the samples show, in a sentence or two."""
    if source != PRIOR:
        more = " The mixture also avoids the gaps between them." if source == MIXTURE else ""
        return f"These codes lie where those of real images lie, so the decoder gets what it was trained on.{more}"
    if variational:
        return (
            "Training pulled the codes of real images towards the prior, so a sample from the prior lands among them: "
            "this model is a generator."
        )
    return (
        "Nothing in this model's training pulls its codes towards N(0, I). Samples land between and beside the real "
        "codes, where the decoder was never trained: it is not a generator."
    )


def explain_side_by_side() -> str:
    """What samples of several models show, in a sentence or two."""
    return (
        "Gaussian and mixture are fitted to the codes of the test images. A CAE can place its codes anywhere, so "
        "samples from the prior miss them; a VAE is trained to place them where the prior is."
    )


def explain_classes(source: str) -> str:
    """What a grid of classes shows, in a sentence."""
    return (
        f"Each column is one code, sampled from {source_in_words(source)} and decoded with every label: the label "
        "decides the class, the code the style."
    )


def explain_plane(variational: bool) -> str:
    """What the plane shows, in a sentence or two."""
    if variational:
        return (
            "The whole latent space on one sheet: the grid divides the prior into cells of equal probability (equal "
            "steps of the normal distribution function). z0 increases to the right, z1 upwards."
        )
    return (
        "The whole latent space on one sheet: equal steps from the 1st to the 99th percentile of the test images' "
        "codes, as this model has no prior. z0 increases to the right, z1 upwards."
    )


__all__ = [
    "ALL_CLASSES",
    "CLASSES",
    "GAUSSIAN",
    "MIXTURE",
    "PLANE",
    "PRIOR",
    "SAMPLES",
    "SIDE_BY_SIDE",
    "SOURCES",
    "Sheet",
    "class_grid",
    "distribution",
    "explain_classes",
    "explain_plane",
    "explain_samples",
    "explain_side_by_side",
    "link_to_explore",
    "plane",
    "png",
    "samples",
    "show",
    "show_plane",
    "source_in_words",
    "trio",
    "views",
]
