"""What a visitor chooses on the Embeddings page: the map, its parameters, colours, and a second map beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from ui.components.map import Parameter
from ui.embeddings import loading
from ui.embeddings.colours import CLASS, colourings
from ui.shared.models import comparable_models
from vae_core import maps
from vae_core.maps import LIBRARIES, Library, MapRequest, Source, usual_parameters

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint

ALONE, OTHER_SEED = "Nothing", "Another seed"
PLANE_TITLE = "Codes"
LABELS = {
    "perplexity": ("Perplexity", loading.PERPLEXITIES),
    "neighbours": ("Neighbours", loading.NEIGHBOURS),
    "distance": ("Minimum distance", loading.DISTANCES),
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
        title = st.segmented_control("Map", list(methods), default=first, key="map", required=True, bind="query-params")
        colouring = st.selectbox("Colour", names, key="colour", bind="query-params", filter_mode=None, width=190)
        beside = st.selectbox(
            "Beside it",
            [ALONE, OTHER_SEED, *others, *models],
            key="second",
            bind="query-params",
            filter_mode=None,
            width=190,
            help="A second map of the same pictures: pointing and selecting works in both",
        )
        with st.popover("More", icon=":material/tune:"):
            dimensions = st.segmented_control(
                "Dimensions", [2, 3], default=2, key="dimensions", required=True, bind="query-params"
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
                key="input",
                required=True,
                bind="query-params",
                help="What is mapped: the codes, one draw of each posterior, or for comparison the pictures themselves",
            )
            points = st.segmented_control(
                "Points", counts, default=counts[-1], key="points", required=True, bind="query-params"
            )
            st.session_state.setdefault("map_seed", 0)
            seed = st.number_input(
                "Seed",
                0,
                99,
                key="map_seed",
                bind="query-params",
                width=130,
                help="t-SNE and UMAP begin with a little chance; what other seeds show, too, is stable",
            )
            library = st.segmented_control(
                "t-SNE by",
                LIBRARIES,
                default=LIBRARIES[0],
                key="library",
                required=True,
                bind="query-params",
                help="Two programs for the same method; scikit-learn's takes about twice as long",
            )
    by_title = {title: source for source, title in maps.SOURCES.items()}
    return Choice(
        methods[title or first],
        int(points or counts[-1]),
        int(dimensions or 2),
        int(seed or 0),
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
    found = {}
    for name, (_, values) in LABELS.items():
        asked = st.query_params.get(name)
        if asked is not None and asked != st.session_state.get(f"written_{name}"):
            number = _number(asked)
            if number in values:
                st.session_state[f"map_{name}"] = number
        found[name] = st.session_state.get(f"map_{name}", _usual(points)[name])
    return found


def write_parameters(method: str, points: int) -> None:
    """Put the parameters of the shown method into the address, unless they are the usual ones."""
    for name, usual in _usual(points).items():
        value = st.session_state.get(f"map_{name}", usual)
        if name in OF_METHOD.get(method, ()) and value != usual:
            st.session_state[f"written_{name}"] = st.query_params[name] = f"{value:g}"
        else:
            st.query_params.pop(name, None)


def tune(values: dict[str, float]) -> None:
    """Take up the parameters that a slider under the map was moved to."""
    for name, value in values.items():
        st.session_state[f"map_{name}"] = value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


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
        label, values = LABELS[name]
        others = [other for other in now if other != name]
        there = [_values(one)[name] for one in ready if all(_values(one)[other] == now[other] for other in others)]
        made.append(Parameter(name, label, values, _tidy(now[name]), [_tidy(value) for value in there]))
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
