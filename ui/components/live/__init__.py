"""The live view: decoders run in the browser, so that images follow the hand without the server.

A decoder and the view's whole program travel through a mount of their own, once for each visitor; what a page shows is
a small component that calls them. Its messages stay small, whatever the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.components.bundle import bundle
from ui.components.live.props import ViewMessage, ViewProps

if TYPE_CHECKING:
    from vae_core.export.browser import PackedDecoder

FOLDER = Path(__file__).parent
_SENT = "sent_decoders"


def library() -> str:
    """All of the view's modules, and before them the worker's text, which the worker is made of."""
    return f"const WORKER_SOURCE = {json.dumps(bundle(FOLDER, 'worker.js'))};\n{bundle(FOLDER, 'host.js')}"


_library = st.components.v2.component("latent_live_library", js=library())
_style = "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("host.css", "live.css"))
_view = st.components.v2.component("latent_live_view", css=_style, js=bundle(FOLDER, "mount.js"))


def show(
    props: ViewProps,
    decoders: Sequence[PackedDecoder],
    *,
    key: str,
    on_change: dict[str, Callable[[Any], None]],
) -> None:
    """Show a view.

    Args:
        props: what it shows; their type says which view it is.
        decoders: those that it runs. They are sent if this visitor's browser does not have them yet.
        key: the component's key.
        on_change: what to do with each value that the view reports, by its name, before the page runs again.
    """
    arriving = _send(decoders)

    def changed(name: str) -> Callable[[], None]:
        def call() -> None:
            value = st.session_state[key].get(name)
            if value is not None:
                on_change[name](value)

        return call

    calls: dict[str, Any] = {f"on_{name}_change": changed(name) for name in on_change}
    message = ViewMessage(props.view, props, [decoder.key for decoder in decoders], arriving)
    _view(key=key, data=message.to_data(), on_missing_change=lambda: _resend(key), **calls)


def _send(decoders: Sequence[PackedDecoder]) -> list[str]:
    """Send those decoders that were not sent yet; their keys."""
    sent: set[str] = st.session_state.setdefault(_SENT, set())
    arriving = {decoder.key: decoder for decoder in decoders if decoder.key not in sent}
    with st.container(key="live_library"):
        for key, decoder in arriving.items():
            _library(data=decoder.content, key=f"library_{key}")
    sent.update(arriving)
    return list(arriving)


def _resend(key: str) -> None:
    """A decoder that was sent has not come, or is no longer held: send it with the next run."""
    missing = st.session_state[key].get("missing")
    if isinstance(missing, list):
        st.session_state.get(_SENT, set()).difference_update(name for name in missing if isinstance(name, str))
