"""The maps of the Embeddings page: one, or two beside each other, and what the browser needs for them.

What is not always there stands in a container that is, or comes last: the browser builds anew whatever moves to another
position in its row, and such a mount delivers its old parcel once more, after the new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from ui.components import map as component
from ui.components.map import Background, MapEvents, MapState, Parameter
from ui.embeddings import controls, coordinates, details, loading, side_panel
from ui.embeddings.colours import colour
from ui.embeddings.controls import OTHER_SEED
from ui.embeddings.loading import Map
from ui.embeddings.marks import following, marks
from ui.embeddings.scene import Scene
from ui.frame import plain, show_notice
from ui.shared import pickers
from ui.state import loaders
from vae_core.latent.plane import DecodedPlane, decoded_plane
from vae_core.maps import MapRequest, Method

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.latent.space import LatentSpace

FIRST, SECOND = "first", "second"
SHEET_SIDE = 22  # decoded images from edge to edge of a plane of codes
RADII = (1.0, 2.0, 3.0)  # of the prior's circles, in standard deviations


def send(scene: Scene) -> None:
    """Send which points there are."""
    with component.hidden("points"):
        for name, _ in _maps(scene):
            component.send_points(name, scene.points)


def send_rest(scene: Scene) -> None:
    """Send what can wait until the first points are visible: the other maps that are ready, and the images."""
    with component.hidden("layouts"):
        for name, checkpoint in _maps(scene):
            ready = loading.ready_maps(checkpoint, scene.indices)
            component.send_layouts(name, scene.points, {key: one.coordinates for key, one in ready.items()})
    component.send_thumbnails(scene.points, lambda: scene.images.images[scene.indices])


def _maps(scene: Scene) -> list[tuple[str, Checkpoint]]:
    """The maps on the page: a name for each, and whose it is."""
    return [(FIRST, scene.checkpoint), *([(SECOND, scene.second[0])] if scene.second is not None else [])]


def show(scene: Scene) -> None:
    """The map or maps, and the panel."""
    show_notice()
    if not np.isfinite(loaders.test_codes(scene.checkpoint).codes).all():
        st.warning("Some codes of this model are not finite; train it again.", icon=":material/info:")
        return
    if scene.second is None:
        left, right = st.columns([2, 1], gap="small")
        with left:
            shown = _map(scene, FIRST, scene.checkpoint, scene.choice.method)
        with right:
            details.show(scene, shown)
        return
    left, right = st.columns(2, gap="small")
    checkpoint, method = scene.second
    with left:
        shown = _map(scene, FIRST, scene.checkpoint, scene.choice.method)
    with right:
        other = _map(scene, SECOND, checkpoint, method)
    details.show(scene, shown, (checkpoint, other) if other is not None else None)


def _map(scene: Scene, name: str, checkpoint: Checkpoint, method: str) -> Map | None:
    """One map with what belongs to it, or with another one while it is computed; None unless it is there."""
    if method == loading.CODES:
        return _plane(scene, name, checkpoint)
    above = st.container()
    ready = loading.ready_maps(checkpoint, scene.indices)
    parameters = controls.read_parameters(scene.choice.points)
    request = controls.request_of(checkpoint, cast(Method, method), scene.choice, parameters)
    if name == SECOND and scene.choice.beside == OTHER_SEED:
        request = loading.with_seed(request, request.seed + 1)
    wanted = loading.find_map(request, ready)
    if wanted is None:
        with above:
            loading.compute(request, checkpoint, name=name)
    if name == FIRST:
        controls.write_parameters(method, scene.choice.points)
    shown = wanted or loading.nearest_ready(request, ready)
    if shown is None:
        return None
    component.send_layouts(name, scene.points, {shown.key: shown.coordinates}, part="asked")
    requests = [one.request for one in ready.values() if one.request is not None]
    same = [one for one in requests if _kind(one) == _kind(request)]
    sliders = controls.sliders(request, same) if name == FIRST else []
    _point_map(scene, name, checkpoint, shown, sliders, loading.key_pattern(request))
    return wanted


def _plane(scene: Scene, name: str, checkpoint: Checkpoint) -> Map | None:
    """The codes of a 2-dimensional model; behind them the decoded plane and the prior's circles."""
    st.container()  # where a map shows that it is being computed
    shown = loaders.attempt(lambda: loading.plane_of_codes(checkpoint, scene.indices))
    if shown is None:
        return None
    component.send_layouts(name, scene.points, {shown.key: shown.coordinates}, part="asked")
    _point_map(scene, name, checkpoint, shown, [], "")
    space = loaders.open_space(checkpoint)
    sheet, extent = (None, (0.0, 1.0, 0.0, 1.0)) if space.classes else _decoded_plane(checkpoint.digest, space)
    component.send_background(name, Background(shown.key, sheet, extent, RADII if space.variational else ()))
    return shown


def _point_map(
    scene: Scene, name: str, checkpoint: Checkpoint, shown: Map, sliders: list[Parameter], pattern: str
) -> None:
    points, selection = scene.points, side_panel.selection(scene.points)
    with st.container():
        if scene.second is not None:
            st.caption(f"{plain(checkpoint.name)}: {shown.title}")
    colouring = loaders.attempt(lambda: colour(scene.choice.colouring, checkpoint, points, shown))
    if colouring is None:
        return
    component.send_colours(name, points, colouring)
    follow = following(scene, checkpoint, shown)
    state = MapState(
        points.key,
        shown.key,
        alt=f"{shown.title}: a map of {len(points.indices):,} test images by {checkpoint.name}, coloured by "
        f"{scene.choice.colouring.lower()}. Arrow keys move from point to point, Enter makes one the current point.",
        marks=marks(scene, checkpoint, shown),
        selection=component.write_bits(selection.chosen),
        revision=selection.revision,
        parameters=sliders,
        pattern=pattern,
        legend=name == FIRST,
        low=scene.second is not None,
        file=f"{checkpoint.name}-{shown.title.split(',')[0]}",
        follow=follow,
    )

    def pick(position: int) -> None:
        pickers.move_to_test_image(scene.checkpoint, int(points.indices[position]))

    events = MapEvents(pick, lambda chosen: side_panel.select(points, chosen), controls.tune)
    component.point_map(name, points, state, events)
    if follow is not None and follow.axes is None:
        codes = coordinates.mapped(checkpoint, shown, scene.indices)
        component.send_codes(name, points, f"{checkpoint.digest}-{shown.source}", codes)


def _kind(request: MapRequest) -> tuple[str, int, int, str]:
    return request.method, request.dimensions, request.seed, request.library


@st.cache_resource(max_entries=8, show_spinner=False)
def _decoded_plane(digest: str, _space: LatentSpace) -> DecodedPlane:
    return decoded_plane(_space, SHEET_SIDE)
