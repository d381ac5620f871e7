"""Generate: what is drawn, from where, and what a click does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenPage
from tests.app.test_pages import assert_whole, texts
from ui.generate import sheets
from vae_core.latent import distributions
from vae_core.latent.space import LatentSpace

GENERATE = "pages/generate.py"


def control(app: AppTest, name: str):  # noqa: ANN201 (AppTest's own type)
    """The segmented control of that key."""
    return next(found for found in app.button_group if found.key == name)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("digits-vae", ["Samples", "Side by side"]),
        ("digits-cvae", ["Samples", "By class", "Side by side"]),
        ("digits-vae-2", ["Samples", "Plane", "Side by side"]),
    ],
)
def test_a_model_offers_what_it_can_show(
    model: str, expected: list[str], checkpoints: Path, open_page: OpenPage
) -> None:
    """Classes need a conditional model, the plane needs two numbers."""
    assert control(open_page(GENERATE, model=model), "shown").options == expected


@pytest.mark.parametrize(
    ("model", "view", "source"),
    [
        ("digits-pca", "Samples", "Gaussian"),
        ("digits-cae", "Samples", "Mixture"),
        ("digits-cae", "By class", "Prior"),
        ("digits-cvae", "Samples", "Mixture"),
        ("digits-cvae", "By class", "Mixture"),
        ("digits-vae-2", "Plane", "Prior"),
        ("digits-vae", "Side by side", "Prior"),
    ],
)
def test_every_view_of_every_model_works(
    model: str, view: str, source: str, checkpoints: Path, open_page: OpenPage
) -> None:
    """Of every kind of model, from each source; an address with a view that the model lacks shows another."""
    app = open_page(GENERATE, model=model, shown=view, source=source)
    assert_whole(app)
    offered = control(app, "shown")
    assert offered.value == (view if view in offered.options else "Samples")


def test_the_next_seed_and_the_temperature_are_in_the_address(checkpoints: Path, open_page: OpenPage) -> None:
    """The button counts on; the link restores both."""
    app = open_page(GENERATE, model="digits-vae", seed="41", spread="0.5")
    next(button for button in app.button if button.label == "New samples").click().run()
    assert_whole(app)
    assert app.query_params["seed"] == "42"
    assert app.query_params["spread"] == "0.5"


def test_the_page_says_that_a_cae_is_no_generator(checkpoints: Path, open_page: OpenPage) -> None:
    """And that a VAE is one."""
    assert "it is not a generator" in texts(open_page(GENERATE, model="digits-cae"))
    assert "this model is a generator" in texts(open_page(GENERATE, model="digits-vae"))


def test_a_class_grid_has_one_style_a_column_and_one_class_a_row(checkpoints: Path) -> None:
    """The codes repeat down each column, the labels along each row."""
    space = LatentSpace.open(checkpoints / "digits-cvae")
    names = tuple("abcdefghij")
    sheet = sheets.class_grid(space, distributions.standard_normal(4), names, temperature=1.0, seed=3)
    codes, labels = sheet.codes.reshape(10, 10, 4), sheet.labels.reshape(10, 10)  # type: ignore[union-attr]
    assert (codes == codes[:1]).all()
    assert (labels == np.arange(10)[:, None]).all()
    assert sheet.names[23] == "c, style 4"


def test_the_plane_is_a_map_of_the_prior(checkpoints: Path) -> None:
    """z0 rises to the right and z1 upwards, and the temperature widens the grid."""
    space = LatentSpace.open(checkpoints / "digits-vae-2")
    codes = sheets.plane(space, 5, temperature=1.0).codes.reshape(5, 5, 2)
    assert (np.diff(codes[..., 0], axis=1) > 0).all()
    assert (np.diff(codes[..., 1], axis=0) < 0).all()
    wide = sheets.plane(space, 5, temperature=2.0).codes.reshape(5, 5, 2)
    assert np.allclose(wide, 2 * codes)


def test_the_downloaded_sheet_has_all_pictures(checkpoints: Path) -> None:
    """Two rows of two sheets each of 2x3 pictures of 8x8: 4x6 pictures with gaps, threefold."""
    import io

    from PIL import Image

    space = LatentSpace.open(checkpoints / "digits-vae")
    sheet = sheets.samples(space, distributions.standard_normal(4), 6, 3, temperature=1.0, seed=0)
    with Image.open(io.BytesIO(sheets.png([[sheet, sheet], [sheet, sheet]]))) as picture:
        assert picture.size == (3 * (6 * 9 - 1), 3 * (4 * 9 - 1))
