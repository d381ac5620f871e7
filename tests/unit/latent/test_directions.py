"""What codes tell of attributes, and the directions in which these grow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.conftest import tiny_run
from vae_core.checkpoint import find_checkpoint
from vae_core.data import ImageSet
from vae_core.evaluation.probes import probe_attributes
from vae_core.evaluation.record import Metrics
from vae_core.latent.directions import AttributeDirections, direction_towards, is_known
from vae_core.latent.space import LatentSpace
from vae_core.training.fit import describe_images, fit

NAMES = ("known", "noise", "always")


def codes_and_values(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes (count, 4) whose second dimension carries the first attribute, and nothing else; the third all have."""
    generator = np.random.default_rng(seed)
    codes = generator.standard_normal((count, 4))
    known = codes[:, 1] + 0.2 * generator.standard_normal(count) > 0
    return codes, np.stack([known, generator.random(count) < 0.4, np.ones(count, bool)], axis=1)


@pytest.fixture(scope="module")
def figures() -> Metrics:
    """As a checkpoint stores them."""
    codes, values = codes_and_values(400, seed=1)
    return Metrics(images=400, attributes=probe_attributes(*codes_and_values(800, seed=0), codes, values, NAMES))


def test_an_attribute_that_all_have_is_left_out(figures: Metrics) -> None:
    """There is nothing to learn of it."""
    assert [probe.name for probe in figures.attributes or ()] == ["known", "noise"]


def test_probe_and_majority_are_shares_of_the_test_images(figures: Metrics) -> None:
    """The known attribute is predicted almost always, the other no better than by its majority."""
    known, noise = figures.attributes or ()
    _, values = codes_and_values(400, seed=1)
    assert known.accuracy > 0.9
    assert noise.majority == pytest.approx(max(values[:, 1].mean(), 1 - values[:, 1].mean()))
    assert is_known(known, 400)
    assert not is_known(noise, 400)


def test_a_direction_leads_to_images_with_the_attribute(figures: Metrics) -> None:
    """Only the known one has one: along the second dimension, as long as the codes' deviation there."""
    found = AttributeDirections.from_metrics(figures, np.diag([1.0, 9.0, 1.0, 1.0]))
    assert found.names == ["known"]
    assert found.rows.shape == (1, 4)
    np.testing.assert_allclose(found.rows[0], [0, 3, 0, 0], atol=0.3)


@pytest.mark.parametrize(
    "metrics",
    [
        {},
        {"images": 10, "attributes": "x"},
        {"images": 10, "attributes": [{"name": "a", "accuracy": 0.9, "majority": 0.5, "direction": [1.0]}]},
        {"images": 10, "attributes": [{"name": "a", "accuracy": 0.9, "majority": 0.5, "direction": [0.0, 0.0]}]},
        {"images": 10, "attributes": [{"name": "a", "accuracy": 0.9, "majority": 0.5, "direction": [1.0, None]}]},
        {"images": 0, "attributes": [{"name": "a", "accuracy": 0.9, "majority": 0.5, "direction": [1.0, 2.0]}]},
    ],
)
def test_without_usable_attributes_there_are_no_directions(metrics: dict) -> None:
    """Absent or damaged ones do not keep a model from being opened."""
    found = AttributeDirections.from_metrics(Metrics.from_json(metrics), np.eye(2))
    assert (found.names, found.rows.shape) == ([], (0, 2))


def test_a_training_leaves_directions_that_need_no_images(
    tmp_path: Path, train_images: ImageSet, test_images: ImageSet
) -> None:
    """A model of images with attributes knows from its own files where the square goes left."""

    def with_attributes(images: ImageSet) -> ImageSet:
        assert images.labels is not None
        return replace(images, attributes=images.labels[:, None] > 0, attribute_names=("left",))

    train, test = with_attributes(train_images), with_attributes(test_images)
    fit(describe_images(tiny_run(epochs=20), train), train, test, tmp_path / "vae", show_progress=False)
    (stored,) = find_checkpoint("vae", tmp_path).metrics.attributes or ()
    assert stored.gain > 0
    space = LatentSpace.open(find_checkpoint("vae", tmp_path).folder)
    assert space.directions.names == ["left"]
    row = space.directions.rows[0]
    unit = row / np.linalg.norm(row)
    assert np.linalg.norm(row) == pytest.approx(np.sqrt(unit @ space.statistics.covariance @ unit), rel=1e-4)


def test_other_models_have_no_directions(tiny_checkpoints: Path) -> None:
    """None, but of the right shape."""
    directions = LatentSpace.open(tiny_checkpoints / "vae").directions
    assert (directions.names, directions.rows.shape) == ([], (0, 3))


@given(st.integers(1, 49), st.integers(0, 2**31))
def test_a_direction_towards_a_choice_is_a_deviation_long(count: int, seed: int) -> None:
    """It points from the mean of the others to the mean of the chosen, and turns round with the choice."""
    generator = np.random.default_rng(seed)
    codes = generator.standard_normal((50, 3)) * [1, 5, 0.2] + 7
    chosen = generator.permutation(50) < count
    covariance = np.cov(codes.T)
    step = direction_towards(codes, chosen, covariance)
    assert step is not None
    unit = step / np.linalg.norm(step)
    difference = codes[chosen].mean(0) - codes[~chosen].mean(0)
    np.testing.assert_allclose(unit, difference / np.linalg.norm(difference), atol=1e-6)
    assert np.linalg.norm(step) == pytest.approx((codes @ unit).std(ddof=1), rel=1e-6)
    turned = direction_towards(codes, ~chosen, covariance)
    np.testing.assert_allclose(turned, -step, atol=1e-9)  # type: ignore[arg-type]


@pytest.mark.parametrize("chosen", [np.zeros(5, bool), np.ones(5, bool), np.arange(5) % 5 < 2])
def test_a_choice_that_tells_nothing_has_no_direction(chosen: np.ndarray) -> None:
    """Nobody, everybody, or some of codes that are all one."""
    assert direction_towards(np.ones((5, 2)), chosen, np.eye(2)) is None
