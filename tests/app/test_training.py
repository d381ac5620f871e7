"""Training: curves of finished runs, the form, and a run at work as the page shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenPage
from tests.app.test_pages import assert_whole, texts
from vae_core.models.presets import PRESETS
from vae_core.training import runs
from vae_core.training.runs import RunRequest, RunState

TRAINING = "pages/training.py"
REQUEST = RunRequest("mine", "digits", "vae", 4, 10)
RECORD = {
    "epoch": 1,
    "seconds": 2.0,
    "train": {"total": 3.0, "reconstruction": 2.0, "kl": 1.0},
    "test": {"total": 3.0, "reconstruction": 2.0, "kl": 1.0, "kl_per_dim": [1.0, 0.0, 0.0, 0.0]},
}


def button(app: AppTest, label: str):  # noqa: ANN201 (AppTest's own type)
    """The button of that label, or None."""
    return next((found for found in app.button if found.label == label), None)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that makes the page see a run in some state."""

    def see(*, epochs: int, running: bool = True, stopping: bool = False, error: str | None = None) -> None:
        now = RunState(REQUEST, [RECORD] * epochs, 20.0, running, stopping, error)
        monkeypatch.setattr(runs, "state", lambda: now)

    return see


@pytest.mark.parametrize(("model", "charts"), [("digits-vae", 3), ("digits-cae", 2), ("digits-pca", 1)])
def test_a_model_has_the_charts_that_say_something(
    model: str, charts: int, checkpoints: Path, open_page: OpenPage
) -> None:
    """Terms for all, the schedule for what was trained by gradients, KL per dimension for a VAE."""
    app = open_page(TRAINING, model=model)
    assert_whole(app)
    assert len(app.get("plotly_chart")) == charts


def test_runs_are_overlaid_from_the_address(checkpoints: Path, open_page: OpenPage) -> None:
    """The models in the link are chosen, and the scale."""
    app = open_page(TRAINING, model="digits-vae", models="digits-cae,digits-vae", logarithmic="true")
    assert_whole(app)
    assert app.multiselect[0].value == ["digits-cae", "digits-vae"]
    assert app.toggle[0].value


def test_the_form_starts_what_was_chosen(
    checkpoints: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data, preset, numbers, epochs and name; without a name a free one."""
    started: list[RunRequest] = []
    monkeypatch.setattr(runs, "start", started.append)
    app = open_page(TRAINING, model="digits-vae")
    assert next(found for found in app.selectbox if found.key == "run_data").value == "fashion-mnist-small"
    next(found for found in app.selectbox if found.key == "run_data").set_value("digits").run()
    next(found for found in app.selectbox if found.key == "run_preset").set_value("cae").run()
    next(found for found in app.number_input if found.key == "run_latent").set_value(7).run()
    next(found for found in app.number_input if found.key == "run_epochs").set_value(3).run()
    button(app, "Start").click().run()
    app.text_input[0].set_value(" other ").run()
    button(app, "Start").click().run()
    assert_whole(app)
    assert started == [RunRequest("my-cae", "digits", "cae", 7, 3), RunRequest("other", "digits", "cae", 7, 3)]


def test_a_refused_start_is_one_line(checkpoints: Path, open_page: OpenPage) -> None:
    """A name that is taken is told on the page; no process is started."""
    app = open_page(TRAINING, model="digits-vae")
    app.text_input[0].set_value("digits-pca").run()
    button(app, "Start").click().run()
    assert_whole(app)
    assert "already" in app.main.info[0].value
    assert runs.state() is None


def test_a_public_server_offers_no_form(
    checkpoints: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With LATENT_TRAINING=off the page says where one can train instead, and still has its curves."""
    monkeypatch.setenv(runs.SWITCH, "off")
    app = open_page(TRAINING, model="digits-vae")
    assert_whole(app)
    assert button(app, "Start") is None
    assert "does not train models" in texts(app)
    assert app.get("plotly_chart")


def test_a_run_at_work_is_shown_to_everyone(
    checkpoints: Path, open_page: OpenPage, state: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its progress, its curves and a button that stops it; no form for another."""
    stopped = []
    monkeypatch.setattr(runs, "stop", lambda: stopped.append(True))
    state(epochs=4)
    app = open_page(TRAINING, model="digits-vae")
    assert_whole(app)
    assert "epoch 4 of 10 finished, about 12 seconds left" in app.get("progress")[0].proto.text
    assert button(app, "Start") is None
    assert len(app.get("plotly_chart")) == 4
    button(app, "Stop").click().run()
    assert stopped == [True]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"epochs": 10}, "is ready"),
        ({"epochs": 3, "stopping": True}, "stopped after 3 of 10 epochs"),
        ({"epochs": 0, "error": "<b>no</b> pictures"}, "was not trained: \\<b\\>no"),
    ],
)
def test_the_end_of_a_run_is_told(
    options: dict, expected: str, checkpoints: Path, open_page: OpenPage, state: Callable[..., None]
) -> None:
    """Ready, stopped early, or why not, as text."""
    state(running=False, **options)
    app = open_page(TRAINING, model="digits-vae")
    assert_whole(app)
    assert expected in texts(app)


def test_every_preset_is_explained_in_the_form() -> None:
    """A choice that only repeats the preset's name would help nobody."""
    from ui.training.runs import PRESET_WORDS

    assert set(PRESET_WORDS) == set(PRESETS)
