"""The part of the Training page that starts, watches and stops a run."""

from __future__ import annotations

import streamlit as st

from ui.frame import notify, plain
from ui.training import curves
from vae_core.config import UserError
from vae_core.data import DATASETS
from vae_core.models import families, presets
from vae_core.training import runs
from vae_core.training.runs import RunRequest, RunState

POLL_SECONDS = 1.0
USUAL_DATA = "fashion-mnist-small"  # comes with the program
PRESET_WORDS: dict[str, str] = {
    **{family.name: f"{family.short}: {family.summary}" for family in families.every()},
    "vae-mlp": "VAE with fully connected layers: quick",
    "cae-mlp": "CAE with fully connected layers: quick",
    "beta-vae": "VAE with four times the KL weight",
    "cvae": "VAE, encoder and decoder given the label",
    "cvae-decoder": "VAE, decoder given the label",
    "cae-map": "CAE with a small map as its code",
    "cae-denoise": "CAE that removes noise",
}


def panel() -> None:
    """A form, the run at work, or how the last one ended."""
    now = runs.state()
    if now is None:
        _form() if runs.allowed() else _refusal()
    elif now.running:
        with st.container(border=True):
            _watch()
    else:
        _result(now)


def _refusal() -> None:
    st.caption(
        "This server does not train models. On your own computer, `python train.py` does, and so does this page there."
    )


def _form() -> None:
    """What to train; all that is not asked for is the preset's."""
    with st.popover("Train a model", icon=":material/model_training:"):
        st.session_state.setdefault("run_data", USUAL_DATA)
        data = st.selectbox(
            "Images",
            list(DATASETS),
            key="run_data",
            filter_mode=None,
            width=420,
            format_func=lambda name: DATASETS[name].title,
        )
        st.session_state.setdefault("run_preset", presets.USUAL)
        preset = st.selectbox(
            "Model",
            list(presets.PRESETS),
            key="run_preset",
            filter_mode=None,
            width=420,
            format_func=lambda name: PRESET_WORDS.get(name, name),
        )
        with st.container(horizontal=True):
            st.session_state.setdefault("run_latent", 16)
            st.session_state.setdefault("run_epochs", 5)
            latent = st.number_input("Latent dimensions", 1, runs.MOST_DIMENSIONS, key="run_latent", width=200)
            epochs = st.number_input("Epochs", 1, runs.MOST_EPOCHS, key="run_epochs", width=200)
        usual = runs.free_name(preset or presets.USUAL)
        name = st.text_input("Name", key="run_name", placeholder=usual, max_chars=80, width=420)
        request = RunRequest(
            (name or "").strip() or usual, data or USUAL_DATA, preset or presets.USUAL, int(latent), int(epochs)
        )
        st.button("Start", icon=":material/play_arrow:", type="primary", on_click=_start, args=(request,))


def _start(request: RunRequest) -> None:
    try:
        runs.start(request)
    except UserError as error:
        notify(str(error))


@st.fragment(run_every=POLL_SECONDS)
def _watch() -> None:
    """The run at work; ends by running the whole page when the run has ended."""
    now = runs.state()
    if now is None or not now.running:
        st.rerun()
    heading, button = st.columns([6, 1], vertical_alignment="center")
    with heading:
        st.progress(now.fraction, text=f"**{plain(now.request.name)}** · {_progress_text(now)}")
    with button:
        st.button("Stop", icon=":material/stop:", on_click=runs.stop, disabled=now.stopping, width="stretch")
    if now.history:
        curve = curves.Curve(now.request.name, now.history, families.of(presets.PRESETS[now.request.preset]))
        st.plotly_chart(
            curves.terms([curve], logarithmic=False),
            key="running",
            config={"displaylogo": False},
            alt=f"Terms of the objective over {len(now.history)} epochs of the run at work",
        )


def _progress_text(now: RunState) -> str:
    """How far a run is, in words."""
    done, epochs = len(now.history), now.request.epochs
    if now.stopping:
        return "stopping; its last finished epoch is kept"
    if not done:
        return "loading the images and training the first epoch"
    if done >= epochs:
        return "evaluating the finished model on the test split"
    seconds = sum(float(record.get("seconds", 0)) for record in now.history) / done * (epochs - done)
    left = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
    return f"epoch {done} of {epochs} finished, about {left} left"


def _result(now: RunState) -> None:
    """How a run ended, and where its model is."""
    name = plain(now.request.name)
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        if now.error is not None:
            st.markdown(f":material/info: **{name}** was not trained: {plain(now.error)}")
        else:
            done = len(now.history)
            early = f" after {done} of {now.request.epochs} epochs" if done < now.request.epochs else ""
            st.markdown(f":material/check_circle: **{name}** is {'stopped' if early else 'ready'}{early}.")
            for page, label, icon in (
                ("pages/training.py", "Its curves", ":material/monitoring:"),
                ("pages/explore.py", "Explore it", ":material/tune:"),
                ("pages/models.py", "Its card", ":material/deployed_code:"),
            ):
                st.page_link(page, label=label, icon=icon, query_params={"model": now.request.name})
        st.button("Close", icon=":material/close:", on_click=runs.forget, type="tertiary")
