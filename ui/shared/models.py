"""What the pages ask about models: their kind, which can be compared, their labels; and choosing several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import streamlit as st

from ui.state import address, loaders
from vae_core.models import families

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.latent.space import LatentSpace
    from vae_core.models.families import Family

GREY, BINARISED = "grey", "binarised"


def family_of(checkpoint: Checkpoint) -> Family:
    """The record of a model's family."""
    return families.of(checkpoint.run.model)


def latent_of(checkpoint: Checkpoint) -> int:
    """How many latent dimensions a model has."""
    return checkpoint.run.model.latent


def pixels_of(checkpoint: Checkpoint) -> str:
    """The kind of pixels that a model was trained and evaluated on; metrics of the two kinds cannot be compared."""
    return BINARISED if checkpoint.run.data.binarise else GREY


def comparable_models(checkpoint: Checkpoint) -> list[Checkpoint]:
    """The usable models of the same images as this one, baselines first."""
    data, shape = checkpoint.run.data, checkpoint.run.model.image_shape
    same = [
        other
        for other in loaders.checkpoints()
        if other.run.model.image_shape == shape and _same_data(other.run.data.name, data.name)
    ]
    order = families.every()
    return sorted(same, key=lambda other: (order.index(family_of(other)), other.name))


def label_names(checkpoint: Checkpoint, space: LatentSpace) -> tuple[str, ...]:
    """The labels of a conditional model in words, or as numbers if its images are not here; () for other models."""
    if not space.classes:
        return ()
    images = loaders.quietly(lambda: loaders.test_images(checkpoint))
    if images is not None and len(images.class_names) == space.classes:
        return images.class_names
    return tuple(str(label) for label in range(space.classes))


def _same_data(first: str, second: str) -> bool:
    """Whether two sets share their test split; the small Fashion-MNIST is a part of the large one."""
    return first.removesuffix("-small") == second.removesuffix("-small")


def choose_models(checkpoint: Checkpoint, *, key: str, start: Literal["all", "trained", "one"]) -> list[Checkpoint]:
    """Choose several models of the same images.

    At the start all with as many latent dimensions are chosen; or those of them that are trained by gradient steps and
    use the whole latent space, not a codebook in it; or the current one alone. The choice is in the page's address; a
    model that a link names and that cannot be compared is left out.
    """
    known = {other.name: other for other in comparable_models(checkpoint)}
    latent = checkpoint.run.model.latent

    def begins(other: Checkpoint) -> bool:
        family = family_of(other)
        trained = not (family.closed_form or family.prototypes)
        return other.run.model.latent == latent and (start == "all" or (start == "trained" and trained))

    first = [name for name, other in known.items() if begins(other)]
    if checkpoint.name not in first:
        first.append(checkpoint.name)
    state = f"{key}_of_{checkpoint.name}"
    st.session_state.setdefault(state, first)
    if (linked := address.given(address.MODELS)) is not None:
        st.session_state[state] = list(linked)
    st.session_state[state] = [name for name in st.session_state[state] if name in known] or first
    chosen = st.multiselect("Models", list(known), key=state, placeholder="Choose at least one model")
    address.write(address.MODELS, ",".join(chosen))
    return [known[name] for name in chosen]
