"""The page Embeddings without a browser: what it sends, what it keeps, and what it says when there is no map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenPage
from tests.app.test_pages import assert_whole, texts
from vae_core import maps
from vae_core.checkpoint import find_checkpoint
from vae_core.config import DataConfig
from vae_core.data import load_images
from vae_core.latent.space import LatentSpace
from vae_core.maps import jobs

IMAGES = load_images(DataConfig("digits"), "test")


@pytest.fixture(autouse=True)
def _no_other_workers() -> None:
    """Maps that other tests have asked for do not stand in the way."""
    with jobs._workers_lock:
        for worker in jobs._workers.values():
            worker.kill()
            worker.wait()
        jobs._workers.clear()


@pytest.fixture
def with_maps(checkpoints: Path) -> Path:
    """The tiny checkpoints; two of them bring maps along, as shipped ones do."""
    for name in ("digits-vae", "digits-cae"):
        codes = LatentSpace.open(checkpoints / name).encode(IMAGES.images)
        made = {method: codes[:, :2] * (number + 1) for number, method in enumerate(maps.METHODS)}
        maps.save_maps(checkpoints / name, find_checkpoint(name, checkpoints).digest, made)
    return checkpoints


def choose(app: AppTest, positions: list[int]) -> None:
    """Select points, as the map in the browser does."""
    app.session_state["map_selection"].chosen[positions] = True
    app.run()


def names(app: AppTest) -> list[str]:
    """The names of the components on the page."""
    return [element.proto.component_name for element in app.main.get("bidi_component")]


def test_a_map_that_came_along_is_shown_at_once(with_maps: Path, open_page: OpenPage) -> None:
    """No worker starts, and there is nothing to wait for."""
    app = open_page("pages/embeddings.py", model="digits-vae")
    assert_whole(app)
    assert not app.main.get("progress")
    assert "latent_map" in names(app)


def test_a_model_without_maps_has_one_computed(checkpoints: Path, open_page: OpenPage) -> None:
    """Progress and Stop; after Stop the map is offered, not computed again."""
    app = open_page("pages/embeddings.py", model="digits-vae")
    assert_whole(app)
    (stop,) = [button for button in app.main.button if button.label == "Stop"]
    stop.click().run()
    assert any(button.label == "Compute this map" for button in app.main.button)


def test_a_map_that_nobody_waits_for_is_stopped(checkpoints: Path, open_page: OpenPage) -> None:
    """Who chooses other parameters before a map is there leaves no worker behind."""
    app = open_page("pages/embeddings.py", model="digits-vae")
    first = app.session_state["maps_started"]["first"]
    assert maps.job_state(first) is not None
    app.session_state["map_perplexity"] = 20
    app.run()
    assert maps.job_state(first) is None
    maps.cancel_job(app.session_state["maps_started"]["first"])


def test_the_plane_of_a_model_with_two_numbers_needs_no_map(checkpoints: Path, open_page: OpenPage) -> None:
    """It is shown with the picture of its decoder behind."""
    app = open_page("pages/embeddings.py", model="digits-vae-2")
    assert_whole(app)
    assert "latent_map" in names(app)
    assert not app.main.get("progress")


@pytest.mark.parametrize(
    ("asked", "kept"), [({"perplexity": "45"}, "45"), ({"perplexity": "47"}, None), ({"perplexity": "x"}, None)]
)
def test_a_parameter_in_the_address_is_taken_if_a_slider_has_it(
    asked: dict[str, str], kept: str | None, with_maps: Path, open_page: OpenPage
) -> None:
    """A value that no slider has falls back to the usual one, which the address does not name."""
    app = open_page("pages/embeddings.py", model="digits-vae", **asked)
    assert_whole(app)
    found: Any = app.query_params.get("perplexity")
    assert (found[0] if isinstance(found, list) else found) == kept
    for button in app.main.button:
        if button.label == "Stop":
            button.click().run()


def test_too_few_points_for_the_parameters_get_one_line(checkpoints: Path, open_page: OpenPage) -> None:
    """The worker's word is shown, with a button, and no error box."""
    app = open_page("pages/embeddings.py", model="digits-vae", perplexity="100", points="450")
    assert_whole(app)


def test_a_selection_is_counted_and_shown(with_maps: Path, open_page: OpenPage) -> None:
    """By class, most first; the mean of the codes can become the current point."""
    app = open_page("pages/embeddings.py", model="digits-vae")
    positions = [int(index) for index in np.flatnonzero(IMAGES.labels == 3)[:5]] + [  # type: ignore[operator]
        int(np.flatnonzero(IMAGES.labels == 7)[0])  # type: ignore[operator]
    ]
    choose(app, positions)
    assert_whole(app)
    assert app.main.subheader[0].value == "6 selected"
    assert any("**5**" in caption.value and "**1**" in caption.value for caption in app.main.caption)
    (button,) = [one for one in app.main.button if one.label == "Go to the mean"]
    button.click().run()
    mean = LatentSpace.open(with_maps / "digits-vae").encode(IMAGES.images[positions]).mean(0)
    np.testing.assert_allclose(now(app).code, mean, atol=1e-3)


def test_a_pin_of_the_mean_leaves_the_point_where_it_is(with_maps: Path, open_page: OpenPage) -> None:
    """The pin holds the mean, and is marked on the map."""
    app = open_page("pages/embeddings.py", model="digits-vae")
    choose(app, [1, 2, 3])
    before = now(app).code
    (button,) = [one for one in app.main.button if one.label == "Pin"]
    button.click().run()
    assert_whole(app)
    assert now(app).code == before
    assert app.session_state["trails"][app.session_state["digest"]].pins["A"].code != before


