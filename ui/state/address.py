"""Every parameter of the app's addresses, declared once: its name, values, default, and the pages that have it.

Most belong to a widget of Streamlit's, which reads and writes them itself: it is given the declared ``name`` as its
``key`` and ``BIND`` as its ``bind``, and falls back to its default on rubbish. The others are read by ``given``, which
returns what a visitor's link says but not what this program wrote, and written by ``write``; ``drop_rubbish`` removes
those that cannot be read when a page opens, and says so. No other module touches ``st.query_params``.
"""

from __future__ import annotations

from typing import Final, Literal, TypeVar

import streamlit as st

from ui.state.parameters import Choice, Level, Name, Names, Parameter, Real, Toggle, Vector, Vectors, Whole

Value = TypeVar("Value")

BIND: Final[Literal["query-params"]] = "query-params"
LONGEST_TEXT = 50_000  # characters; a code of 4,096 dimensions has fewer
_WRITTEN = "written_parameters"

START, EXPLORE, GENERATE, INTERPOLATE = "app.py", "pages/explore.py", "pages/generate.py", "pages/interpolate.py"
EMBEDDINGS, COMPARE = "pages/embeddings.py", "pages/compare.py"
TRAINING, MODELS_PAGE = "pages/training.py", "pages/models.py"
ALL_PAGES = (START, EXPLORE, GENERATE, INTERPOLATE, EMBEDDINGS, COMPARE, TRAINING, MODELS_PAGE)


# --- the parameters -----------------------------------------------------------------------------------------------

MODEL = Name("model", ALL_PAGES, "The current model")
Z = Vector("z", ALL_PAGES, "The current point of latent space")
LABEL = Whole("label", ALL_PAGES, "The label of a conditional model, counted from 0", bound=False)
IMAGE = Whole("image", ALL_PAGES, "The test image that the point is the encoding of", bound=False)
MODELS = Names("models", (GENERATE, INTERPOLATE, COMPARE, TRAINING), "The models side by side")

BASIS = Choice("basis", (EXPLORE,), "What the sliders move")
BESIDE = Choice("beside", (EXPLORE,), "A second model that decodes the same latent vector")
TEMPERATURE = Real(
    "temperature",
    (EXPLORE,),
    "Scales the standard deviation of random samples: low gives typical images, high unusual ones",
    low=0.1,
    high=2.0,
    step=0.1,
    default=1.0,
)
SMOOTH = Toggle("smooth", (EXPLORE,), "Whether pixels are smoothed when enlarged")
PACE = Toggle("pace", (EXPLORE,), "Whether the decoding time is shown")
ENGINE = Choice("engine", (EXPLORE,), "Where images are decoded", ("Quickest", "JavaScript", "Server"), "Quickest")
PAD = Names("pad", (EXPLORE,), "The two axes of the pad", least=2, most=2)
TOWARDS = Vectors("towards", (EXPLORE,), "Directions towards images selected on the map")
TRAVERSED = Choice("traversed", (EXPLORE,), "The latent dimension of the traversal")

SHOWN = Choice("shown", (GENERATE,), "What is generated")
SOURCE = Choice(
    "source",
    (GENERATE,),
    "The prior is N(0, I). Gaussian and mixture are fitted to the codes of the test images.",
    ("Prior", "Gaussian", "Mixture"),
    "Prior",
)
SPREAD = Real(
    "spread",
    (GENERATE,),
    "Scales the standard deviation of the samples: low gives typical images, high unusual ones.",
    low=0.1,
    high=2.0,
    step=0.1,
    default=1.0,
)
SIDE = Whole("side", (GENERATE,), "Images along each side of the plane", low=5, high=30, default=16)
SEED = Whole("seed", (GENERATE,), "The seed of the random samples", high=9999, bound=False)
SAMPLES_LABEL = Choice("told_Samples", (GENERATE,), "The label of all samples")
PLANE_LABEL = Choice("told_Plane", (GENERATE,), "The label of the plane")

END_A = Whole("a", (INTERPOLATE,), "The test image at the start of the path", default=0, bound=False)
END_B = Whole("b", (INTERPOLATE,), "The test image at the end of the path", default=1, bound=False)
PATH = Choice(
    "path",
    (INTERPOLATE,),
    "Linear: a straight line between the two codes. Spherical: along the shell where most of the prior's mass lies.",
    ("Linear", "Spherical"),
    "Linear",
)
STEPS = Whole("steps", (INTERPOLATE,), "Images along the path", low=3, high=21, default=9)
STEP = Real("step", (INTERPOLATE,), "The position on the path", low=1.0, high=21.0, bound=False)
DECODED = Choice(
    "decoded",
    (INTERPOLATE,),
    "The browser decodes while you drag; the server decodes whole steps when you let go.",
    ("Browser", "Server"),
    "Browser",
)

