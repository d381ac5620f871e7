"""The scripts under benchmarks/: they run, their tables are what they measured, and absent data is told in a line."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from benchmarks import evidence, live, map_page, study, train_speed
from benchmarks import map as map_speed
from benchmarks.evidence import Figure
from benchmarks.peers import Portions
from tests.unit.conftest import squares
from vae_core.data import ImageSet
from vae_core.recipes import list_recipes, load_recipe
from vae_core.training import loop, objective

ROW = Figure("a figure", 0.5, 0.6, "at most", "somehow", "somewhere")


def squares_28(count: int) -> ImageSet:
    """Images of 28x28 pixels."""
    small = squares(count, 0)
    return replace(small, images=np.resize(small.images, (count, 1, 28, 28)))


@pytest.mark.parametrize(
    ("value", "direction", "holds"),
    [
        (0.6, "at most", True),
        (0.61, "at most", False),
        (0.6, "at least", True),
        (0.59, "at least", False),
        (0.65, "within", True),
        (0.75, "within", False),
        (0.55, "within", True),
        (0.45, "within", False),
    ],
)
def test_a_figure_holds_when_it_is_as_good_as_its_reference(value: float, direction: str, holds: bool) -> None:
    """In the direction that the row names, or as near as it says."""
    row = replace(ROW, value=value, direction=direction, tolerance=0.1)  # type: ignore[arg-type]
    assert row.holds is holds


def test_the_evidence_is_what_was_measured() -> None:
    """docs/evidence.md says what docs/evidence.json holds, for every check; nothing in it was typed by hand."""
    assert (evidence.DOCS / "evidence.md").read_text(encoding="utf-8") == evidence.document()
    assert set(evidence.stored()) == set(evidence.CHECKS)


def test_a_check_is_entered_and_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring one anew leaves the rows of the others as they were."""
    monkeypatch.setattr(evidence, "DOCS", tmp_path)
    evidence.keep("maps", [ROW], 1.0, 2.0)
    evidence.keep("pca-64-knn", [replace(ROW, value=0.7)], 2.0, 3.5)
    evidence.keep("maps", [replace(ROW, value=0.4)], 3.0, 6.0)
    lines = (tmp_path / "evidence.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if "| a figure" in line and "--only" in line]
    assert [row.split(" | ")[1] for row in rows] == ["0.7000", "0.4000"]
    assert [row.split(" | ")[3] for row in rows] == ["**no**", "yes"]
    assert "2 min (3.5 min of processor time)" in rows[0]


def test_a_check_without_its_images_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, the other checks go on, and a row that was measured before is kept."""
    monkeypatch.setattr(evidence, "DOCS", tmp_path)
    evidence.keep("grey-mnist", [ROW], 1.0, 2.0)
    before = (tmp_path / "evidence.json").read_text()
    assert evidence.main(("grey-mnist",)) == 0
    told = capsys.readouterr().out
    assert "not measured: mnist is not in" in told
    assert "**not measured anew**: mnist is not in" in told.splitlines()[-1], "its row does not say so"
    assert "python train.py --data mnist" in told
    assert (tmp_path / "evidence.json").read_text() == before


def test_an_unknown_check_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With the known ones, and exit code 2."""
    assert evidence.main(("nonsense",)) == 2
    assert "pca-64-knn" in capsys.readouterr().err


@pytest.mark.parametrize("name", list_recipes(evidence.OWN_RECIPES))
def test_every_recipe_of_the_evidence_can_be_read(name: str) -> None:
    """Those whose codes are classified by neighbours learn from the first 50,000 images, as published ones did."""
    recipe = load_recipe(name, evidence.OWN_RECIPES).run
    assert recipe.train.seed == 0
    assert (recipe.data.validation == 10_000) == name.endswith("-64")


def test_the_study_is_what_was_measured() -> None:
    """study.md says what study.jsonl holds; every run in it is of a variant that the script has."""
    assert study.TABLE.read_text(encoding="utf-8") == study.document()
    assert {run["variant"] for run in study.results()} <= set(study.VARIANTS)


def test_the_table_of_the_study_gives_mean_and_spread() -> None:
    """Over seeds; a run that left the finite numbers says so, and the best comes first."""
    runs = [
        {"minutes": 2, "variant": "good", "seed": seed, "nats": nats, "mse": 0.01, "knn": 0.8, "images_per_second": 10}
        for seed, nats in enumerate((240.0, 242.0))
    ]
    broken = runs[0] | {"variant": "broken", "nats": float("nan")}
    lines = study.table([broken, *runs]).splitlines()[2:]
    assert "| good | 10 | 241.00 ± 1.41 |" in lines[0]
    assert "not finite" in lines[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["shuffle", "constant Adam 1e-3, averaged", "free bits 0.1", "shuffle, by a plain loop"]
)
def test_a_variant_of_the_study_trains(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second of the smallest model gives finite figures, and leaves the objective as it was."""
    monkeypatch.setattr(study, "BASE", replace(study.BASE, model=replace(study.BASE.model, width=4, hidden=8)))
    monkeypatch.setattr(study, "TURNS", 1)
    monkeypatch.setattr(study, "TURN", 0.01)
    monkeypatch.setattr(study, "BASE_SPEED", 500)
    images = squares_28(300)
    before = loop.objective
    figures = study.train_variant(name, 0, 1 / 60, images, {"": images, "test_": images})
    assert np.isfinite([figures["nats"], figures["mse"], figures["knn"]]).all()
    assert figures["test_nats"] == figures["nats"], "the same images"
    assert loop.objective is before


def test_a_peer_that_is_absent_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line; the results get none."""
    monkeypatch.setitem(sys.modules, "pythae", None)
    monkeypatch.setitem(sys.modules, "pythae.data.datasets", None)
    monkeypatch.setattr(study, "RESULTS", tmp_path / "study.jsonl")
    monkeypatch.setattr(study, "load_images", lambda *_: squares_28(200))
    study.main(variants=["shuffle, by pythae 0.1.2"])
    assert "pythae is not installed; pip install -r benchmarks/requirements.txt" in capsys.readouterr().out
    assert study.results() == []


def test_a_plain_loop_goes_through_all_images_before_it_repeats_one() -> None:
    """However many steps it takes at a time; by itself, one pass."""
    portions = Portions(DataLoader(range(6), batch_size=2, shuffle=True))  # type: ignore[arg-type]
    portions.set(1)
    first = [batch for _ in range(3) for batch in portions]
    assert sorted(torch.cat(first).tolist()) == list(range(6))
    portions.set(None)
    assert sorted(torch.cat(list(portions)).tolist()) == list(range(6))


def test_free_bits_cost_nothing() -> None:
    """Below so many nats a dimension's KL does not matter; above it costs as always."""
    parts = objective.Terms(torch.zeros(2), torch.tensor([[0.0, 3.0], [0.1, 5.0]]))
    changed = study.with_free_bits(lambda *_: (torch.zeros(2), parts), 0.5)
    cost, _ = changed(None, None, 1.0, None)  # type: ignore[arg-type]
    torch.testing.assert_close(cost, torch.full((2,), 0.5 + 4.0))


@pytest.mark.slow
def test_the_speed_of_training_is_measured(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops, shares and operations run and print their rows; a peer that is not installed is told."""
    monkeypatch.setitem(sys.modules, "pythae", None)
    monkeypatch.setattr(train_speed, "shipped_networks", lambda: {"the small one": train_speed.PERCEPTRON})
    assert train_speed.main(("loops", "share", "operations"), quick=True) == 0
    told = capsys.readouterr().out
    assert "pythae is not installed; pip install -r benchmarks/requirements.txt" in told
    assert "DataLoader, a transform for each image" in told
    assert "the small one, float32" in told


def test_each_shipped_network_is_counted_once() -> None:
    """Eight models that differ in their KL weight have one network; principal components have none."""
    found = train_speed.shipped_networks()
    assert sum(name.startswith("fashion-beta-") for name in found) == 1
    assert {"fashion-vae-16", "shoes-cae", "utrecht-denoise"} <= found.keys()
    assert all(model.family != "pca" for model in found.values())


def test_operations_are_counted_as_by_hand() -> None:
    """Two for each weight of a perceptron forward; the step three times that, less the first layer's input gradient."""
    pixels, hidden, latent = 784, 400, 20
    weights = pixels * hidden + hidden * 2 * latent + latent * hidden + hidden * pixels
    trainer = train_speed.Ours(train_speed.PERCEPTRON, squares_28(128)).trainer
    row = train_speed._operations_row("x", trainer, train_speed.QUICK, torch.float32)
    forward, step = (float(cell) for cell in row.split(" | ")[1:3])
    assert forward == pytest.approx(2 * weights / 1e6, abs=0.05)
    assert step == pytest.approx((6 * weights - 2 * pixels * hidden) / 1e6, abs=0.05)


def test_an_epoch_reports_time_and_memory(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the section on growth reads from its processes."""
    monkeypatch.setattr(train_speed, "SEEN", 512)
    assert train_speed.main(epoch_of_images=256) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["microseconds"] > 0
    assert found["megabytes"] > 0


@pytest.mark.parametrize(("ours", "holds"), [(30.0, "yes"), (40.0, "yes"), (41.0, "**no**")])
def test_the_maps_table_says_what_holds(ours: float, holds: str) -> None:
    """A figure above its bound is not passed off as kept; a peer that was not measured leaves its place empty."""
    assert map_page.Row("hover (ms)", ours, 40).line() == f"| hover (ms) | {ours:.0f} | 40 | {holds} |  |"
    assert map_page.Row("first (ms)", ours, 40, 2000).line().endswith("| 2,000 |")


@pytest.mark.slow
def test_answers_about_a_map_are_timed(capsys: pytest.CaptureFixture[str]) -> None:
    """Each in a row of the table, scikit-learn's beside them; an unknown section is refused in one line."""
    assert map_speed.main(("answers",), quick=True) == 0
    told = capsys.readouterr().out
    assert "all figures of trust, measured" in told
    assert "scikit-learn's trustworthiness alone" in told
    assert map_speed.main(("nothing",)) == 2
    assert "no section nothing; choose of tsne, umap" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ours-tsne", "scikit-learn"])
def test_a_contender_computes_its_map(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the sections read from their processes: seconds, and how far the map can be trusted."""
    generator = np.random.default_rng(0)
    np.save(tmp_path / "codes.npy", generator.normal(size=(120, 4)) + 9 * (np.arange(120) % 3)[:, None])
    assert map_speed.main(contender=name, codes=tmp_path / "codes.npy") == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["seconds"] > 0
    assert 0.8 < found["trustworthiness"] <= 1


@pytest.mark.parametrize(
    ("row", "end"),
    [
        (live.Row("a", 19.96, "ms", 20), "20.0 ms | at most 20 | yes |"),
        (live.Row("a", 21, "ms", 20), "21.0 ms | at most 20 | **no** |"),
        (live.Row("a", 54, "", 55, at_least=True), "54.0 | at least 55 | **no** |"),
        (live.Row("a", 5, "ms"), "5.0 ms | | |"),
    ],
)
def test_a_row_of_the_live_view_says_whether_it_holds(row: live.Row, end: str) -> None:
    """As good as its aim, in the aim's direction; a row without one only tells."""
    assert row.line() == f"| a | {end}"
