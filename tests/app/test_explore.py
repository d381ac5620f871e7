"""Explore: sliders, the address, undo and redo, pins, labels."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.conftest import LONGEST_RUN, OpenPage
from tests.app.test_pages import assert_whole
from ui.state.point import Point, format_code
from vae_core.checkpoint import find_checkpoint, save_metrics
from vae_core.config import DataConfig
from vae_core.data import load_images
from vae_core.evaluation.record import AttributeProbe
from vae_core.export.browser import Unsupported
from vae_core.latent.space import LatentSpace

EXPLORE = "pages/explore.py"


def now(app: AppTest) -> Point:
    """The current point of the app's session."""
    return app.session_state["trails"][app.session_state["digest"]].now


def sliders(app: AppTest) -> list:
    """The sliders of the dimensions, in their order on the page."""
    return [slider for slider in app.slider if slider.key and slider.key.startswith("slider_")]


def button(app: AppTest, label: str):  # noqa: ANN201 (AppTest's own type)
    """The button of that label."""
    return next(found for found in app.button if found.label == label)


@pytest.fixture
def app(checkpoints: Path, open_page: OpenPage) -> AppTest:
    """Explore with the tiny VAE, decoded on the server: Streamlit's own sliders, which AppTest can move."""
    return open_page(EXPLORE, model="digits-vae", engine="Server")


def test_there_is_a_slider_for_each_dimension_most_telling_first(app: AppTest) -> None:
    """Four dimensions, the active ones by falling KL, each label naming its dimension and its KL."""
    labels = [slider.label for slider in sliders(app)]
    amounts = [float(label.split(" · ")[1].split()[0]) for label in labels if "inactive" not in label]
    assert sorted(label.split(" · ")[0] for label in labels) == ["z0", "z1", "z2", "z3"]
    assert amounts == sorted(amounts, reverse=True)


def test_a_slider_moves_its_dimension_and_the_address(app: AppTest) -> None:
    """Only that number of the code changes, and the link says so."""
    before = now(app).code
    slider = sliders(app)[0]
    dimension = int(slider.label.split(" · ")[0][1:])
    slider.set_value(1.25).run()
    assert_whole(app)
    expected = tuple(1.25 if position == dimension else value for position, value in enumerate(before))
    assert now(app).code == expected
    assert [float(number) for number in app.query_params["z"].split(",")] == list(expected)


def test_a_link_restores_the_point(checkpoints: Path, open_page: OpenPage) -> None:
    """The code in the address is the code on the sliders."""
    app = open_page(EXPLORE, model="digits-vae", z="0.5,-1.25,2,0", engine="Server")
    assert now(app).code == (0.5, -1.25, 2.0, 0.0)
    by_dimension = {slider.label.split(" · ")[0]: slider.value for slider in sliders(app)}
    assert by_dimension == {"z0": 0.5, "z1": -1.25, "z2": 2.0, "z3": 0.0}


def test_a_point_beyond_the_slider_widens_it(checkpoints: Path, open_page: OpenPage) -> None:
    """A code far out is shown as it is, not cut off."""
    app = open_page(EXPLORE, model="digits-vae", z="50,0,0,0", engine="Server")
    assert next(slider.value for slider in sliders(app) if slider.label.startswith("z0")) == 50


def test_undo_and_redo_walk_through_the_history(app: AppTest) -> None:
    """Undo returns to where one was, redo takes it back, and a new move ends the redoing."""
    first = now(app)
    sliders(app)[0].set_value(1.0).run()
    moved = now(app)
    button(app, "Undo").click().run()
    assert now(app) == first
    button(app, "Redo").click().run()
    assert now(app) == moved
    button(app, "Undo").click().run()
    sliders(app)[1].set_value(-1.0).run()
    assert button(app, "Redo").disabled


