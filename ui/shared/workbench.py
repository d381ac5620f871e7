"""The live half of the Explore page: its settings, what the view is told, and what it tells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ui.components import live
from ui.explore import server
from ui.frame import notify
from ui.shared import pickers
from ui.shared.models import latent_of
from ui.state import directions, loaders, point

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.export.browser import PackedDecoder
    from vae_core.latent.space import LatentSpace

KEY = "workbench"
SERVER = "Server"
ENGINES = {"Quickest": "auto", "JavaScript": "js", SERVER: ""}
ATTRIBUTES = "Attributes"
BASES = {
    "Dimensions": "dimensions",
    "Principal directions": "principal",
    ATTRIBUTES: "attributes",
    directions.BASIS: "own",
}
NOBODY = "No other"
LONGEST_SOURCE = 80


@dataclass(frozen=True)
class Settings:
    """How the workbench looks; all of it is in the page's address."""

    basis: str
    beside: Checkpoint | None
    smooth: bool
    temperature: float
    engine: str
    pace: bool


def settings(checkpoint: Checkpoint, space: LatentSpace) -> Settings:
    """The row of settings above the workbench."""
    others = partners(checkpoint)
    directions.read_address(checkpoint)
    absent = {ATTRIBUTES: not space.directions.names, directions.BASIS: not directions.kept(checkpoint)}
    bases = [name for name in BASES if not absent.get(name)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        basis = st.segmented_control(
            "Sliders over",
            bases,
            default="Dimensions",
            key="basis",
            required=True,
            bind="query-params",
            help="The code's own numbers; the directions in which the codes of the test pictures vary most; where the "
            "pictures have attributes, the way from codes without one to codes with it; or the way towards what you "
            "selected on the page Embeddings",
        )
        beside = st.selectbox(
            "Another model beside it",
            [NOBODY, *others],
            key="beside",
            bind="query-params",
            filter_mode=None,
            help="A model with as many numbers in its code, moved by the same hand",
            width=200,
            disabled=not others,
        )
        with st.popover("Settings", icon=":material/settings:"):
            temperature = st.slider(
                "Temperature",
                0.1,
                2.0,
                1.0,
                0.1,
                key="temperature",
                bind="query-params",
                help="Multiplies the spread of random draws: low is usual, high is daring",
            )
            smooth = st.toggle("Smooth pixels", key="smooth", bind="query-params")
            pace = st.toggle("Show speed", key="pace", bind="query-params")
            engine = st.segmented_control(
                "Decode with",
                list(ENGINES),
                default="Quickest",
                key="engine",
                required=True,
                bind="query-params",
                help="Quickest is WebAssembly where the browser has it. Server decodes on release only.",
            )
    return Settings(
        BASES.get(basis or "", "dimensions"), others.get(beside or ""), smooth, temperature, engine or "Quickest", pace
    )


def partners(checkpoint: Checkpoint) -> dict[str, Checkpoint]:
    """The other models whose codes have as many numbers, by name."""
    return {
        found.name: found
        for found in loaders.usable_checkpoints()
        if found.name != checkpoint.name and latent_of(found) == latent_of(checkpoint)
    }


def decoders(checkpoint: Checkpoint, chosen: Settings) -> list[tuple[str, PackedDecoder]]:
    """The decoders that the view needs, with their models' names; none if the model's own cannot run in the browser."""
    if chosen.engine == SERVER:
        return []
    found = []
    for model in [checkpoint, *([chosen.beside] if chosen.beside else [])]:
        packed = loaders.attempt(lambda model=model: loaders.packed_decoder(model))  # type: ignore[misc]
        if isinstance(packed, str):
            st.info(f"{model.name} is decoded on the server: {packed}.", icon=":material/dns:")
        elif packed is not None:
            found.append((model.name, packed))
    return found if found and found[0][0] == checkpoint.name else []


def workbench(
    checkpoint: Checkpoint,
    space: LatentSpace,
    chosen: Settings,
    models: list[tuple[str, PackedDecoder]],
    *,
    compact: bool = False,
) -> None:
    """The live view at the current point; a compact one has no pad, and fits beside something else."""
    now, here = point.current(), point.trail()
    key = models[0][1].key
    data = {
        "names": [name for name, _ in models],
        "code": list(now.code),
        "label": now.label,
        "source": now.source,
        "serial": st.session_state.get("live_serial", 0),
        "labels": server.label_names(checkpoint, space),
        "variational": space.variational,
        "temperature": chosen.temperature,
        "basis": chosen.basis,
        "attributes": space.directions.names,
        "own": [{"name": f"Towards {one.name}", "step": list(one.step)} for one in directions.kept(checkpoint)],
        "scoreUnit": "nats" if space.variational else "share",
        "pad": _pad_axes(),
        "smooth": chosen.smooth,
        "pace": chosen.pace,
        "wish": ENGINES[chosen.engine],
        "compact": compact,
        "canUndo": bool(here.past),
        "canRedo": bool(here.future),
    }
    live.show(
        "workbench",
        data,
        [decoder for _, decoder in models],
        key=KEY,
        on_change={
            "moved": lambda value: take_move(value, key, space),
            "asked": lambda value: _take_wish(value, checkpoint),
            "pad": take_pad,
        },
    )


def beside(checkpoint: Checkpoint, space: LatentSpace) -> None:
    """A compact live view for a narrow column of another page; a line where the model has none."""
    chosen = Settings("dimensions", None, smooth=False, temperature=1.0, engine="Quickest", pace=False)
    if models := decoders(checkpoint, chosen):
        workbench(checkpoint, space, chosen, models, compact=True)
    else:
        st.caption("The page Explore has sliders for this model.")


def take_move(value: Any, key: str, space: LatentSpace) -> None:
    """The hand has moved the point in the browser; what does not fit the model is passed over."""
    if not isinstance(value, dict) or value.get("decoder") != key or not isinstance(value.get("serial"), int):
        return
    st.session_state["live_serial"] = value["serial"]
    code, label, source = value.get("code"), value.get("label"), value.get("source")
    if not isinstance(code, list) or len(code) != space.latent or not all(map(_is_sensible, code)):
        return
    here = point.current()
    told = label if space.classes and isinstance(label, int) and 0 <= label < space.classes else here.label
    moved = point.Point(point.rounded(code), told, str(source)[:LONGEST_SOURCE])
    if (moved.code, moved.label) != (here.code, here.label):
        point.go(moved)


def _is_sensible(number: Any) -> bool:
    return isinstance(number, int | float) and math.isfinite(number) and abs(number) <= point.LARGEST


def _take_wish(value: Any, checkpoint: Checkpoint) -> None:
    if value == "undo":
        point.undo()
    elif value == "redo":
        point.redo()
    elif value == "real":
        images = loaders.quietly(lambda: loaders.test_images(checkpoint))
        if images is None:
            notify("The model's test images are not here.")
        else:
            pickers.move_to_test_image(checkpoint, int(np.random.default_rng().integers(len(images))))


def take_pad(value: Any) -> None:
    """Keep the pad's axes in the address."""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(name, str) for name in value):
        st.query_params["pad"] = ",".join(value)


def _pad_axes() -> list[str] | None:
    """The pad's axes that the address names; the view passes over what it does not know."""
    names = st.query_params.get("pad", "").split(",")
    return names if len(names) == 2 else None
