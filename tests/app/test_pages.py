"""Every page with a model, with none, with a broken one, and with a hostile address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import KINDS, PAGES, PROJECT, OpenPage
from ui.state import address
from vae_core.checkpoint import load_model, read_run, save_model

HOSTILE: tuple[str | list[str], ...] = (
    "<script>alert(1)</script>",
    "",
    "nan",
    "inf",
    "-inf",
    "1e309",
    "9" * 400,
    "x" * 10_000,
    "1," * 100_000,
    "1e99,0,0,0",
    "٣",
    "../../etc/passwd\x00",
    "digits-vae,digits-vae",
    ["2", "nan"],
)
VIEWS = {
    address.EXPLORE: [{"model": "digits-vae"}, {"model": "digits-cvae", "engine": "Server"}],
    address.GENERATE: [
        {"model": "digits-vae"},
        {"model": "digits-cvae", "shown": "By class"},
        {"model": "digits-vae-2", "shown": "Plane"},
        {"model": "digits-cvae", "shown": "Side by side"},
    ],
    address.INTERPOLATE: [{"model": "digits-cvae"}, {"model": "digits-vae", "decoded": "Server"}],
    address.COMPARE: [
        {"view": "Reconstructions", "pictures": "Worst"},
        {"view": "Denoising"},
        {"view": "Rate against distortion"},
        {"view": "Test split"},
    ],
}
"""Those views of a page that show different parameters; the first is tried with every hostile value."""

WITHOUT_PICTURES = "pages/training.py"  # needs neither a model's weights nor its images


def assert_whole(app: AppTest) -> None:
    """No exception and no error box on the page."""
    assert not app.exception, app.exception[0].message if app.exception else ""
    assert not app.error, app.error[0].value if app.error else ""


def texts(app: AppTest) -> str:
    """Everything that the page says in words."""
    kinds = ("title", "markdown", "caption", "warning", "info", "error", "subheader")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_every_kind_of_model(page: str, model: str, checkpoints: Path, open_page: OpenPage) -> None:
    """Named in the address, each kind of model is the current one, and nothing goes wrong."""
    app = open_page(page, model=model)
    assert_whole(app)
    assert app.sidebar.selectbox[0].value == model
    assert app.title


@pytest.mark.parametrize("page", PAGES)
def test_without_a_model_a_page_says_how_to_make_one(
    page: str, tmp_path: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty folder gives advice, not an error."""
    monkeypatch.setenv("LATENT_CHECKPOINTS", str(tmp_path))
    app = open_page(page)
    assert_whole(app)
    assert any("train.py" in block.value for block in app.code)


@pytest.mark.parametrize("page", PAGES)
def test_broken_checkpoints_get_a_line_each_while_the_others_work(
    page: str, checkpoints: Path, open_page: OpenPage
) -> None:
    """A truncated, a foreign and a pickled one are named in the sidebar; a good one is current."""
    weights = "model.safetensors"
    whole = (checkpoints / "digits-vae" / weights).read_bytes()
    for name, content in {
        "truncated": whole[:-50],
        "foreign": b"\x02\x00\x00\x00\x00\x00\x00\x00{}",
        "pickled": b"\x80\x04]\x94.",
    }.items():
        (checkpoints / name).mkdir()
        (checkpoints / name / weights).write_bytes(content)
    app = open_page(page)
    assert_whole(app)
    lines = [warning.value.replace("\\", "") for warning in app.sidebar.warning]
    assert [line.split(":")[0] for line in lines] == ["foreign", "pickled", "truncated"]
    assert app.sidebar.selectbox[0].value in KINDS


