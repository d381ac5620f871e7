"""The live scrubber of the Interpolate page: every model's path, decoded in the browser while it is dragged."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.components import live
from ui.components.live.props import Blend, PathProps, PathRow, bytes_in_base64, singles_in_base64
from ui.interpolate import strips
from ui.state import address, loaders

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.export.browser import PackedDecoder

FINE_STEPS = 96  # codes that a path is made of in the browser, which goes straight between two of them
KEY = "scrubber"
ALONG = "Along the path"
FAR_MARK = "▲ far from every real code"


def packed_decoders(rows: list[strips.Row]) -> list[PackedDecoder] | None:
    """The decoders of all models on the page; None if one of them cannot run in the browser."""
    decoders = []
    for row in rows:
        if row.model is None:
            continue
        decoder = loaders.packed_decoder(row.model)
        if isinstance(decoder, str):
            st.info(f"{row.name} is decoded on the server: {decoder}.", icon=":material/dns:")
            return None
        decoders.append(decoder)
    return decoders


def prepare(
    rows: list[strips.Row],
    decoders: list[PackedDecoder],
    a: strips.End,
    b: strips.End,
    *,
    kind: str,
    main_model: str,
) -> PathProps:
    """All paths as the browser gets them, at their beginning."""
    models = [row.model for row in rows if row.model is not None]
    return PathProps(
        rows=[
            _row(model, decoder.key, a, b, kind, main_model) for model, decoder in zip(models, decoders, strict=True)
        ],
        blend=Blend(strips.CROSS_FADE, bytes_in_base64(a.picture), bytes_in_base64(b.picture), a.picture.shape),
        steps=len(rows[0].images),
        position=0,
        revision=0,
        label=ALONG,
        far_mark=FAR_MARK,
    )


def scrubber(prepared: PathProps, decoders: list[PackedDecoder]) -> None:
    """A scrubber over all paths at once; on release its position becomes the page's step."""
    steps = prepared.steps
    revision = st.session_state.get("scrubber_revision", 0)
    on_change = {"moved": lambda value: take_position(value, steps)}
    props = replace(prepared, position=position(steps) - 1, revision=revision)
    live.show(props, decoders, key=KEY, on_change=on_change)


def _row(model: Checkpoint, decoder: str, a: strips.End, b: strips.End, kind: str, main: str) -> PathRow:
    """A model's path as the browser gets it."""
    codes, _ = strips.path_codes(model, a, b, FINE_STEPS + 1, kind, main)
    classes = loaders.open_space(model).classes
    labels = [a.label or 0, b.label or 0] if classes else None
    return PathRow(model.name, decoder, singles_in_base64(codes), labels, strips.far(model, codes).tolist())


def position(steps: int) -> float:
    """The position on the path, from 1 to ``steps``: from the address or the session, half-way at first."""
    if (linked := address.given(address.STEP)) is not None:
        st.session_state["path_position"] = linked
    return min(max(st.session_state.get("path_position", (steps + 1) // 2), 1.0), float(steps))


def write_position(steps: int) -> None:
    """Put the position into the address."""
    address.write(address.STEP, address.format_number(position(steps), 2))


def take_position(value: Any, steps: int) -> None:
    """Take up a position that the scrubber was dragged to; ``value`` counts from 0."""
    if isinstance(value, int | float) and math.isfinite(value):
        st.session_state["path_position"] = round(min(max(float(value), 0.0), steps - 1.0) + 1, 2)


def jump(step: int) -> None:
    """Go to a step, counted from 1; the browser follows."""
    st.session_state["path_position"] = float(step)
    st.session_state["scrubber_revision"] = st.session_state.get("scrubber_revision", 0) + 1
