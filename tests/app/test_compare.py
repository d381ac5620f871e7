"""Compare: which pictures are shown, rows and tables with their baseline, the plot's points, noise, and the files."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenPage
from ui.compare import comparison, denoising, ranking, rate_figure, rates, tables
from ui.compare.rate_figure import RatePoint
from ui.shared import exports, models
from ui.shared.live_slider import LiveSlider
from ui.shared.rows import ImageRow
from ui.state import loaders
from ui.state.parameters import Real
from vae_core import media
from vae_core.checkpoint import Checkpoint, find_checkpoint, load_model, save_model
from vae_core.config import DataConfig, RunConfig, UserError
from vae_core.data import ImageSet, load_images
from vae_core.evaluation import metrics
from vae_core.evaluation.errors import largest_error
from vae_core.latent.space import LatentSpace

PAGE = "pages/compare.py"
LEVEL = Real("level", (PAGE,), "A level", low=0.0, high=0.5, step=0.01, default=0.2, bound=False)
DIGITS = DataConfig("digits")


def rows_of(app: AppTest) -> list[dict]:
    """The rows of the open tab's one table."""
    assert not app.exception
    (table,) = app.dataframe
    return table.value.to_dict("records")


def titles(app: AppTest) -> list[str]:
    """The names of the rows of pictures, from the top."""
    texts = [text.value for text in app.main.markdown if text.value.startswith("**")]
    return [text.split("**")[1].replace("\\", "") for text in texts]


def change_metrics(folder: Path, **figures: object) -> None:
    """Add figures to a checkpoint's stored ones."""
    path = folder / "metrics.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | figures))


def change_run(folder: Path, *, data: dict | None = None, model: dict | None = None) -> None:
    """Change a checkpoint's configuration and keep its weights."""
    weights, run = load_model(folder)
    changed = replace(run, data=replace(run.data, **data or {}), model=replace(run.model, **model or {}))
    save_model(folder, weights, changed)


# --- which pictures -----------------------------------------------------------------------------------------------


@given(arrays(np.float64, 40, elements=st.floats(0, 1)), st.booleans())
def test_the_worst_and_best_pictures_are_what_they_are_called(errors: np.ndarray, worst: bool) -> None:
    """No picture that is left out has a larger (smaller) error; each class gives its own, in the classes' order."""
    labels = np.arange(40) % 3
    extreme, signed = (max, errors) if worst else (min, -errors)
    chosen = ranking.ranked(errors, None, ranking.WORST if worst else ranking.BEST)
    assert len(chosen) == ranking.PICTURES
    assert signed[chosen].min() >= np.delete(signed, chosen).max()
    of_classes = ranking.ranked(errors, labels, ranking.WORST_OF_CLASSES if worst else ranking.BEST_OF_CLASSES)
    assert labels[of_classes].tolist() == [0, 1, 2]
    assert [errors[index] for index in of_classes] == [extreme(errors[labels == label]) for label in range(3)]
    of_one = ranking.ranked(errors, labels, ranking.WORST if worst else ranking.BEST, only=2)
    assert set(labels[of_one]) == {2}
    assert errors[of_one[0]] == extreme(errors[labels == 2])


def test_the_page_shows_the_worst_pictures_of_the_chosen_judge(checkpoints: Path, open_page: OpenPage) -> None:
    """Their mean error is that of the ten largest, whichever model judges."""
    app = open_page(PAGE, model="digits-vae", pictures="Worst")
    app.selectbox(key="judge").set_value("digits-pca").run()
    mean = next(row["mse"] for row in rows_of(app) if row["model"] == "digits-pca")
    space, test = LatentSpace.open(checkpoints / "digits-pca"), load_images(DIGITS, "test")
    errors = metrics.mse(test.images / np.float32(255), space.reconstruct(test.images))
    assert mean == pytest.approx(np.sort(errors)[-10:].mean(), rel=1e-4)


@pytest.mark.parametrize("pictures", ["Random", "Best of each class"])
def test_pictures_can_be_sorted_by_error(pictures: str, checkpoints: Path, open_page: OpenPage) -> None:
    """The same pictures, the current model's largest error first."""
    parameters = {"model": "digits-vae", "models": "digits-vae", "pictures": pictures, "figure": "MSE"}
    plain = open_page(PAGE, **parameters)
    shown = open_page(PAGE, **parameters, sorted="true")
    assert rows_of(plain)[-1]["mse"] == pytest.approx(rows_of(shown)[-1]["mse"])
    errors = [float(text.split(" ")[1]) for text in captions(shown, "decoded_digits-vae")]
    assert errors == sorted(errors, reverse=True)
    assert errors != [float(text.split(" ")[1]) for text in captions(plain, "decoded_digits-vae")]