@pytest.mark.parametrize("page", PAGES)
def test_weights_that_do_not_fit_get_one_line(page: str, checkpoints: Path, open_page: OpenPage) -> None:
    """A checkpoint whose header is fine and whose tensors are another model's is refused when it is opened."""
    (checkpoints / "digits-vae" / "map.npz").unlink(missing_ok=True)
    before = (checkpoints / "digits-vae" / "model.safetensors").read_bytes()
    run = read_run(checkpoints / "digits-vae" / "model.safetensors")
    other, _ = load_model(checkpoints / "digits-vae-2")
    save_model(checkpoints / "digits-vae", other, run)
    assert (checkpoints / "digits-vae" / "model.safetensors").read_bytes() != before
    app = open_page(page, model="digits-vae")
    assert not app.exception
    told = [element.value for kind in ("warning", "caption", "error") for element in app.main.get(kind)]
    refused = any("does not fit its configuration" in line.replace("\\", "") for line in told)
    assert refused == (page != WITHOUT_PICTURES)


@pytest.mark.parametrize("page", PAGES)
def test_a_hostile_address_falls_back(page: str, checkpoints: Path, open_page: OpenPage) -> None:
    """Every declared parameter of a page takes each hostile value in turn, among other values in the others.

    The page opens with at most one line of notice, which repeats none of it.
    """
    names = [parameter.key("digits-vae") for parameter in address.PARAMETERS if page in parameter.pages]
    for position, view in enumerate(VIEWS.get(page, [{}])):
        for shift in range(0, len(HOSTILE), 5 if position else 1):
            hostile = {name: HOSTILE[(at + shift) % len(HOSTILE)] for at, name in enumerate(names)}
            app = open_page(page, **hostile | view)
            case = f"{view}, shifted by {shift}"
            assert not app.exception, f"{case}: {app.exception[0].message}"
            assert not app.error, f"{case}: {app.error[0].value}"
            assert len(app.main.info) <= 1, case
            assert "<script>" not in texts(app), case


def test_a_link_that_cannot_be_read_is_named_and_dropped(checkpoints: Path, open_page: OpenPage) -> None:
    """One line names the parameters, not their values; the address is right again, and nothing is said twice."""
    app = open_page("pages/interpolate.py", model="digits-vae", step="nan", a="-1", b="3")
    assert [line.value for line in app.info] == ["Part of this link could not be read and is ignored\\: a, step\\."]
    assert (app.query_params["a"], app.query_params["b"]) == ("0", "3")
    assert not app.run().info


@pytest.mark.parametrize("page", PAGES)
def test_without_its_images_a_model_gets_one_line(page: str, checkpoints: Path, open_page: OpenPage) -> None:
    """Where to put the images, said once; what needs the decoder only still works."""
    model, run = load_model(checkpoints / "digits-vae")
    save_model(checkpoints / "digits-vae", model, replace(run, data=replace(run.data, name="mnist")))
    app = open_page(page, model="digits-vae")
    assert_whole(app)
    lines = [element.value for kind in ("warning", "caption") for element in app.main.get(kind)]
    assert sum("is not in" in line for line in lines) == (page != WITHOUT_PICTURES)
    assert app.main.get("bidi_component") or page != "pages/explore.py"


def test_the_first_model_shown_is_variational(checkpoints: Path, open_page: OpenPage) -> None:
    """Without an address the most telling model comes first: a VAE with more than two numbers and no labels."""
    assert open_page("app.py").sidebar.selectbox[0].value == "digits-vae"


def test_names_from_the_disk_are_shown_as_text(checkpoints: Path, open_page: OpenPage) -> None:
    """A stray file whose name is Markdown or HTML is escaped."""
    (checkpoints / "<img src=x> *bold*.pt").write_bytes(b"")
    app = open_page("app.py")
    assert_whole(app)
    assert "\\<img src=x\\>" in app.sidebar.warning[0].value


def test_a_visitor_begins_with_a_model_whose_pictures_are_here(
    checkpoints: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the shipped models that is a VAE of Fashion-MNIST, the one that reconstructs best."""
    monkeypatch.setenv("LATENT_CHECKPOINTS", str(PROJECT / "checkpoints"))
    assert open_page("app.py").session_state["model"] == "fashion-vae-16"
