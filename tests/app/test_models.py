"""Models: the list, its filters, and the card of the current model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import KINDS, OpenPage
from tests.app.test_pages import assert_whole, texts
from ui.models import cards, listing
from vae_core.checkpoint import find_checkpoint, save_metrics
from vae_core.evaluation.record import Metrics
from vae_core.recipes import Recipe, recipe_text

MODELS = "pages/models.py"


def listed(app: AppTest) -> list[str]:
    """The names in the list."""
    return list(app.dataframe[0].value["Model"])


def test_every_model_is_listed_and_the_current_one_is_open(checkpoints: Path, open_page: OpenPage) -> None:
    """One row each; the card has the current one's name as its heading."""
    app = open_page(MODELS, model="digits-cae")
    assert listed(app) == sorted(KINDS)
    assert app.header[0].value.replace("\\", "") == "digits-cae"


@pytest.mark.parametrize(("family", "expected"), [("PCA", ["digits-pca"]), ("All", sorted(KINDS))])
def test_the_list_is_filtered_by_family(
    family: str, expected: list[str], checkpoints: Path, open_page: OpenPage
) -> None:
    """From the address; the open card stays."""
    app = open_page(MODELS, model="digits-vae", family=family)
    assert_whole(app)
    assert listed(app) == expected
    assert app.header[0].value.replace("\\", "") == "digits-vae"


def test_the_lists_nats_are_on_one_scale(checkpoints: Path) -> None:
    """A density of Gaussian pixels, and nats of black and white ones, would mislead beside cross-entropies of grey."""
    it = find_checkpoint("digits-vae", checkpoints)
    assert listing.row(it)["Nats"] == it.metrics.total
    binarised = replace(it, run=replace(it.run, data=replace(it.run.data, binarise=True)))
    assert listing.row(binarised)["Nats"] is None
    save_metrics(it.folder, replace(it.metrics, bce=None))
    assert listing.row(find_checkpoint("digits-vae", checkpoints))["Nats"] is None


def test_only_the_open_model_is_read(checkpoints: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is made of headers and stored figures: no other model's weights are opened."""
    from vae_core.latent.space import LatentSpace

    opened = []
    original = LatentSpace.open.__func__  # type: ignore[attr-defined]

    def note(cls: type[LatentSpace], name: str) -> LatentSpace:
        opened.append(name)
        return original(cls, name)

    monkeypatch.setattr(LatentSpace, "open", classmethod(note))
    assert_whole(open_page(MODELS, model="digits-pca"))
    assert opened == ["digits-pca"]


@pytest.mark.parametrize("model", KINDS)
def test_a_card_holds_what_belongs_to_its_model(model: str, checkpoints: Path, open_page: OpenPage) -> None:
    """Its own figures, its formula, its recipe, its digest; scalings of the KL weight for variational models only."""
    app = open_page(MODELS, model=model)
    checkpoint = find_checkpoint(model, checkpoints)
    assert len(app.latex) == 1
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["MSE"] == f"{checkpoint.metrics.mse:.4f}"
    assert ("KL" in shown) == (checkpoint.run.model.family == "vae")
    assert ("Why this KL weight?" in texts(app)) == (checkpoint.run.model.family == "vae")
    assert app.code[0].value.splitlines()[1:] == recipe_text(checkpoint.run, "").strip().splitlines()[1:]
    assert any(checkpoint.digest in str(table.value) for table in app.table)
    assert any(button.label == "Weights" for button in app.get("download_button"))


def test_a_card_tells_of_attributes_and_noise(checkpoints: Path, open_page: OpenPage) -> None:
    """Where such figures are stored: the best told attribute first, and what is left of noise in a sentence."""
    entries = [
        {"name": "Young", "accuracy": 0.8, "majority": 0.78, "direction": []},
        {"name": "Smiling", "accuracy": 0.85, "majority": 0.52, "direction": []},
        "damaged",
    ]
    noise = {"noise": 0.2, "seed": 0, "mse": 0.0021, "noisy_mse": 0.035, "pca_mse": 0.0052, "pca_components": 90}
    stored = find_checkpoint("digits-cae", checkpoints).metrics.to_json()
    metrics = Metrics.from_json(stored | {"attributes": entries, "denoising": noise})
    save_metrics(checkpoints / "digits-cae", metrics)
    app = open_page(MODELS, model="digits-cae")
    assert_whole(app)
    assert list(app.dataframe[1].value["Attribute"]) == ["Smiling", "Young"]
    assert "MSE to the clean image is 0.0021" in texts(app)


@pytest.mark.parametrize(
    ("kl", "said"),
    [
        ([0.0, 0.009], "Posterior collapse: no dimension's KL reaches 0.01 nats, so the code carries no information."),
        ([0.0, 2.5, 0.01], "1 of 3 dimensions collapsed: KL under 0.01 nats."),
        ([0.01, 2.5], ""),
        ([], ""),
        ("damaged", ""),
        (None, ""),
    ],
)
def test_a_card_flags_collapsed_dimensions(kl: object, said: str) -> None:
    """Some of them or all; what is not stored, or damaged, is no collapse."""
    assert cards.collapse(Metrics.from_json({"kl_per_dim": kl}).kl_per_dim or ()) == said


def test_a_shipped_models_card_explains_its_choices(
    checkpoints: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recipe's notes, as long as the checkpoint was made by it."""
    run = find_checkpoint("digits-cae", checkpoints).run
    known = {"digits-cae": Recipe("digits-cae", "A title", run, notes="Why <b>so</b>.")}
    monkeypatch.setattr("ui.models.cards.list_recipes", lambda: list(known))
    monkeypatch.setattr("ui.models.cards.load_recipe", known.get)
    assert "Why " in texts(open_page(MODELS, model="digits-cae"))
    known["digits-cae"] = replace(known["digits-cae"], run=replace(run, train=replace(run.train, epochs=2)))
    assert "Why " not in texts(open_page(MODELS, model="digits-cae"))


def test_a_codebook_is_drawn(checkpoints: Path, open_page: OpenPage) -> None:
    """Each group's entries in a row of their own, under the record's heading; other families have no such section."""
    app = open_page(MODELS, model="digits-vqvae")
    assert not app.exception
    assert "Codebook" in [heading.value for heading in app.subheader]
    assert "commitment" in app.latex[0].value
    assert [text for text in texts(app).splitlines() if text.startswith("Group 2 of 2, perplexity")]
    app = open_page(MODELS, model="digits-cae")
    assert "Codebook" not in [heading.value for heading in app.subheader]