def captions(app: AppTest, key: str) -> list[str]:
    """The texts under the pictures of a row."""
    (row,) = (one.proto for one in app.get("bidi_component") if one.proto.id.endswith(f"-{key}"))
    return json.loads(row.json)["captions"]


def test_a_model_that_cannot_be_opened_cannot_judge(checkpoints: Path, open_page: OpenPage) -> None:
    """It is told in one line, and pictures are shown all the same."""
    save_model(checkpoints / "digits-cae", *model_and_run(checkpoints / "digits-vae-2", checkpoints / "digits-cae"))
    app = open_page(PAGE, model="digits-vae", models="digits-vae", pictures="Worst", judge="digits-cae")
    assert not app.exception
    assert sum("does not fit" in line.value for line in app.main.warning) == 1
    assert titles(app) == ["Original", "digits-pca (baseline)", "digits-vae"]


def model_and_run(weights: Path, header: Path) -> tuple:
    """The weights of one checkpoint and the configuration of another."""
    return load_model(weights)[0], load_model(header)[1]


# --- rows and tables ----------------------------------------------------------------------------------------------


def test_models_of_equal_code_size_stand_under_each_other(checkpoints: Path, open_page: OpenPage) -> None:
    """Original first, then each model with its errors; without the maps only the models."""
    app = open_page(PAGE, model="digits-vae")
    assert titles(app) == ["Original", "digits-pca", "digits-cae", "digits-cvae", "digits-vae", "digits-vqvae"]
    keys = [one.proto.id.rsplit("-", 1)[-1] for one in app.get("bidi_component")]
    assert len([key for key in keys if key in ("pca", "cae", "cvae", "vae", "vqvae")]) == 10
    assert "errors_digits-vae" not in str(open_page(PAGE, model="digits-vae", errors="false").main)


def test_error_maps_share_one_scale() -> None:
    """Its end is the largest error of any model; the largest pixel of that model has the last colour."""
    originals = np.zeros((2, 3, 4, 4), np.float32)
    outcomes = [
        comparison.Outcome(Checkpoint(name, Path(name), RunConfig()), originals, originals + np.float32(error))
        for name, error in (("mild", 0.2), ("bad", 0.8))
    ]
    largest = largest_error((one.originals, one.decoded) for one in outcomes)
    assert largest == pytest.approx(0.8)
    maps = [media.error_map(one.originals, one.decoded, largest)[0, :, 0, 0] * 255 for one in outcomes]
    np.testing.assert_allclose(maps[1], media.ERROR_COLOURS[-1], atol=0.5)
    np.testing.assert_allclose(maps[0], media.ERROR_COLOURS[2], atol=0.5)


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        ("digits-vae", ["digits-pca (baseline)", "digits-vae"]),
        ("digits-pca,digits-vae", ["digits-pca", "digits-vae"]),
        ("digits-vae-2", ["2-dimensional PCA (baseline)", "digits-vae-2"]),
    ],
)
@pytest.mark.parametrize("view", ["Test split", "Reconstructions", "Denoising"])
def test_pca_of_the_same_size_stands_beside(
    view: str, models: str, expected: list[str], checkpoints: Path, open_page: OpenPage
) -> None:
    """Not chosen, it stands there as the baseline; chosen, once; and where no checkpoint has it, it is fitted."""
    app = open_page(PAGE, model="digits-vae", models=models, view=view)
    if view == "Denoising":
        assert titles(app) == ["Noisy", *expected, "Clean"]
    else:
        rows = rows_of(app)
        assert [row["model"] for row in rows] == expected
        assert 0 < rows[0]["mse"] < 0.1
    told = [line.value for line in app.main.caption if "fitted here" in line.value]
    assert told == ["2-dimensional PCA: fitted here, to 1,437 training images."] * (models == "digits-vae-2")


