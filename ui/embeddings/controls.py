"""What a visitor chooses on the Embeddings page: the map, its parameters, colours, and a second map beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from ui.components.map import Parameter
from ui.embeddings import loading
from ui.embeddings.colours import CLASS, colourings
from ui.shared import inputs
from ui.shared.models import comparable_models, family_of
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
POINTS = (2000, 5000, 10_000)
OF_METHOD: dict[str, tuple[str, ...]] = {"tsne": ("perplexity",), "umap": ("neighbours", "distance")}


Option = TypeVar("Option")


@dataclass(frozen=True)
class Choice:
    """What the visitor chose."""

    method: str
    points: int
    dimensions: int
    seed: int
    colouring: str
    beside: str
    source: Source
    library: Library


def choose(checkpoint: Checkpoint, count: int) -> Choice:
    """The row of controls above the map; all of it is in the page's address.

    Args:
        checkpoint: the model.
        count: its test images.
    """
    plane = {PLANE_TITLE: loading.CODES} if checkpoint.run.model.latent == 2 else {}
    methods = plane | {title: method for method, title in maps.METHODS.items()}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="map_controls"):
        first = PLANE_TITLE if plane else "t-SNE"
        title = _segments("Map", list(methods), first, address.MAP)
        colouring = st.selectbox(
            "Colour", colourings(checkpoint), key=address.COLOUR.name, bind=address.BIND, filter_mode=None, width=190
        )
        beside = _choose_beside(checkpoint)
        with st.popover("More", icon=":material/tune:"):
            dimensions = _segments("Dimensions", [2, 3], 2, address.DIMENSIONS)
            source = _choose_source(checkpoint)
            counts = sorted({min(points, count) for points in POINTS})
            points = _segments("Points", counts, counts[-1], address.POINTS)
            help = "t-SNE and UMAP start at random; what other seeds show as well can be trusted"
            seed = inputs.whole_number("Seed", address.MAP_SEED, width=130, help=help)
            help = "Two programs for the same method; scikit-learn takes about twice as long"
            library = _segments("t-SNE by", LIBRARIES, LIBRARIES[0], address.LIBRARY, help)
    return Choice(methods[title], points, dimensions, seed, colouring or CLASS, beside, source, library)


def _segments(
    title: str, options: Sequence[Option], default: Option, parameter: address.Parameter, help: str | None = None
) -> Option:
    """One of a few options, side by side."""
    chosen = st.segmented_control(
        title, options, default=default, key=parameter.name, required=True, bind=address.BIND, help=help
    )
    return default if chosen is None else chosen


def _choose_beside(checkpoint: Checkpoint) -> str:
    """What the second map shows: nothing, another seed, another method, or another model."""
    models = [other.name for other in comparable_models(checkpoint) if other.name != checkpoint.name]
    beside = st.selectbox(
        "Beside it",
        [ALONE, OTHER_SEED, *maps.METHODS.values(), *models],
        key=address.SECOND_MAP.name,
        bind=address.BIND,
        filter_mode=None,
        width=190,
        help="A second map of the same images: pointing and selecting works in both",
    )
    return beside or ALONE


def _choose_source(checkpoint: Checkpoint) -> Source:
    """What is mapped."""
    titles = {title: source for source, title in maps.SOURCES.items()}
    options = [title for title, source in titles.items() if source != "samples" or family_of(checkpoint).variational]
    help = "What is mapped: the codes, one sample of each posterior, or for comparison the images themselves"
    return titles[_segments("Mapped", options, options[0], address.MAPPED, help)]


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
