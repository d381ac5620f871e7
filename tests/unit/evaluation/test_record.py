"""The typed record of ``metrics.json``."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from vae_core.checkpoint import METRICS, save_metrics
from vae_core.evaluation.record import FIGURES, Metrics
from vae_core.recipes import RECIPES, list_recipes


def repr_of(value: object) -> str:
    """A short name of a test's value."""
    return str(value)[:8]


@pytest.mark.parametrize("name", list_recipes())
def test_stored_metrics_are_written_as_they_were_read(name: str, tmp_path: Path) -> None:
    """No shipped file loses an entry, its order or a digit by going through the record."""
    path = RECIPES.parent / "checkpoints" / name / METRICS
    save_metrics(tmp_path, Metrics.from_json(json.loads(path.read_text(encoding="utf-8"))))
    assert (tmp_path / METRICS).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("value", ["much", True, math.nan, -math.inf, 10**400, [1.0], {}], ids=repr_of)
@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_of_another_type_is_absent(figure: str, value: object) -> None:
    """Whatever stands in the file, a page gets a finite number or nothing; only PSNR may be infinite, upwards."""
    assert getattr(Metrics.from_json({figure: value}), figure) is None


@pytest.mark.parametrize("stored", [None, [], "text", {}, {"attributes": ["damaged", {}], "denoising": {"mse": 1.0}}])
def test_damaged_metrics_hold_no_figures(stored: object) -> None:
    """Another type altogether, or damaged parts, do not keep a checkpoint from being opened."""
    record = Metrics.from_json(stored)
    assert not record.attributes
    assert record.denoising is None
    assert not any(record.figures(variational=True).values())