MAP = Choice("map", (EMBEDDINGS,), "How codes are projected to the map")
COLOUR = Choice("colour", (EMBEDDINGS,), "What the colours of the points mean")
SECOND_MAP = Choice("second", (EMBEDDINGS,), "A second map of the same images")
DIMENSIONS = Choice("dimensions", (EMBEDDINGS,), "Dimensions of the map", ("2", "3"), "2")
MAPPED = Choice("input", (EMBEDDINGS,), "What is mapped")
POINTS = Choice("points", (EMBEDDINGS,), "How many test images are on the map")
MAP_SEED = Whole("map_seed", (EMBEDDINGS,), "The seed of the map", high=99, bound=False)
LIBRARY = Choice("library", (EMBEDDINGS,), "The library that computes t-SNE")
PERPLEXITY = Level("perplexity", (EMBEDDINGS,), "Perplexity of t-SNE", tuple(map(float, range(5, 101, 5))))
NEIGHBOURS = Level("neighbours", (EMBEDDINGS,), "Neighbours of UMAP", tuple(map(float, range(5, 101, 5))))
DISTANCE = Level(
    "distance", (EMBEDDINGS,), "Minimum distance of UMAP", tuple(round(0.1 * step, 1) for step in range(10))
)

VIEW = Choice("view", (COMPARE,), "The open tab")
PICTURES = Choice("pictures", (COMPARE,), "Which test images are compared")
DRAWN = Whole("drawn", (COMPARE,), "The seed of the random choice of test images", high=9999, bound=False)
DRAWN_CLASS = Choice("drawn_class", (COMPARE,), "The class of the test images")
JUDGE = Choice("judge", (COMPARE,), "The model whose error ranks the test images")
SORTED = Toggle("sorted", (COMPARE,), "Those with the largest MSE on the left")
FIGURE = Choice("figure", (COMPARE,), "The metric under each image", ("MSE", "PSNR", "SSIM"), "MSE")
ERRORS = Toggle("errors", (COMPARE,), "Whether error maps are shown", default=True)
NOISE = Real(
    "noise", (COMPARE,), "Standard deviation of the noise", low=0.0, high=0.5, step=0.01, default=0.2, bound=False
)
DISTORTION = Choice("distortion", (COMPARE,), "The measure of distortion", ("MSE", "Nats"), "MSE")
PIXELS = Choice("pixels_of_*", (COMPARE,), "The kind of pixels of the models", ("grey", "binarised"))

LOGARITHMIC = Toggle("logarithmic", (TRAINING,), "Whether the loss axis is logarithmic")
DATA = Choice("data", (MODELS_PAGE,), "The data set of the models in the list")
FAMILY = Choice("family", (MODELS_PAGE,), "The family of the models in the list")

PARAMETERS: tuple[Parameter, ...] = tuple(value for value in globals().values() if isinstance(value, Parameter))


# --- reading and writing ------------------------------------------------------------------------------------------


def given(parameter: Parameter[Value]) -> Value | None:
    """What a visitor's link says; None if it does not say it, cannot be read, or this program wrote it itself."""
    text = st.query_params.get(parameter.name)
    return None if text is None or text == _written().get(parameter.name) else _parse(parameter, text)


def current(parameter: Parameter[Value]) -> Value | None:
    """What the address says, whoever wrote it."""
    text = st.query_params.get(parameter.name)
    return None if text is None else _parse(parameter, text)


def write(parameter: Parameter, text: str | None) -> None:
    """Put a value into the address, or take it out for None; ``given`` will not return it."""
    _written()[parameter.name] = text
    if text is not None:
        st.query_params[parameter.name] = text
    elif parameter.name in st.query_params:
        del st.query_params[parameter.name]


def drop_rubbish(page: str) -> list[str]:
    """Take what cannot be read out of a page's address; the names of those parameters.

    Parameters of Streamlit's own widgets are left to them.
    """
    rubbish = []
    for parameter in PARAMETERS:
        text = st.query_params.get(parameter.name)
        if page in parameter.pages and not parameter.bound and text is not None and _parse(parameter, text) is None:
            rubbish.append(parameter.name)
            write(parameter, None)
    return rubbish


def format_vector(vector: tuple[float, ...], digits: int) -> str:
    """Coordinates as the address holds them: separated by commas, without needless zeros."""
    return ",".join(format_number(value, digits) for value in vector)


def format_number(value: float, digits: int) -> str:
    """A number without needless zeros."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def _parse(parameter: Parameter[Value], text: str) -> Value | None:
    return parameter.parse(text) if len(text) <= LONGEST_TEXT else None


def _written() -> dict[str, str | None]:
    """What this program last wrote into the address, by the parameters' names."""
    return st.session_state.setdefault(_WRITTEN, {})
