"""Interpolate: its ends, its steps, its models."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenPage
from tests.app.test_pages import assert_whole
from vae_core.export.browser import Unsupported
from vae_core.latent.space import LatentSpace

INTERPOLATE = "pages/interpolate.py"


def slider(app: AppTest, key: str):  # noqa: ANN201 (AppTest's own type)
    """The slider of that key."""
    return next(found for found in app.slider if found.key == key)


def test_fewer_steps_than_the_place_on_the_path_are_no_error(checkpoints: Path, open_page: OpenPage) -> None:
    """Standing at step 18 of 21 and asking for 5 steps puts one back on the path."""
    app = open_page(INTERPOLATE, model="digits-vae", steps="21", step="18", decoded="Server")
    assert slider(app, "scrubbed").value == 18
    slider(app, "steps").set_value(5).run()
    assert_whole(app)
    assert slider(app, "scrubbed").value == 5
    assert app.query_params["step"] == "5"


@pytest.mark.parametrize("step", ["nan", "-3", "1e400", "x", "", "99"])
def test_a_place_that_there_is_not_on_the_path_is_no_error(step: str, checkpoints: Path, open_page: OpenPage) -> None:
    """Whatever the address says, one stands between the first step and the last."""
    app = open_page(INTERPOLATE, model="digits-vae", steps="5", step=step)
    assert_whole(app)
    assert 1 <= float(app.query_params["step"]) <= 5


def test_a_decoder_that_cannot_run_in_the_browser_leaves_the_slider(
    checkpoints: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says why, and decodes whole steps on the server."""

    def refuse(space: LatentSpace) -> None:
        raise Unsupported("the layer decoder.3 (Whirl) cannot run in the browser")

    monkeypatch.setattr(LatentSpace, "packed", refuse)
    app = open_page(INTERPOLATE, model="digits-vae")
    assert_whole(app)
    assert slider(app, "scrubbed").value == 5
    assert "decoded on the server" in app.info[0].value


def test_cae_and_vae_of_one_size_are_chosen_at_first(checkpoints: Path, open_page: OpenPage) -> None:
    """The comparison that teaches most needs no click; the address names both."""
    app = open_page(INTERPOLATE, model="digits-vae")
    assert app.multiselect[0].value == ["digits-cae", "digits-cvae", "digits-vae"]
    assert app.query_params["models"] == "digits-cae,digits-cvae,digits-vae"


def test_a_pinned_point_can_be_an_end(checkpoints: Path, open_page: OpenPage) -> None:
    """Pinned on Explore, it stands in the menu here, and becomes end A."""
    app = open_page("pages/explore.py", model="digits-vae", z="1,2,-1,0.5")
    next(button for button in app.button if button.label == "Pin").click().run()
    app.switch_page(INTERPOLATE).run()
    next(button for button in app.button if button.key == "pinned_A_A").click().run()
    assert_whole(app)
    assert any("pinned point A" in caption.value for caption in app.caption)


def test_the_ends_in_the_address_are_the_ends(checkpoints: Path, open_page: OpenPage) -> None:
    """Both numbers of test images are taken up."""
    app = open_page(INTERPOLATE, model="digits-vae", a="12", b="34")
    captions = " ".join(caption.value for caption in app.caption)
    assert "test image 12" in captions
    assert "test image 34" in captions