@pytest.mark.parametrize("changes", [{"data": {"binarise": True}}, {"data": {"name": "digits"}}])
def test_fitted_pcas_can_be_told_apart(changes: dict, checkpoints: Path, open_page: OpenPage) -> None:
    """Grey and binarised pixels at one size have one each, under names of their own; one kind has a single one."""
    shutil.copytree(checkpoints / "digits-vae-2", checkpoints / "digits-other-2")
    change_run(checkpoints / "digits-other-2", **changes)
    app = open_page(PAGE, model="digits-vae", models="digits-vae-2,digits-other-2", view="Denoising")
    assert not app.exception
    fitted = [title for title in titles(app) if "PCA" in title]
    assert len(fitted) == len(set(fitted)) == 1 + ("binarise" in changes["data"])


def test_a_fitted_pca_has_the_figures_of_one_that_was_trained(checkpoints: Path, open_page: OpenPage) -> None:
    """PCA is in closed form: fitted on the page it is the checkpoint that train.py makes."""
    stored = rows_of(open_page(PAGE, model="digits-vae", models="digits-pca", view="Test split"))[0]
    shutil.rmtree(checkpoints / "digits-pca")
    fitted = rows_of(open_page(PAGE, model="digits-vae", models="digits-vae", view="Test split"))[0]
    assert fitted["model"] == "4-dimensional PCA (baseline)"
    assert {name: fitted[name] for name in ("mse", "psnr", "ssim")} == pytest.approx(
        {name: stored[name] for name in ("mse", "psnr", "ssim")}, rel=1e-3
    )


