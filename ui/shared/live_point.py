"""The live view of the shared point: what it is sent, and what it reports when the visitor moves the point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ui.components import live
from ui.components.live.props import OwnDirection, WorkbenchProps
from ui.frame import notify
from ui.shared import moves, pickers
from ui.shared.models import label_names
from ui.state import address, directions, loaders, point
from ui.state.parameters import LARGEST_COORDINATE

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.export.browser import PackedDecoder
    from vae_core.latent.space import LatentSpace

KEY = "workbench"
LONGEST_SOURCE = 80


@dataclass(frozen=True)
class Options:
    """How the live view looks and what it is made of."""

    basis: str = "dimensions"
    """What the sliders move: "dimensions", "principal", "attributes" or "own"."""
    beside: Checkpoint | None = None
    """A second model, which decodes the same latent vector."""
    smooth: bool = False
    temperature: float = 1.0
    backend: str = "auto"
    """Of the decoder: "auto" or "js" in the browser; empty for the server only."""
    pace: bool = False
    """Whether the time of each decode is shown."""
    compact: bool = False
    """Without the pad, to fit beside something else."""


def packed_decoders(checkpoint: Checkpoint, options: Options) -> list[tuple[str, PackedDecoder]]:
    """The decoders that the view needs, with their models' names; none if the model's own cannot run in the browser."""
    if not options.backend:
        return []
    decoders = []
    for model in [checkpoint, *([options.beside] if options.beside else [])]:
        packed = loaders.attempt(lambda model=model: loaders.packed_decoder(model))  # type: ignore[misc]
        if isinstance(packed, str):
            st.info(f"{model.name} is decoded on the server: {packed}.", icon=":material/dns:")
        elif packed is not None:
            decoders.append((model.name, packed))
    return decoders if decoders and decoders[0][0] == checkpoint.name else []


def show(
    checkpoint: Checkpoint, space: LatentSpace, options: Options, decoders: list[tuple[str, PackedDecoder]]
) -> None:
    """Show the live view at the current point."""
    now, trail = point.current(), point.trail()
    key = decoders[0][1].key
    props = WorkbenchProps(
        names=[name for name, _ in decoders],
        code=now.code,
        label=now.label,
        source=now.source,
        serial=st.session_state.get("live_serial", 0),
        labels=label_names(checkpoint, space),
        variational=space.variational,
        temperature=options.temperature,
        basis=options.basis,
        attributes=space.directions.names,
        own=[OwnDirection(f"Towards {one.name}", one.step) for one in directions.kept(checkpoint)],
        score_unit="nats" if space.variational else "share",
        pad=_pad_axes(),
        smooth=options.smooth,
        pace=options.pace,
        engine=options.backend,
        compact=options.compact,
        can_undo=bool(trail.past),
        can_redo=bool(trail.future),
        words=moves.workbench_words(space.variational),
    )
    live.show(
        props,
        [decoder for _, decoder in decoders],
        key=KEY,
        on_change={
            "moved": lambda value: take_move(value, key, space),
            "asked": lambda value: _take_request(value, checkpoint),
            "pad": take_pad,
        },
    )


def show_compact(checkpoint: Checkpoint, space: LatentSpace) -> None:
    """A compact live view for a narrow column of another page; a line where the model has none."""
    options = Options(compact=True)
    if decoders := packed_decoders(checkpoint, options):
        show(checkpoint, space, options, decoders)
    else:
        st.caption("This model has its sliders on the Explore page.")


def take_move(value: Any, key: str, space: LatentSpace) -> None:
    """Take up a point that was moved in the browser; what does not fit the model is ignored."""
    if not isinstance(value, dict) or value.get("decoder") != key or not isinstance(value.get("serial"), int):
        return
    st.session_state["live_serial"] = value["serial"]
    code, label, source = value.get("code"), value.get("label"), value.get("source")
    if not isinstance(code, list) or len(code) != space.latent or not all(map(_is_sensible, code)):
        return
    now = point.current()
    fits = bool(space.classes) and isinstance(label, int) and 0 <= label < space.classes
    moved = point.Point(point.rounded(code), label if fits else now.label, str(source)[:LONGEST_SOURCE])
    if (moved.code, moved.label) != (now.code, now.label):
        point.go(moved)


def _is_sensible(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) <= LARGEST_COORDINATE


def _take_request(value: Any, checkpoint: Checkpoint) -> None:
    """Do what a button of the live view asks for."""
    if value == "undo":
        point.undo()
    elif value == "redo":
        point.redo()
    elif value == "real":
        images = loaders.quietly(lambda: loaders.test_images(checkpoint))
        if images is None:
            notify("This model's test images are not on this machine.")
        else:
            pickers.move_to_test_image(checkpoint, int(np.random.default_rng().integers(len(images))))


def take_pad(value: Any) -> None:
    """Keep the pad's axes in the address."""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(name, str) for name in value):
        address.write(address.PAD, ",".join(value))


def _pad_axes() -> list[str] | None:
    """The pad's axes that the address names; the view ignores names that it does not know."""
    names = address.current(address.PAD)
    return None if names is None else list(names)