def test_zero_is_the_priors_centre(app: AppTest) -> None:
    """All numbers become zero, where the typicality is nothing."""
    button(app, "Zero").click().run()
    assert now(app).code == (0.0, 0.0, 0.0, 0.0)


def test_random_moves_to_a_prior_sample(app: AppTest) -> None:
    """Another point, said to be a sample."""
    before = now(app)
    button(app, "Random").click().run()
    assert_whole(app)
    assert now(app).code != before.code
    assert now(app).source == "a sample from the prior"


def test_a_pin_leads_back(app: AppTest) -> None:
    """A pinned point stays reachable after moving on."""
    sliders(app)[0].set_value(0.75).run()
    pinned = now(app)
    button(app, "Pin").click().run()
    button(app, "Zero").click().run()
    button(app, "Go to A").click().run()
    assert now(app).code == pinned.code


def test_a_test_image_by_number_becomes_the_point(app: AppTest) -> None:
    """Its encoding is the code, and it is named with its class."""
    next(found for found in app.number_input if found.key == "start_number").set_value(7).run()
    assert_whole(app)
    assert now(app).image == 7
    assert "test image 7" in now(app).source


def test_the_label_of_a_conditional_model_is_chosen_and_linked(checkpoints: Path, open_page: OpenPage) -> None:
    """The address gives the label; choosing another changes the address, not the code."""
    app = open_page(EXPLORE, model="digits-cvae", label="3", engine="Server")
    assert now(app).label == 3
    code = now(app).code
    next(group for group in app.button_group if group.key == "label_picker").set_value(5).run()
    assert_whole(app)
    assert (now(app).label, now(app).code) == (5, code)
    assert app.query_params["label"] == "5"


def test_each_model_keeps_its_own_point(app: AppTest) -> None:
    """Changing the model and coming back finds the point where it was."""
    sliders(app)[0].set_value(1.5).run()
    here = now(app).code
    app.sidebar.selectbox[0].set_value("digits-vae-2").run()
    assert_whole(app)
    assert len(now(app).code) == 2
    app.sidebar.selectbox[0].set_value("digits-vae").run()
    assert now(app).code == here


def test_the_point_goes_along_to_other_pages(app: AppTest) -> None:
    """Every page has the same current point, and its address too."""
    sliders(app)[0].set_value(1.5).run()
    here = now(app)
    for page in ("pages/interpolate.py", "pages/embeddings.py", "pages/compare.py"):
        app.switch_page(page).run()
        assert_whole(app)
        assert now(app) == here


