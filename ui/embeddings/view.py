"""The Embeddings page as a whole: one map or two beside each other, and the panel that goes with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from ui.components import map as component
from ui.components.map import CURRENT_POINT, Background, Following, MapEvents, MapState, Mark, Points
from ui.embeddings import controls, coordinates, loading, side_panel, trust
from ui.embeddings.colours import colour
from ui.embeddings.controls import ALONE, OTHER_SEED, Choice
from ui.embeddings.loading import Map
from ui.frame import plain, show_notice
from ui.shared import live_point, pickers
from ui.shared.exports import csv_bytes
from ui.shared.models import comparable_models
from ui.state import loaders, point
from vae_core import maps
from vae_core.latent.plane import DecodedPlane, decoded_plane
from vae_core.maps import described

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet
    from vae_core.latent.space import LatentSpace

FIRST, SECOND = "first", "second"
PICTURES, MOVE, TRUST, OWN, FILES = "Pictures", "Move", "Trust", "Yours", "Files"
SHEET_SIDE = 22  # decoded pictures from edge to edge of a plane of codes
RADII = (1.0, 2.0, 3.0)


@dataclass(frozen=True, eq=False)
class View:
    """What one run of the page shows.

    What is not always there stands in a container that is, or comes last: the browser builds anew whatever moves to
    another place in its row, and such a mount delivers its old parcel once more, after the new one.
    """

    checkpoint: Checkpoint
    space: LatentSpace
    images: ImageSet
    indices: np.ndarray
    choice: Choice

    @cached_property
    def points(self) -> Points:
        """The images on the map."""
        return loading.points_of(self.images, self.indices)

    @cached_property
    def second(self) -> tuple[Checkpoint, str] | None:
        """The model and the method of the map beside the first one, if there is to be one."""
        beside = self.choice.beside
        if beside == ALONE:
            return None
        if beside == OTHER_SEED:
            return self.checkpoint, self.choice.method if self.choice.method in ("tsne", "umap") else "tsne"
        method = next((method for method, title in maps.METHODS.items() if title == beside), None)
        if method is not None:
            return self.checkpoint, method
        other = next((other for other in comparable_models(self.checkpoint) if other.name == beside), None)
        if other is None:
            return None
        plane = self.choice.method == loading.CODES
        if plane and other.run.model.latent != 2:
            return other, "tsne"
        return other, self.choice.method

    def send(self) -> None:
        """Send which points there are."""
        with component.hidden("points"):
            for name, _ in self._maps():
                component.send_points(name, self.points)

    def send_rest(self) -> None:
        """Send what can wait until the first points are painted: the other maps that are there, and the pictures."""
        with component.hidden("layouts"):
            for name, checkpoint in self._maps():
                component.send_layouts(name, self.points, _coordinates(self._ready(checkpoint)))
        component.send_thumbnails(self.points, lambda: self.images.images[self.indices])

    def _maps(self) -> list[tuple[str, Checkpoint]]:
        """The maps on the page: a name for each, and whose it is."""
        return [(FIRST, self.checkpoint), *([(SECOND, self.second[0])] if self.second is not None else [])]

    def _ready(self, checkpoint: Checkpoint) -> dict[str, Map]:
        return loading.ready_maps(checkpoint, self.indices)

    def show(self) -> None:
        """The map or maps, and the panel."""
        show_notice()
        if not np.isfinite(loaders.test_codes(self.checkpoint).codes).all():
            st.warning("Some codes of this model are not finite numbers; train it again.", icon=":material/info:")
            return
        if self.second is None:
            left, right = st.columns([2, 1], gap="small")
            with left:
                shown = self._one(FIRST, self.checkpoint, self.choice.method)
            with right:
                self._panel(shown)
            return
        left, right = st.columns(2, gap="small")
        checkpoint, method = self.second
        with left:
            shown = self._one(FIRST, self.checkpoint, self.choice.method)
        with right:
            other = self._one(SECOND, checkpoint, method, seeded=self.choice.beside == OTHER_SEED)
        self._panel(shown, (checkpoint, other) if other is not None else None)

    def _one(self, name: str, checkpoint: Checkpoint, method: str, *, seeded: bool = False) -> Map | None:
        """One map with what belongs to it; what is shown, or None if it is not there."""
        above = st.container()
        if method == loading.CODES:
            shown = loaders.attempt(lambda: loading.plane_of_codes(checkpoint, self.indices))
            if shown is not None:
                component.send_layouts(name, self.points, {shown.key: shown.coordinates}, part="asked")
                self._map(name, checkpoint, shown, [], "")
                self._send_background(name, checkpoint, shown)
            return shown
        ready = self._ready(checkpoint)
        parameters = controls.read_parameters(self.choice.points)
        request = controls.request_of(checkpoint, cast(maps.Method, method), self.choice, parameters)
        if seeded:
            request = loading.with_seed(request, request.seed + 1)
        found = loading.find_map(request, ready)
        if found is None:
            with above:
                loading.compute(request, checkpoint, name=name)
        shown = found or loading.nearest_ready(request, ready)
        if name == FIRST:
            controls.write_parameters(method, self.choice.points)
        if shown is None:
            return None
        component.send_layouts(name, self.points, {shown.key: shown.coordinates}, part="asked")
        there = [one.request for one in ready.values() if one.request is not None]
        same = [one for one in there if _kind(one) == _kind(request)]
        sliders = controls.sliders(request, same) if name == FIRST else []
        self._map(name, checkpoint, shown, sliders, loading.key_pattern(request))
        return found

    def _map(self, name: str, checkpoint: Checkpoint, shown: Map, sliders: list, pattern: str) -> None:
        points, kept = self.points, side_panel.selection(self.points)
        with st.container():
            if self.second is not None:
                st.caption(f"{plain(checkpoint.name)}: {shown.title}")
        colouring = loaders.attempt(lambda: colour(self.choice.colouring, checkpoint, points, shown))
        if colouring is None:
            return
        component.send_colours(name, points, colouring)
        follow = self._following(checkpoint, shown)
        state = MapState(
            points.key,
            shown.key,
            alt=f"{shown.title}: a map of {len(points.indices):,} test images by {checkpoint.name}, coloured by "
            f"{self.choice.colouring.lower()}. Arrow keys move from point to point, Enter makes one the current point.",
            marks=self._marks(checkpoint, shown),
            selection=component.write_bits(kept.chosen),
            revision=kept.revision,
            parameters=sliders,
            pattern=pattern,
            legend=name == FIRST,
            low=self.second is not None,
            file=f"{checkpoint.name}-{shown.title.split(',')[0]}",
            follow=follow,
        )
        events = MapEvents(self._pick, lambda chosen: side_panel.select(points, chosen), controls.tune)
        component.point_map(name, points, state, events)
        if follow is not None and follow.axes is None:
            codes = coordinates.mapped(checkpoint, shown, self.indices)
            component.send_codes(name, points, f"{checkpoint.digest}-{shown.source}", codes)

    def _following(self, checkpoint: Checkpoint, shown: Map) -> Following | None:
        """How the current point follows the sliders beside the map, if they are there and belong to this model."""
        if st.session_state.get("map_panel") != MOVE or checkpoint.digest != self.checkpoint.digest:
            return None
        packed = loaders.quietly(lambda: loaders.packed_decoder(checkpoint))
        if packed is None or isinstance(packed, str) or shown.source == "pixels":
            return None
        if shown.request is None:
            return Following(packed.key, axes=np.eye(2).tolist())
        if shown.request.method == "pca":
            codes = coordinates.mapped(checkpoint, shown, self.indices)
            mean, axes = maps.plane(shown.request, checkpoint, codes)
            return Following(packed.key, mean.tolist(), axes.T.tolist())
        return Following(packed.key)

    def _pick(self, position: int) -> None:
        pickers.move_to_test_image(self.checkpoint, int(self.points.indices[position]))

    def _marks(self, checkpoint: Checkpoint, shown: Map) -> list[Mark]:
        """The current point, pinned ones, and the visitor's own picture."""
        here = point.trail()
        marks = []
        if side_panel.is_test_image(self.checkpoint, here.now):
            if (position := pickers.position_of(here.now.image, self.indices)) is not None:
                marks.append(Mark(CURRENT_POINT, "current", position))
        elif checkpoint.digest == self.checkpoint.digest:
            marks += self._placed(CURRENT_POINT, here.now.array(), shown, "current")
        if checkpoint.digest == self.checkpoint.digest:
            for letter, pinned in here.pins.items():
                marks += self._placed(letter, pinned.array(), shown, "pin")
        own = side_panel.own_picture_of(checkpoint)
        found = None if own is None else self._place(own.code, own.picture, shown)
        if found is not None:
            near = found.near
            marks = [mark for mark in marks if mark.position is not None or mark.kind == "pin"]
            at = {shown.key: found.at.tolist()}
            marks.append(Mark("your picture", "own", at=at, links=near.tolist()))
        return marks

    def _placed(self, label: str, code: np.ndarray, shown: Map, kind: str) -> list[Mark]:
        found = self._place(code, None, shown)
        return [] if found is None else [Mark(label, kind, at={shown.key: found.at.tolist()})]

    def _place(self, code: np.ndarray, picture: np.ndarray | None, shown: Map) -> coordinates.Placement | None:
        return loaders.quietly(lambda: coordinates.place(self.checkpoint, code, picture, shown, self.indices))

    def _send_background(self, name: str, checkpoint: Checkpoint, shown: Map) -> None:
        """Under a plane of codes: what the decoder paints there, and the prior's circles."""
        space = loaders.open_space(checkpoint)
        sheet, extent = (None, (0.0, 1.0, 0.0, 1.0)) if space.classes else _decoded_plane(checkpoint.digest, space)
        radii = RADII if space.variational else ()
        component.send_background(name, Background(shown.key, sheet, extent, radii))

    # --- the panel ---

    def _panel(self, shown: Map | None, other: tuple[Checkpoint, Map] | None = None) -> None:
        """Details, one kind at a time."""
        kind = st.segmented_control(
            "Details",
            [PICTURES, MOVE, TRUST, OWN, FILES],
            default=PICTURES,
            key="map_panel",
            required=True,
            label_visibility="collapsed",
        )
        if kind == MOVE:
            if shown is not None:
                st.caption(_how_it_follows(shown))
            live_point.show_compact(self.checkpoint, self.space)
        elif kind == TRUST:
            self._trust(shown, other)
        elif kind == OWN:
            own = side_panel.own_picture_of(self.checkpoint)
            found = None if own is None or shown is None else self._place(own.code, own.picture, shown)
            near = np.zeros(0, int) if found is None else found.near
            where = None if found is None else found.how
            side_panel.own_picture(self.checkpoint, self.images, self.points, where, near)
        elif kind == FILES:
            self._files(shown)
        else:
            side_panel.pictures(self.checkpoint, self.space, self.images, self.points)

    def _trust(self, shown: Map | None, other: tuple[Checkpoint, Map] | None) -> None:
        if shown is None:
            st.caption("The figures come with the map.")
        elif other is None:
            trust.panel(self.checkpoint, shown, self.points, key=FIRST)
        else:
            left, right = st.columns(2, gap="medium")
            with left:
                trust.panel(self.checkpoint, shown, self.points, key=FIRST)
            with right:
                trust.panel(other[0], other[1], self.points, key=SECOND)

    def _files(self, shown: Map | None) -> None:
        """The map as a table."""
        if shown is None:
            st.caption("The table comes with the map.")
            return
        name = f"{self.checkpoint.name}-map.csv"
        st.download_button(
            "CSV: number, class, code, map",
            _table(self, shown),
            name,
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption("PNG and SVG of what you see: the buttons on the map.")


def _table(view: View, shown: Map) -> Callable[[], bytes]:
    """What makes the table of a map as CSV."""

    def make() -> bytes:
        codes = loaders.test_codes(view.checkpoint).codes[view.indices]
        names = [pickers.class_name(view.images, int(index)) for index in view.indices]
        rows = []
        for index, name, code, place in zip(view.indices, names, codes, shown.coordinates, strict=True):
            row: dict[str, object] = {"test image": int(index), "class": name}
            row |= {f"z{number}": f"{value:.5g}" for number, value in enumerate(code)}
            row |= {axis: f"{value:.5g}" for axis, value in zip(("x", "y", "z"), place, strict=False)}
            rows.append(row)
        return csv_bytes(rows)

    return make


def _how_it_follows(shown: Map) -> str:
    """How the current point gets its place on a map while its code is being moved."""
    if shown.request is None or shown.request.method == "pca":
        return "On the map the point follows exactly."
    if shown.source == "pixels":
        return f"On release the point settles {described(shown.request)}."
    return f"On the map the point follows its nearest pictures, and settles on release {described(shown.request)}."


def _kind(request: maps.MapRequest) -> tuple[str, int, int, str]:
    return request.method, request.dimensions, request.seed, request.library


def _coordinates(ready: dict[str, Map]) -> dict[str, np.ndarray]:
    return {key: found.coordinates for key, found in ready.items()}


@st.cache_resource(max_entries=8, show_spinner=False)
def _decoded_plane(digest: str, _space: LatentSpace) -> DecodedPlane:
    return decoded_plane(_space, SHEET_SIDE)
