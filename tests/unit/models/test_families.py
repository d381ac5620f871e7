"""Family records: complete, free of torch, and each with a preset that can be built."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest
import torch

from vae_core.config import FamilyName, ModelConfig
from vae_core.models import build, families
from vae_core.models.families import Family
from vae_core.models.presets import PRESETS


@pytest.mark.parametrize("name", get_args(FamilyName))
def test_a_record_says_what_pages_ask(name: str) -> None:
    """Its name is its file's; it has words, a formula, and a preset whose model can be built."""
    family = families.named(name)
    assert family.name == name
    assert all([family.short, family.title, family.summary])
    assert r"\mathcal{L}(x)" in family.formula(PRESETS[name])
    assert family.sentences(PRESETS[name])
    assert build(PRESETS[name]).variational == family.variational


def test_families_can_be_told_apart() -> None:
    """No two share a name, a marker or a colour, in tables or plots."""

    def different(values: list[object]) -> bool:
        return len(set(values)) == len(values)

    every = families.every()
    assert different([family.short for family in every])
    assert different([family.symbol for family in every])
    assert different([family.colour for family in every])


def test_an_unknown_family_has_no_record() -> None:
    """Not even the name of another module in the folder gives one."""
    with pytest.raises(KeyError):
        families.named("losses")


def test_records_load_no_torch() -> None:
    """Pages ask them before anything is decoded."""
    code = "import sys; from vae_core.models import families; families.every(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("family", families.every(), ids=lambda family: family.name)
def test_a_model_gives_the_terms_that_its_record_names(family: Family) -> None:
    """Under the same names, one value an image, never negative."""
    settings = {"image_shape": (1, 8, 8), "network": "mlp", "hidden": 8, "latent": 4} | dict(family.preset)
    model = build(ModelConfig(family=family.name, **settings)).eval()
    terms = model.encode(torch.rand(5, 1, 8, 8)).terms
    assert list(terms) == list(family.terms)
    assert all(value.shape == (5,) and (value >= 0).all() for value in terms.values())