def test_without_training_images_there_is_no_pca_to_fit(
    checkpoints: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says so, and the rest of the page stands."""

    def absent(config: DataConfig) -> ImageSet:
        raise UserError("not here")

    monkeypatch.setattr("vae_core.evaluation.images.training_images", absent)
    app = open_page(PAGE, model="digits-vae", models="digits-vae-2", view="Test split")
    assert [row["model"] for row in rows_of(app)] == ["digits-vae-2"]
    assert sum(line.value.startswith("There is no 2-dimensional PCA to compare with") for line in app.main.caption) == 1


def test_no_model_at_all_can_be_chosen(checkpoints: Path, open_page: OpenPage) -> None:
    """Every tab stands it; the originals are still there."""
    for view in ("Reconstructions", "Denoising", "Rate against distortion", "Test split"):
        app = open_page(PAGE, model="digits-vae", view=view)
        app.multiselect[0].set_value([]).run()
        assert not app.exception


def test_figures_appear_when_a_model_has_them(checkpoints: Path, open_page: OpenPage) -> None:
    """The likelihood's column is there only once somebody has one."""
    parameters = {"model": "digits-vae", "view": "Test split"}
    assert "nll" not in rows_of(open_page(PAGE, **parameters))[0]
    change_metrics(checkpoints / "digits-vae", nll=31.5)
    rows = {row["model"]: row["nll"] for row in rows_of(open_page(PAGE, **parameters))}
    assert rows["digits-vae"] == 31.5
    assert np.isnan(rows["digits-pca"])


def test_figures_that_would_mislead_are_left_out(checkpoints: Path) -> None:
    """A Gaussian density in nats, a deterministic model's KL, what is no number, and an infinite PSNR."""
    pca = tables.stored_figures(find_checkpoint("digits-pca"))
    assert [pca[name] for name in ("reconstruction", "total", "kl")] == [None] * 3
    change_metrics(checkpoints / "digits-vae", mse=float("nan"), psnr=float("inf"), kl="much")
    vae = tables.stored_figures(find_checkpoint("digits-vae"))
    assert (vae["mse"], vae["psnr"], vae["kl"]) == (None, tables.SOME_EXACT, None)


def test_binarised_pixels_have_a_table_and_columns_of_their_own(checkpoints: Path) -> None:
    """Their figures never stand under those of grey ones, on the page or in the file."""
    change_run(checkpoints / "digits-vae-2", data={"binarise": True})
    rows = [(find_checkpoint(name), False) for name in ("digits-vae", "digits-vae-2")]
    split = tables.split_tables(rows)
    assert {title: [row["model"] for row in part] for title, part in split.items()} == {
        "Grey pixels": ["digits-vae"],
        "Binarised pixels": ["digits-vae-2"],
    }
    grey, binarised = tables.split_records(rows)
    assert grey["total"] == find_checkpoint("digits-vae").metrics.total
    assert "total" not in binarised
    assert binarised["total_binarised"] == find_checkpoint("digits-vae-2").metrics.total
    (fitted,) = comparison.baselines([rows[1][0]], loaders.checkpoints()).available
    assert models.pixels_of(fitted) == "binarised", "grey pixels' PCA is none for them"


def test_a_picture_without_error_has_no_infinite_figure() -> None:
    """In words under the picture, and left out of the mean."""
    originals = np.random.default_rng(0).random((2, 1, 8, 8), np.float32)
    decoded = originals.copy()
    decoded[1] += np.float32(0.1)
    assert comparison.caption("psnr", float("inf")) == "exact"
    vae = comparison.Outcome(find_checkpoint("fashion-vae-2"), originals, decoded)
    perfect = comparison.Outcome(find_checkpoint("fashion-vae-2"), originals, originals)
    first, second = tables.shown_table([vae, perfect])
    assert first["psnr"] == pytest.approx(20, abs=1e-3)
    assert second["psnr"] == "exact"


def test_without_its_images_a_model_still_has_figures(checkpoints: Path, open_page: OpenPage) -> None:
    """The tabs of stored figures need no picture."""
    change_run(checkpoints / "digits-vae", data={"name": "mnist"})
    app = open_page(PAGE, model="digits-vae", view="Test split")
    assert [row["model"] for row in rows_of(app)] == ["digits-vae"]
    assert not app.main.warning
    assert not open_page(PAGE, model="digits-vae", view="Rate against distortion").main.warning


# --- rate against distortion --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("measure", "absent"), [("MSE", set()), ("Nats", {"digits-pca"})])
def test_every_measured_model_is_a_point(measure: str, absent: set[str], checkpoints: Path) -> None:
    """In nats PCA is left out, whose density cannot be compared; deterministic models have no rate."""
    (checkpoints / "digits-vae-2" / "metrics.json").unlink()
    found = {point.name: point for point in rates.rate_points(loaders.checkpoints(), measure)}
    assert set(found) == {"digits-pca", "digits-cae", "digits-vae", "digits-cvae", "digits-vqvae"} - absent
    stored = find_checkpoint("digits-vae").metrics
    assert found["digits-cae"].rate is None
    assert found["digits-vae"].rate == stored.kl
    assert found["digits-vae"].distortion == (stored.mse if measure == "MSE" else stored.reconstruction)


def test_a_point_carries_its_models_name_and_the_current_one_a_ring() -> None:
    """Names are text, never markup; the ring is on the current model alone; who has no rate stands apart."""
    points = [
        RatePoint("<b>one</b>", "vae", 2, 3.0, 240.0),
        RatePoint("two", "vae", 2, 0.0, 250.0),
        RatePoint("flat", "cae", 2, None, 230.0),
    ]
    figure = rate_figure.rate_distortion(points, "nats", "two", best_total=True)
    vae, cae = figure.data
    assert [data[0] for data in vae.customdata] == ["<b>one</b>", "two"]
    assert vae.text == ("&lt;b>one&lt;/b>", "<b>two</b>")
    assert vae.marker.line.width == (0, 3)
    assert (vae.xaxis, cae.xaxis) == ("x", "x2")
    best = figure.layout.shapes[0]
    assert best.x0 + best.y0 == best.x1 + best.y1 == 243.0


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(200, 260)), min_size=2, max_size=2))
def test_two_labels_keep_apart(places: list[tuple[float, float]]) -> None:
    """Two points, however near, never have their labels on the same side unless they are far from each other."""
    points = [RatePoint(name, "vae", 2, *place) for name, place in zip(("first", "second"), places, strict=True)]
    across, along = (0.0, 20.0), (200.0, 260.0)
    sides = rate_figure.label_sides(points, across, along)
    distance = np.subtract(*places) / [20, 60] * rate_figure.PANEL
    assert sides["first"] != sides["second"] or np.abs(distance).max() >= rate_figure.LINE


