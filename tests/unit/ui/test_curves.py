"""The figures of a training: what is drawn is what the history says."""

from __future__ import annotations

import numpy as np
import pytest

from ui.training import curves
from ui.training.curves import Curve
from vae_core.config import RunConfig, TrainConfig
from vae_core.models import families
from vae_core.models.presets import PRESETS

HISTORY = [
    {
        "train": {"total": 12.0, "reconstruction": 9.0, "kl": 3.0},
        "test": {"total": 11.0 - epoch, "reconstruction": 8.0, "kl": 3.0 - epoch, "kl_per_dim": [epoch, 2.0, 0.0]},
    }
    for epoch in range(3)
]


def test_a_curve_has_a_solid_and_a_dotted_line_for_each_term() -> None:
    """Six lines, of which each split's is named once; the values are the history's."""
    figure = curves.terms([Curve("mine", HISTORY, families.named("vae"))], logarithmic=False)
    assert len(figure.data) == 6
    assert [line.name for line in figure.data if line.showlegend] == ["mine, test", "mine, train"]
    assert {line.line.dash for line in figure.data} == {"solid", "dot"}
    total = next(line for line in figure.data if line.name == "mine, test")
    assert list(total.x) == [1, 2, 3]
    assert list(total.y) == [11.0, 10.0, 9.0]


def test_several_runs_have_a_colour_each_and_a_deterministic_one_no_kl() -> None:
    """Without any variational run the third chart is left out."""
    both = [Curve("a", HISTORY, families.named("vae")), Curve("b", HISTORY, families.named("cae"))]
    figure = curves.terms(both, logarithmic=True)
    assert len({line.line.color for line in figure.data}) == 2
    assert len([line for line in figure.data if line.name.startswith("b")]) == 4
    assert figure.layout.yaxis.type == "log"
    assert [title.text for title in figure.layout.annotations] == ["Total", "Reconstruction", "KL"]
    alone = curves.terms(both[1:], logarithmic=False)
    assert [title.text for title in alone.layout.annotations] == ["Total", "Reconstruction"]


def test_a_familys_own_terms_have_panels() -> None:
    """Under the heading of its record; a history from before such a term was kept still opens, without points."""
    history = [{"test": {"total": 3.0, "reconstruction": 2.0, "commitment": 1.0}, "train": {}}]
    figure = curves.terms([Curve("new", history, families.named("vqvae"))], logarithmic=False)
    assert [title.text for title in figure.layout.annotations] == ["Total", "Reconstruction", "Commitment"]
    assert [list(line.y) for line in figure.data if line.name == "new, test"] == [[3.0], [2.0], [1.0]]
    old = curves.terms([Curve("old", HISTORY, families.named("vqvae"))], logarithmic=False)
    assert np.isnan(old.data[-1].y).all()


def test_the_dimension_that_carries_most_is_on_top() -> None:
    """By the last epoch; plotly draws the last row on top."""
    figure = curves.dimensions(HISTORY)
    assert figure is not None
    assert list(figure.data[0].y) == ["z2", "z0", "z1"]
    assert np.allclose(figure.data[0].z, [[0, 0, 0], [0, 1, 2], [2, 2, 2]])


@pytest.mark.parametrize("history", [[], [{}], [{"test": {}}], [{"test": {"kl_per_dim": "x"}}], [{"test": None}]])
def test_a_history_of_another_form_is_no_error(history: list) -> None:
    """It gives no heat map, and lines without points."""
    assert curves.dimensions(history) is None
    assert np.isnan(curves.values(history, "test", "total")).all()


def test_the_schedule_ends_at_beta_and_at_a_rate_of_nothing() -> None:
    """The rate rises to its peak and falls; the KL weight rises to beta and stays; a CAE has none."""
    run = RunConfig(model=PRESETS["beta-vae"])
    rate, weight = curves.schedule(run).data
    assert max(rate.y) == pytest.approx(run.train.learning_rate, rel=1e-3)
    assert rate.y[-1] == pytest.approx(0, abs=1e-9)
    assert (weight.y[0], weight.y[-1]) == (0, 4.0)
    assert len(curves.schedule(RunConfig(model=PRESETS["cae"])).data) == 1


def test_the_schedule_shows_and_says_when_weights_begin_to_be_averaged() -> None:
    """The rate is level from that epoch on; without averaging it never is, and no word is lost on it."""
    run = RunConfig(model=PRESETS["cae"], train=TrainConfig(epochs=40, average_from=0.75))
    (rate,) = curves.schedule(run).data
    epochs, rates = np.array(rate.x), np.array(rate.y)
    assert len(set(rates[epochs >= 30])) == 1 < len(set(rates[epochs >= 28]))
    assert "planned for 40 epochs. After epoch 30 the rate stays" in curves.plan(run)
    assert curves.plan(RunConfig()).endswith("epochs.")


def test_a_models_name_is_text_in_a_figure() -> None:
    """Plotly's own tags have no effect in it."""
    figure = curves.terms([Curve("<b>x</b>", HISTORY, families.named("vae"))], logarithmic=False)
    assert "<b>" not in figure.data[0].name
