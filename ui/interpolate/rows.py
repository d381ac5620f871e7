"""The rows of the Interpolate page under its scrubber, and their files to download."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from ui.components.gallery import GalleryProps, gallery, picture
from ui.frame import plain
from ui.interpolate import scrubber, strips
from ui.state import loaders
from vae_core import media

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ui.components.live.props import PathProps
    from ui.interpolate.settings import Settings
    from vae_core.checkpoint import Checkpoint
    from vae_core.export.browser import PackedDecoder

RATE = 8  # frames per second
STEP_WIDTH = 200  # CSS pixels
FAR_NOTE = ", far from any real code"


def decode(
    checkpoint: Checkpoint, models: Sequence[Checkpoint], a: strips.End, b: strips.End, settings: Settings
) -> list[strips.Row]:
    """The pixel cross-fade, and the path of each model that can be opened."""
    with st.spinner("Decoding …", show_time=False):
        rows = [strips.cross_fade_row(a, b, settings.steps)]
        for model in models:
            make = partial(strips.model_row, model, a, b, settings.steps, settings.kind, checkpoint.name)
            if (row := loaders.attempt(make)) is not None:
                rows.append(row)
    return rows


@st.fragment
def show(rows: list[strips.Row], live: PathProps | None, decoders: list[PackedDecoder]) -> None:
    """The scrubber and the rows; moving along the path reruns only this.

    Args:
        rows: the cross-fade and the models' paths.
        live: what the scrubber in the browser shows; None for decoding on the server.
        decoders: of the models, for the browser.
    """
    steps = len(rows[0].images)
    if live is None:
        _scrub_on_server(rows)
    else:
        scrubber.scrubber(live, decoders)
    scrubber.write_position(steps)
    step = round(scrubber.position(steps)) - 1
    for index, row in enumerate(rows):
        st.caption(plain(row.name))
        gallery(
            GalleryProps(
                row.images,
                [_name(row, at) for at in range(steps)],
                captions=["▲ far" if far else "" for far in row.far] if row.far.any() else (),
                marked=step,
                one_row=True,
            ),
            key=f"row_{index}",
            on_pick=lambda at: scrubber.jump(at + 1),
        )


def _scrub_on_server(rows: list[strips.Row]) -> None:
    """Streamlit's own slider above one image of each row, for decoders that cannot run in the browser."""
    steps = len(rows[0].images)
    st.session_state["scrubbed"] = round(scrubber.position(steps))
    st.slider(scrubber.ALONG, 1, steps, key="scrubbed", on_change=lambda: scrubber.jump(st.session_state["scrubbed"]))
    step = round(scrubber.position(steps)) - 1
    with st.container(horizontal=True, gap="medium"):
        for row in rows:
            with st.container(width=STEP_WIDTH, gap="small"):
                picture(row.images[step], _name(row, step), key=f"frame_{row.name}", size=STEP_WIDTH)
                st.markdown(f"**{plain(row.name)}**{FAR_NOTE if row.far[step] else ''}")


def _name(row: strips.Row, step: int) -> str:
    """What an image of a row is, in words."""
    return f"{row.name}, step {step + 1} of {len(row.images)}{FAR_NOTE if row.far[step] else ''}"


def explain_far(rows: list[strips.Row]) -> None:
    """What the triangles mean, if there are any."""
    if any(row.far.any() for row in rows):
        st.caption(
            f"▲ far: farther from every code of a test image than {strips.FAR_SHARE:.0%} of those codes are from their "
            "nearest neighbour."
        )


def downloads(rows: list[strips.Row]) -> None:
    """All rows side by side as an animation, and as one image."""
    frames = strips.film(rows)
    with st.container(horizontal=True):
        _download(
            "GIF", "interpolation.gif", lambda: media.gif_bytes(frames, frames_per_second=RATE, back_and_forth=True)
        )
        _download(
            "WebP", "interpolation.webp", lambda: media.webp_bytes(frames, frames_per_second=RATE, back_and_forth=True)
        )
        _download("PNG strip", "interpolation.png", lambda: media.png_bytes(strips.strip(rows)))


def _download(label: str, file: str, make: Callable[[], bytes]) -> None:
    kind = f"image/{file.rsplit('.', 1)[-1]}"
    st.download_button(label, make, file, kind, icon=":material/download:", on_click="ignore")