def test_a_click_on_a_point_opens_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clicked model becomes the current one; a click beside all points changes nothing."""
    state: dict[str, object] = {rates.CHART: {"selection": {"points": []}}, "model": "here"}
    monkeypatch.setattr(rates, "st", SimpleNamespace(session_state=state))
    rates._open_clicked()
    assert state["model"] == "here"
    state[rates.CHART] = {"selection": {"points": [{"customdata": ["there"]}]}}
    rates._open_clicked()
    assert state["model"] == "there"


@pytest.mark.parametrize("points", [[], [{}], [{"customdata": 3}], [{"customdata": []}]])
def test_a_strange_click_opens_nothing(points: list) -> None:
    """What a browser may send is not trusted."""
    assert rates.clicked_name({"selection": {"points": points}}) is None
    assert rates.clicked_name(None) is None


# --- denoising ----------------------------------------------------------------------------------------------------


@given(st.floats(0, 0.5))
def test_noise_is_as_strong_as_it_says_and_does_not_flicker(deviation: float) -> None:
    """Its mean square is the deviation's square; an image keeps its noise wherever it stands."""
    originals = np.full((10, 1, 28, 28), 0.5, np.float32)
    noisy = denoising.add_noise(originals, deviation, np.arange(10))
    assert metrics.mse(originals, noisy).mean() == pytest.approx(deviation**2, rel=0.06, abs=1e-9)
    np.testing.assert_array_equal(noisy[::-1], denoising.add_noise(originals, deviation, np.arange(10)[::-1]))


def test_denoising_shows_noisy_pictures_pca_every_model_and_clean_ones(checkpoints: Path, open_page: OpenPage) -> None:
    """PCA also if it is not chosen, and each model says which noise it knows; the slider changes the noisy row."""
    change_run(checkpoints / "digits-cae", model={"noise": 0.2})
    app = open_page(PAGE, model="digits-vae", models="digits-cae,digits-cvae,digits-vae", view="Denoising", noise="0.1")
    assert titles(app) == ["Noisy", "digits-pca (baseline)", "digits-cae", "digits-cvae", "digits-vae", "Clean"]
    assert sum("trained with noise of 0\\.2" in text.value for text in app.main.markdown) == 1
    for deviation in (0.1, 0.5):
        app.session_state["noise"] = deviation
        app.run()
        errors = [float(text.split(" ")[1]) for text in captions(app, "noisy")]
        least, most = deviation**2 / 3, deviation**2  # what lies beyond black and white is not seen
        assert least < np.mean(errors) < most


def test_the_figures_of_denoising_can_be_taken_away(checkpoints: Path) -> None:
    """A row for each picture, noisy and restored, with its error against the clean one, which has none."""
    images, chosen = load_images(DIGITS, "test"), np.array([7, 3])
    models = [(find_checkpoint("digits-pca"), True), (find_checkpoint("digits-cae"), False)]
    rows = denoising.denoised_rows(models, images, chosen, 0.2)
    records = denoising.noise_records(rows, models, chosen, ["seven", "three"], 0.2)
    assert [(row["image"], row["class"], row["model"], row["baseline"]) for row in records] == [
        (7, "seven", "Noisy", "no"),
        (3, "three", "Noisy", "no"),
        (7, "seven", "digits-pca", "yes"),
        (3, "three", "digits-pca", "yes"),
        (7, "seven", "digits-cae", "no"),
        (3, "three", "digits-cae", "no"),
    ]
    assert [f"MSE {row['mse']:.4f}" for row in records] == [text for row in rows[:-1] for text in row.captions]


def test_the_error_of_a_noisy_picture_is_of_what_is_seen(checkpoints: Path) -> None:
    """Black with noise is black where it would be darker, so that half of the noise is left."""
    images, chosen = load_images(DIGITS, "test"), np.array([7])
    black = replace(images, images=np.zeros_like(images.images))
    noisy, clean = denoising.denoised_rows([], black, chosen, 0.3)
    assert noisy.images.min() == 0
    assert noisy.captions == [f"MSE {metrics.mse(clean.images, noisy.images)[0]:.4f}"]
    assert metrics.mse(clean.images, noisy.images)[0] == pytest.approx(0.3**2 / 2, rel=0.5)


@pytest.mark.parametrize(
    "message",
    [
        None,
        0.3,
        {},
        {"value": "0.3", "sent": 1, "moving": False},
        {"value": 0.3, "sent": 1, "moving": 1},
        {"value": 0.3, "moving": False},
        {"value": math.nan, "sent": 1, "moving": False},
        {"value": -math.inf, "sent": 1, "moving": False},
    ],
)
def test_a_strange_message_of_the_slider_changes_nothing(message: object) -> None:
    """What a browser may send is not trusted; a number beyond the slider's ends is brought to the nearer one."""
    slider = LiveSlider(LEVEL)
    slider.take(message)
    assert LiveSlider(LEVEL).value == 0.2
    slider.take({"value": 7, "sent": 2, "moving": True})
    assert LiveSlider(LEVEL).value == 0.5
    slider.take({"value": 0.2, "sent": 3, "moving": False})


