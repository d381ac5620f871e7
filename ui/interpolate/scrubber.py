"""The live scrubber of the Interpolate page: every model's path, decoded in the browser as the hand moves along it."""

from __future__ import annotations

import base64
import contextlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ui.components import live
from ui.interpolate import strips
from ui.state import loaders
from vae_core import media

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.export.browser import PackedDecoder

FINE_STEPS = 96  # codes that a path is made of in the browser, which goes straight between two of them
KEY = "scrubber"


def packed(rows: list[strips.Row]) -> list[PackedDecoder] | None:
    """The decoders of all models on the page; None if one of them cannot run in the browser."""
    found = []
    for row in rows:
        if row.model is None:
            continue
        decoder = loaders.packed_decoder(row.model)
        if isinstance(decoder, str):
            st.info(f"{row.name} is decoded on the server: {decoder}.", icon=":material/dns:")
            return None
        found.append(decoder)
    return found


def prepare(
    rows: list[strips.Row],
    decoders: list[PackedDecoder],
    a: strips.End,
    b: strips.End,
    *,
    kind: str,
    main_model: str,
) -> dict[str, Any]:
    """What the browser is told of all paths; it does not change as the hand moves along them."""
    models = [row.model for row in rows if row.model is not None]
    return {
        "rows": [
            _row(model, decoder.key, a, b, kind, main_model) for model, decoder in zip(models, decoders, strict=True)
        ],
        "blend": {"a": _bytes(a.picture), "b": _bytes(b.picture), "shape": list(a.picture.shape)},
        "steps": len(rows[0].images),
    }


def scrubber(prepared: dict[str, Any], decoders: list[PackedDecoder]) -> None:
    """A scrubber over all paths at once; on release its place becomes the page's step."""
    steps = prepared["steps"]
    here = {"position": place(steps) - 1, "revision": st.session_state.get("scrubber_revision", 0)}
    on_change = {"moved": lambda value: take_place(value, steps)}
    live.show("path", prepared | here, decoders, key=KEY, on_change=on_change)


def _row(model: Checkpoint, decoder: str, a: strips.End, b: strips.End, kind: str, main: str) -> dict:
    """A model's path as the browser wants it."""
    codes, _ = strips.path_codes(model, a, b, FINE_STEPS + 1, kind, main)
    classes = loaders.open_space(model).classes
    return {
        "name": model.name,
        "decoder": decoder,
        "codes": base64.b64encode(codes.astype("<f4").tobytes()).decode(),
        "labels": [a.label or 0, b.label or 0] if classes else None,
        "far": strips.far(model, codes).tolist(),
    }


def _bytes(picture: np.ndarray) -> str:
    """A picture (C, H, W) as base64 of its bytes, channels last."""
    return base64.b64encode(media.to_uint8(picture[None])[0].transpose(1, 2, 0).tobytes()).decode()


def place(steps: int) -> float:
    """Where on the path one stands, from 1 to ``steps``: as the address says, or the session; else half-way."""
    asked = st.query_params.get("step")
    if asked is not None and asked != st.session_state.get("written_step"):
        with contextlib.suppress(ValueError):
            st.session_state["place"] = float(asked)
    now = st.session_state.get("place", (steps + 1) // 2)
    return min(max(now, 1.0), float(steps)) if math.isfinite(now) else 1.0


def write_place(steps: int) -> None:
    """Put the place into the address."""
    text = f"{place(steps):.2f}".rstrip("0").rstrip(".")
    st.session_state["written_step"] = text
    st.query_params["step"] = text


def take_place(value: Any, steps: int) -> None:
    """The hand has moved the scrubber; ``value`` counts from 0."""
    if isinstance(value, int | float) and math.isfinite(value):
        st.session_state["place"] = round(min(max(float(value), 0.0), steps - 1.0) + 1, 2)


def jump(step: int) -> None:
    """Go to a step, counted from 1; the browser follows."""
    st.session_state["place"] = float(step)
    st.session_state["scrubber_revision"] = st.session_state.get("scrubber_revision", 0) + 1


__all__ = ["jump", "packed", "place", "prepare", "scrubber", "take_place", "write_place"]