def test_a_selection_becomes_a_direction_of_explore(with_maps: Path, open_page: OpenPage) -> None:
    """A slider towards the commonest class, kept under a name of its own, in Explore's address, and read from there."""
    app = open_page("pages/embeddings.py", model="digits-vae")
    positions = np.flatnonzero(IMAGES.labels == 3)[:5]  # type: ignore[operator]
    choose(app, [int(position) for position in positions])
    for _ in range(2):
        (button,) = [one for one in app.main.button if one.label == "Use as direction"]
        button.click().run()
        assert_whole(app)
    (link,) = [link for link in app.main.get("page_link") if "towards" in link.proto.label]
    assert "basis=Yours" in link.proto.query_string
    app.switch_page("pages/explore.py")
    app.query_params["basis"] = "Yours"
    app.run()
    assert_whole(app)
    address = app.query_params["towards"]
    address = address[0] if isinstance(address, list) else address
    first, second = (part.split(":") for part in address.split(";"))
    assert (first[0], second[0]) == ("3", "3 2")
    codes = LatentSpace.open(with_maps / "digits-vae").encode(IMAGES.images)
    towards = codes[positions].mean(0) - np.delete(codes, positions, 0).mean(0)
    step = np.array([float(number) for number in first[1].split(",")])
    assert step @ towards == pytest.approx(np.linalg.norm(step) * np.linalg.norm(towards), rel=1e-2)
    other = open_page("pages/explore.py", model="digits-vae", towards=address, basis="Yours")
    assert_whole(other)
    (bases,) = (group for group in other.button_group if group.key == "basis")
    assert bases.value == "Yours"


def test_clearing_tells_the_browser(with_maps: Path, open_page: OpenPage) -> None:
    """The revision rises, which the map in the browser looks at."""
    app = open_page("pages/embeddings.py", model="digits-vae")
    choose(app, [1, 2, 3])
    revision = app.session_state["map_selection"].revision
    (button,) = [one for one in app.main.button if one.label == "Clear"]
    button.click().run()
    assert not app.session_state["map_selection"].chosen.any()
    assert app.session_state["map_selection"].revision > revision


@pytest.mark.parametrize("beside", ["digits-cae", "UMAP", "nonsense", "digits-vae-2"])
def test_a_second_map_stands_beside(beside: str, with_maps: Path, open_page: OpenPage) -> None:
    """Of another model or method; an unknown one leaves one map."""
    app = open_page("pages/embeddings.py", model="digits-vae", second=beside)
    assert_whole(app)
    count = names(app).count("latent_map")
    assert count == (1 if beside in ("nonsense", "digits-vae-2") else 2)
    for button in app.main.button:
        if button.label == "Stop":
            button.click().run()


@pytest.mark.parametrize("panel", ["Trust", "Yours", "Files"])
def test_every_panel_opens(panel: str, with_maps: Path, open_page: OpenPage) -> None:
    """With its figures, its uploader or its button."""
    app = open_page("pages/embeddings.py", model="digits-vae")
    app.session_state["map_panel"] = panel
    app.run()
    assert_whole(app)
    if panel == "Trust":
        shown = {metric.label: float(metric.value) for metric in app.main.metric}
        assert {"Trustworthiness", "Continuity"} <= shown.keys()
        assert all(0 <= value <= 1 for value in shown.values())


@pytest.mark.parametrize("colour", ["Class", "Reconstruction error", "KL", "Cluster", "Distortion", "z3"])
def test_every_colouring_can_be_had(colour: str, with_maps: Path, open_page: OpenPage) -> None:
    """From the address, where it stays."""
    app = open_page("pages/embeddings.py", model="digits-vae", colour=colour)
    assert_whole(app)
    assert app.main.selectbox[0].value == colour


@pytest.mark.parametrize("source", ["Posterior samples", "Pixels"])
def test_samples_and_pixels_are_mapped_when_asked(source: str, with_maps: Path, open_page: OpenPage) -> None:
    """They do not come along: a worker makes them, and its map says what it is a map of."""
    app = open_page("pages/embeddings.py", model="digits-vae", map="PCA", input=source)
    assert_whole(app)
    while app.main.get("progress"):
        app.run()
    assert_whole(app)
    parcels = [element.proto.bytes for element in app.main.get("bidi_component")]
    (state,) = [parcel for parcel in parcels if b'"slot":"state' in parcel]
    assert f"PCA of {source.lower()}".encode() in state


def test_a_map_done_while_the_page_looks_is_shown(
    with_maps: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that ends between the page's two questions is no failure: the page looks once more."""
    app = open_page("pages/embeddings.py", model="digits-cae", map="PCA", input="Pixels")
    request = app.session_state["maps_started"]["first"]
    jobs._workers[request.key].wait()
    looks = [lambda asked: None]
    found = maps.cached_map
    monkeypatch.setattr(maps, "cached_map", lambda asked: (looks.pop() if looks else found)(asked))
    app.run()
    assert_whole(app)
    assert not looks
    assert not app.main.warning
    parcels = [element.proto.bytes for element in app.main.get("bidi_component")]
    assert any(b"PCA of pixels" in parcel for parcel in parcels)


def test_codes_that_are_no_numbers_get_one_line(
    with_maps: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model gone astray is told once, and nothing else breaks."""
    codes = np.full((len(IMAGES), 4), np.nan, np.float32)
    monkeypatch.setattr(LatentSpace, "encode", lambda self, images, labels=None: codes[: len(images)])
    app = open_page("pages/embeddings.py", model="digits-vae")
    assert_whole(app)
    assert "not finite" in texts(app)


def now(app: AppTest) -> Any:
    """The current point."""
    return app.session_state["trails"][app.session_state["digest"]].now