def test_a_point_becomes_a_row_of_a_file() -> None:
    """The distortion has the name of what it is."""
    one = RatePoint("one", "cae", 2, None, 0.03)
    assert rates.point_record(one, "MSE") == {"model": "one", "family": "cae", "latent": 2, "kl": None, "mse": 0.03}
    assert rates.point_record(one, "Nats")["reconstruction"] == 0.03


def test_without_noise_denoising_is_reconstruction(checkpoints: Path) -> None:
    """The rows of models are what they make of the clean pictures."""
    images, chosen, model = load_images(DIGITS, "test"), np.array([3, 5]), find_checkpoint("digits-cvae")
    noisy, restored, clean = denoising.denoised_rows([(model, False)], images, chosen, 0.0)
    np.testing.assert_array_equal(noisy.images, clean.images)
    np.testing.assert_array_equal(restored.images, comparison.reconstruct(model, images, chosen).decoded)
    assert noisy.captions == ["MSE 0.0000"] * 2


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
def test_the_sheet_has_a_row_for_each_name(channels: int) -> None:
    """A PNG in which each picture is found, enlarged by a whole number, under the one above it."""
    pictures = np.random.default_rng(0).random((4, channels, 28, 28), np.float32)
    rows = [
        ImageRow("Original", "", pictures, "", "originals"),
        ImageRow("a model with a very long name indeed, as somebody may have", "", pictures, "", "m", ["MSE 1"] * 4),
    ]
    with Image.open(io.BytesIO(exports.sheet_png(rows, [f"{index} Bag" for index in range(4)]))) as sheet:
        assert sheet.format == "PNG"
        pixels = np.asarray(sheet.convert("RGB"))
    scale = round(exports.CELL / 28)
    last = np.asarray(media.to_pillow(media.to_uint8(pictures)[3], scale).convert("RGB"))
    column = pixels[:, -exports.GAP - last.shape[1] : -exports.GAP]
    tops = [top for top in range(len(column)) if np.array_equal(column[top : top + len(last)], last)]
    assert len(tops) == 2


def test_the_figures_of_the_pictures_come_as_a_table(checkpoints: Path) -> None:
    """One line for each picture and model, with the figures that the page shows."""
    images, chosen = load_images(DIGITS, "test"), np.array([3, 8])
    outcome = comparison.reconstruct(find_checkpoint("digits-cae"), images, chosen)
    content = exports.csv_bytes(tables.image_records([outcome], images, chosen)).decode()
    lines = list(csv.DictReader(io.StringIO(content)))
    assert [(line["image"], line["model"]) for line in lines] == [("3", "digits-cae"), ("8", "digits-cae")]
    assert [line["class"] for line in lines] == [images.class_names[images.labels[index]] for index in chosen]
    assert [float(line["mse"]) for line in lines] == outcome.figures["mse"].tolist()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_becomes_a_formula(start: str) -> None:
    """A text that begins like one gets a quote, headings too; numbers and plain words stay."""
    row = {f"{start}1+1": f"{start}cmd", "number": -3.5, "word": "T-shirt", "nothing": None}
    heading, cells = csv.reader(io.StringIO(exports.csv_bytes([row]).decode(), newline=""))
    assert heading[0] == f"'{start}1+1"
    assert cells == [f"'{start}cmd", "-3.5", "T-shirt", ""]


def test_the_files_of_every_tab_can_be_made(checkpoints: Path, open_page: OpenPage) -> None:
    """A PNG and a CSV of the pictures, a CSV of points and of the test split; the plot has a button of its own."""
    names = {
        view: [button.proto.label for button in open_page(PAGE, model="digits-vae", view=view).get("download_button")]
        for view in ("Reconstructions", "Denoising", "Rate against distortion", "Test split")
    }
    assert names == {
        "Reconstructions": ["Images as PNG", "Figures as CSV"],
        "Denoising": ["Images as PNG", "Figures as CSV"],
        "Rate against distortion": ["Points as CSV"],
        "Test split": ["Table as CSV"],
    }
