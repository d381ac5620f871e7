"""What the rest of the program must know of a model family, without loading torch.

A family is one file in this folder, named as ``vae_core.config.FamilyName`` names it. It holds the family's record,
``FAMILY``, and says where its network is: a class that is only made when a model is built.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from vae_core.config import FamilyName, ModelConfig

if TYPE_CHECKING:
    from vae_core.models.base import Autoencoder


def _accepts_all(model: ModelConfig) -> None:
    """The check of a family that takes every configuration."""


@dataclass(frozen=True)
class Family:
    """A model family's record."""

    name: FamilyName
    """As configurations name it; also that of its file."""
    short: str
    """A word for tables and legends."""
    title: str
    """A few words for people."""
    summary: str
    """What it is good for, in a few words."""
    symbol: Literal["circle", "square", "diamond", "cross", "star"]
    """Its marker in plots."""
    colour: int
    """Its place in the palette."""
    network: Callable[[], type[Autoencoder]]
    """The class of its models; loads torch."""
    formula: Callable[[ModelConfig], str]
    """The objective of one image in LaTeX."""
    sentences: Callable[[ModelConfig], list[str]]
    """What the formula leaves unsaid: sums and means first, then what is the family's own."""
    variational: bool = False
    """Whether an image becomes a distribution over codes, with a KL to a prior."""
    closed_form: bool = False
    """Whether it is fitted at once, without gradient steps."""
    terms: Mapping[str, str] = field(default_factory=dict)
    """Terms of the objective beside reconstruction and KL: names in histories, and headings of their curves."""
    prototypes: str = ""
    """Heading of the codes that a model itself holds, as its card shows them; empty if it holds none."""
    prototypes_caption: str = ""
    """What such codes are, for the card."""
    preset: Mapping[str, Any] = field(default_factory=dict)
    """Fields of ModelConfig in which the preset of its name differs from the defaults."""
    check: Callable[[ModelConfig], None] = _accepts_all
    """Raises ConfigError for a configuration that the family cannot have."""


@cache
def named(name: str) -> Family:
    """The record of a family.

    Raises:
        KeyError: if there is none of that name.
    """
    if name not in get_args(FamilyName):
        raise KeyError(name)
    record = importlib.import_module(f"vae_core.models.{name}").FAMILY
    assert isinstance(record, Family)
    return record


def of(model: ModelConfig) -> Family:
    """The record of a model's family."""
    return named(model.family)


def every() -> list[Family]:
    """All records, in the order in which people see them: baselines first."""
    return [named(name) for name in get_args(FamilyName)]