def test_a_decoder_that_cannot_run_in_the_browser_is_decoded_on_the_server(
    checkpoints: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says why in one line, and has Streamlit's sliders instead; with the engine there are none."""
    assert not sliders(open_page(EXPLORE, model="digits-vae"))

    def refuse(space: LatentSpace) -> None:
        raise Unsupported("the layer decoder.3 (Whirl) cannot run in the browser")

    monkeypatch.setattr(LatentSpace, "packed", refuse)
    st.cache_resource.clear()
    app = open_page(EXPLORE, model="digits-vae")
    assert_whole(app)
    assert len(sliders(app)) == 4
    assert [info.value for info in app.info] == [
        "digits-vae is decoded on the server: the layer decoder.3 (Whirl) cannot run in the browser."
    ]


def test_sliders_over_attributes_are_offered_where_codes_tell_some(checkpoints: Path, open_page: OpenPage) -> None:
    """Their directions are stored with the checkpoint; a model without any does not offer them."""

    def bases(app: AppTest) -> list[str]:
        return next(list(group.options) for group in app.button_group if group.key == "basis")

    assert bases(open_page(EXPLORE, model="digits-vae")) == ["Dimensions", "Principal directions"]
    smiling = AttributeProbe("Smiling", accuracy=0.9, majority=0.5, direction=(1.0, 2.0, 0.0, -1.0))
    metrics = find_checkpoint("digits-vae", checkpoints).metrics
    save_metrics(checkpoints / "digits-vae", replace(metrics, attributes=(smiling,)))
    st.cache_resource.clear()
    app = open_page(EXPLORE, model="digits-vae", basis="Attributes")
    assert_whole(app)
    assert bases(app) == ["Dimensions", "Principal directions", "Attributes"]


def moves_to(app: AppTest, value: object) -> Point:
    """The point after the browser has told a move."""

    def script() -> None:
        import streamlit as st

        from ui.shared import live_point
        from ui.state import loaders

        model = next(found for found in loaders.checkpoints() if found.name == st.session_state["tried_model"])
        live_point.take_move(st.session_state["tried"], "the key", loaders.open_space(model))

    inner = AppTest.from_function(script, default_timeout=LONGEST_RUN)
    for name in ("trails", "digest"):
        inner.session_state[name] = deepcopy(app.session_state[name])
    inner.session_state["tried"], inner.session_state["tried_model"] = value, app.session_state["model"]
    inner.run()
    assert not inner.exception
    return now(inner)


def test_a_move_in_the_browser_moves_the_shared_point(checkpoints: Path, open_page: OpenPage) -> None:
    """Code and label, rounded as in the address, with the old point remembered."""
    app = open_page(EXPLORE, model="digits-cvae")
    moved = moves_to(
        app, {"decoder": "the key", "serial": 3, "code": [1, 2.00049, 0, -1], "label": 4, "source": "moved by hand"}
    )
    assert moved == Point((1.0, 2.0, 0.0, -1.0), 4, "moved by hand")


@pytest.mark.parametrize(
    "wrong",
    [
        {"decoder": "another model's"},
        {"code": [1, 2, 3]},
        {"code": [1, 2, 3, "4"]},
        {"code": [1, 2, 3, float("nan")]},
        {"code": [1, 2, 3, 1e9]},
        {"code": None},
        {"serial": "x"},
    ],
    ids=str,
)
def test_a_move_that_does_not_fit_is_passed_over(wrong: dict, checkpoints: Path, open_page: OpenPage) -> None:
    """Whatever a browser sends, the point stays a point of the model."""
    app = open_page(EXPLORE, model="digits-vae")
    before = now(app)
    fitting = {"decoder": "the key", "serial": 1, "code": [1, 2, 3, 4], "label": None, "source": "moved by hand"}
    assert moves_to(app, fitting).code == (1, 2, 3, 4)
    assert moves_to(app, fitting | wrong) == before
    assert moves_to(app, "nonsense") == before


@pytest.mark.parametrize("model", ["digits-vae", "digits-cvae", "digits-pca"])
def test_a_link_to_a_test_image_brings_its_original_back(model: str, checkpoints: Path, open_page: OpenPage) -> None:
    """A page that is loaded again still shows the picture that its code came from."""
    images = load_images(DataConfig("digits"), "test")
    space = LatentSpace.open(checkpoints / model)
    code = format_code(tuple(space.encode(images.images[7:8], images.labels[7:8])[0].round(3)))
    extra = {"label": str(images.labels[7])} if space.classes else {}
    app = open_page("pages/explore.py", model=model, z=code, image="7", **extra)
    assert not app.exception
    assert any("test image 7" in caption.value for caption in app.caption)
    assert app.query_params["image"] in ("7", ["7"])


@pytest.mark.parametrize("image", ["8", "100000", "-1", "٣", "x"])
def test_a_link_cannot_claim_another_original(image: str, checkpoints: Path, open_page: OpenPage) -> None:
    """A test image whose encoding is another code, or that there is none of, is not shown as the original."""
    images = load_images(DataConfig("digits"), "test")
    code = LatentSpace.open(checkpoints / "digits-vae").encode(images.images[7:8])[0]
    app = open_page("pages/explore.py", model="digits-vae", z=format_code(tuple(code.round(3))), image=image)
    assert not app.exception
    assert any(caption.value == "Now: a link" for caption in app.caption)
