"""The frame around every page: title, menu, the current model, and what is wrong with a checkpoint, if anything."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple, NoReturn

import streamlit as st

from ui.state import address, loaders, point
from vae_core.checkpoint import Checkpoint
from vae_core.config import UserError
from vae_core.data import describe
from vae_core.models import families

STYLE = Path(__file__).parent / "style.css"


class Page(NamedTuple):
    """One entry of the menu."""

    path: str
    title: str
    icon: str
    purpose: str


PAGES = (
    Page("app.py", "Start", ":material/home:", "What this is, and what to try first"),
    Page("pages/explore.py", "Explore", ":material/tune:", "Move a latent dimension and watch the image change"),
    Page(
        "pages/generate.py",
        "Generate",
        ":material/auto_awesome:",
        "Sample new images, and see which models can generate them",
    ),
    Page(
        "pages/interpolate.py",
        "Interpolate",
        ":material/linear_scale:",
        "Follow a path through latent space from one image to another",
    ),
    Page("pages/embeddings.py", "Embeddings", ":material/scatter_plot:", "See the codes of all test images on a map"),
    Page("pages/compare.py", "Compare", ":material/compare:", "Compare how several models reconstruct the same images"),
    Page(
        "pages/training.py", "Training", ":material/monitoring:", "See how the models were trained, and train your own"
    ),
    Page("pages/models.py", "Models", ":material/deployed_code:", "See what each model is, and how it was trained"),
)


def open_page(path: str, *, with_title: bool = True) -> Checkpoint:
    """Begin a page: show its frame, and find the current model and point.

    Stops the page, with advice, if there is no model that can be opened.

    Args:
        path: the page's path in PAGES.
        with_title: whether to show the page's title and purpose.
    """
    page = next(page for page in PAGES if page.path == path)
    name = "Latent Space Explorer"
    st.set_page_config(page_title=name if path == "app.py" else f"{page.title} · {name}", page_icon="🧭", layout="wide")
    st.html(STYLE)
    if rubbish := address.drop_rubbish(path):
        notify(f"Part of this link could not be read and is ignored: {', '.join(rubbish)}.")
    if with_title:
        st.title(page.title, anchor=False)
        st.caption(page.purpose)
    with st.sidebar:
        _menu()
        checkpoint = _model_picker()
        _problems()
    if checkpoint is None:
        _no_model()
    point.start(checkpoint)
    show_notice()
    return checkpoint


def _menu() -> None:
    st.markdown("**Latent Space Explorer**")
    for page in PAGES:
        st.page_link(page.path, label=page.title, icon=page.icon, width="stretch")
    st.divider()


def _model_picker() -> Checkpoint | None:
    """The current model: from the address, else the session's, else the first variational one."""
    usable = {checkpoint.name: checkpoint for checkpoint in loaders.checkpoints()}
    if not usable:
        return None
    linked = address.given(address.MODEL)
    if linked in usable:
        st.session_state["model"] = linked
    elif linked is not None:
        notify("The link's model is not on this machine; showing another one instead.")
    if st.session_state.get("model") not in usable:
        st.session_state["model"] = _preferred(list(usable.values()))
    st.session_state["model_picker"] = st.session_state["model"]
    st.selectbox("Model", list(usable), key="model_picker", on_change=_model_picked, filter_mode=None)
    checkpoint = usable[st.session_state["model"]]
    address.write(address.MODEL, checkpoint.name)
    st.caption(describe_model(checkpoint))
    return checkpoint


def _model_picked() -> None:
    st.session_state["model"] = st.session_state["model_picker"]


def _preferred(usable: list[Checkpoint]) -> str:
    """The model to begin with: variational, of images that are here, over 2-dimensional, with the least error."""

    def rank(checkpoint: Checkpoint) -> tuple[bool, bool, bool, bool, float]:
        model = checkpoint.run.model
        try:
            embedded = describe(checkpoint.run.data.name).embedded
        except UserError:
            embedded = False
        error = math.inf if checkpoint.metrics.mse is None else checkpoint.metrics.mse
        return not families.of(model).variational, not embedded, model.latent <= 2, model.classes > 0, error

    return min(usable, key=rank).name


def describe_model(checkpoint: Checkpoint) -> str:
    """Family, code size and data of a model, in one line."""
    model = checkpoint.run.model
    try:
        title = describe(checkpoint.run.data.name).title
    except UserError:
        title = checkpoint.run.data.name
    family = families.of(model).title
    return f"{family}, {model.latent}-dimensional{CONDITIONS[model.condition]} · {plain(title)}"


CONDITIONS = {"none": "", "decoder": ", label given to the decoder", "both": ", label given to both halves"}


def plain(text: str) -> str:
    """Text from data or file names, safe in Markdown: every character that could mean something is escaped."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]()<>#+-.!|~$:&" else character for character in text)


def _problems() -> None:
    """One line for each checkpoint that cannot be used."""
    for broken in loaders.broken_checkpoints():
        st.warning(plain(broken.problem), icon=":material/warning:")


def notify(text: str) -> None:
    """Say one line at the top of the page when it runs next; for callbacks, which cannot write on the page."""
    st.session_state["notice"] = text


def show_notice() -> None:
    """Show what ``notify`` was given, once."""
    with st.container():  # there without a notice too: what follows must not move, or the browser builds it anew
        if text := st.session_state.pop("notice", None):
            st.info(plain(text), icon=":material/info:")


def _no_model() -> NoReturn:
    """What to do when there is nothing to explore yet; stops the page."""
    st.subheader("There is no model to explore yet", anchor=False)
    st.write("Train one on the images that come with the program. It takes a few minutes on a laptop:")
    st.code("python train.py", language="sh")
    st.write("Then come back to this page.")
    if st.button("Check again", icon=":material/refresh:"):
        st.rerun()
    st.stop()
