"""What a visitor chooses on the Embeddings page: the map, its parameters, colours, and a second map beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from ui.components.map import Parameter
from ui.embeddings import loading
from ui.embeddings.colours import CLASS, colourings
from ui.shared import inputs
from ui.shared.models import comparable_models
from ui.state import address
from vae_core import maps
from vae_core.maps import LIBRARIES, Library, MapRequest, Source, usual_parameters

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint

ALONE, OTHER_SEED = "Nothing", "Another seed"
PLANE_TITLE = "Codes"
LABELS = {
    address.PERPLEXITY.name: ("Perplexity", address.PERPLEXITY),
    address.NEIGHBOURS.name: ("Neighbours", address.NEIGHBOURS),
    address.DISTANCE.name: ("Minimum distance", address.DISTANCE),
}
OF_METHOD: dict[str, tuple[str, ...]] = {"tsne": ("perplexity",), "umap": ("neighbours", "distance")}


@dataclass(frozen=True)
class Choice:
    """What the controls say."""

    method: str
    points: int
    dimensions: int
    seed: int
    colouring: str
    beside: str
    source: Source
    library: Library


def choose(checkpoint: Checkpoint, count: int) -> Choice:
    """The row of controls above the map; all of it is in the page's address."""
    plane = {PLANE_TITLE: loading.CODES} if checkpoint.run.model.latent == 2 else {}
    methods = plane | {title: method for method, title in maps.METHODS.items()}
    first = PLANE_TITLE if plane else "t-SNE"
    names = colourings(checkpoint)
    counts = sorted({min(number, count) for number in (2000, 5000, 10_000)})
    others = [title for title in methods if title != PLANE_TITLE]
    models = [other.name for other in comparable_models(checkpoint) if other.name != checkpoint.name]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="map_controls"):
        title = st.segmented_control(
            "Map", list(methods), default=first, key=address.MAP.name, required=True, bind=address.BIND
        )
        colouring = st.selectbox(
            "Colour", names, key=address.COLOUR.name, bind=address.BIND, filter_mode=None, width=190
        )
        beside = st.selectbox(
            "Beside it",
            [ALONE, OTHER_SEED, *others, *models],
            key=address.SECOND_MAP.name,
            bind=address.BIND,
            filter_mode=None,
            width=190,
            help="A second map of the same pictures: pointing and selecting works in both",
        )
        with st.popover("More", icon=":material/tune:"):
            dimensions = st.segmented_control(
                "Dimensions", [2, 3], default=2, key=address.DIMENSIONS.name, required=True, bind=address.BIND
            )
            sources = [
                title
                for source, title in maps.SOURCES.items()
                if source != "samples" or checkpoint.run.model.family == "vae"
            ]
            source = st.segmented_control(
                "Mapped",
                sources,
                default=sources[0],
                key=address.MAPPED.name,
                required=True,
                bind=address.BIND,
                help="What is mapped: the codes, one draw of each posterior, or for comparison the pictures themselves",
            )
            points = st.segmented_control(
                "Points", counts, default=counts[-1], key=address.POINTS.name, required=True, bind=address.BIND
            )
            help = "t-SNE and UMAP start at random; what other seeds show as well can be trusted"
            seed = inputs.whole_number("Seed", address.MAP_SEED, width=130, help=help)
            library = st.segmented_control(
                "t-SNE by",
                LIBRARIES,
                default=LIBRARIES[0],
                key=address.LIBRARY.name,
                required=True,
                bind=address.BIND,
                help="Two programs for the same method; scikit-learn's takes about twice as long",
            )
    by_title = {title: source for source, title in maps.SOURCES.items()}
    return Choice(
        methods[title or first],
        int(points or counts[-1]),
        int(dimensions or 2),
        seed,
        colouring or CLASS,
        beside or ALONE,
        by_title.get(source or "", "means"),
        library or LIBRARIES[0],
    )


def _usual(points: int) -> dict[str, float]:
    """The parameters of a map of so many points that nobody has changed."""
    usual = usual_parameters(points)
    return {"distance": usual.pop("minimum_distance"), **usual}


def read_parameters(points: int) -> dict[str, float]:
    """The methods' parameters: from the address if a visitor put them there, else the session's, else the usual."""
    values = {}
    for name, (_, parameter) in LABELS.items():
        if (linked := address.given(parameter)) is not None:
            st.session_state[f"map_{name}"] = linked
        values[name] = st.session_state.get(f"map_{name}", _usual(points)[name])
    return values


def write_parameters(method: str, points: int) -> None:
    """Put the parameters of the shown method into the address, unless they are the usual ones."""
    for name, usual in _usual(points).items():
        value = st.session_state.get(f"map_{name}", usual)
        shown = name in OF_METHOD.get(method, ()) and value != usual
        address.write(LABELS[name][1], f"{value:g}" if shown else None)


def tune(values: dict[str, float]) -> None:
    """Take up the parameters that a slider under the map was moved to."""
    for name, value in values.items():
        st.session_state[f"map_{name}"] = value


def request_of(checkpoint: Checkpoint, method: maps.Method, choice: Choice, parameters: dict[str, float]) -> MapRequest:
    """The request for a map of a model; parameters that are not the method's stay the usual ones."""
    mine = _usual(choice.points) | {name: parameters[name] for name in OF_METHOD.get(method, ())}
    return MapRequest(
        checkpoint.name,
        checkpoint.digest,
        method,
        choice.points,
        choice.dimensions,
        seed=0 if method == "pca" and choice.source != "samples" else choice.seed,
        source=choice.source,
        library=choice.library,
        perplexity=float(mine["perplexity"]),
        neighbours=int(mine["neighbours"]),
        minimum_distance=float(mine["distance"]),
    )


def sliders(request: MapRequest, ready: Sequence[MapRequest]) -> list[Parameter]:
    """The sliders of a map's parameters, each with the values for which there is a map already."""
    now = _values(request)
    made: list[Parameter] = []
    for name in OF_METHOD.get(request.method, ()):
        label, parameter = LABELS[name]
        others = [other for other in now if other != name]
        there = [_values(one)[name] for one in ready if all(_values(one)[other] == now[other] for other in others)]
        made.append(
            Parameter(
                name,
                label,
                [_tidy(level) for level in parameter.levels],
                _tidy(now[name]),
                [_tidy(value) for value in there],
            )
        )
    return made


def _values(request: MapRequest) -> dict[str, float]:
    return {
        "perplexity": request.perplexity,
        "neighbours": request.neighbours,
        "distance": request.minimum_distance,
    }


def _tidy(value: float) -> float:
    """A whole number as one, so that it is written without a fraction in the browser as here."""
    return int(value) if value == int(value) else value
