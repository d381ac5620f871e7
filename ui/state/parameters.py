"""The kinds of parameters that an address can have: what their texts mean, and which texts are rubbish."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value = TypeVar("Value")

LARGEST_COORDINATE = 1e4  # no code of any model lies further out


@dataclass(frozen=True)
class Parameter(Generic[Value]):
    """A parameter by its name in the address; ``*`` in it stands for the name of the current model."""

    name: str
    pages: tuple[str, ...]
    help: str
    bound: bool = field(default=True, kw_only=True)
    """Whether a widget of Streamlit's reads and writes it."""

    def parse(self, text: str) -> Value | None:
        """The value that a text stands for; None if it stands for none."""
        raise NotImplementedError

    def key(self, checkpoint_name: str) -> str:
        """The name in the address of a model."""
        return self.name.replace("*", checkpoint_name)


@dataclass(frozen=True)
class Choice(Parameter[str]):
    """One of a few names. They depend on the model where ``options`` is empty; then so may the default."""

    options: tuple[str, ...] = ()
    default: str = ""

    def parse(self, text: str) -> str | None:
        """The name, if it is one of the options."""
        return text if text in self.options or not self.options else None


@dataclass(frozen=True)
class Toggle(Parameter[bool]):
    """On or off."""

    default: bool = False

    def parse(self, text: str) -> bool | None:
        """True or False."""
        return {"true": True, "false": False}.get(text.lower())


@dataclass(frozen=True)
class Whole(Parameter[int]):
    """A whole number from ``low`` to ``high``, both included."""

    low: int = 0
    high: int = 99_999_999
    default: int = 0

    @property
    def range(self) -> tuple[int, int, int]:
        """Least, largest and default value, as a slider wants them."""
        return self.low, self.high, self.default

    def parse(self, text: str) -> int | None:
        """The number, if its digits are plain ones and it lies in the range."""
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
        return number if number is not None and self.low <= number <= self.high else None


@dataclass(frozen=True)
class Real(Parameter[float]):
    """A number; one beyond ``low`` or ``high`` becomes the nearest in the range."""

    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    default: float = 0.0

    @property
    def range(self) -> tuple[float, float, float]:
        """Least, largest and default value, as a slider wants them."""
        return self.low, self.high, self.default

    def parse(self, text: str) -> float | None:
        """The number, moved into the range; None if it is not finite."""
        number = _float(text)
        return None if number is None else min(max(number, self.low), self.high)


@dataclass(frozen=True)
class Level(Parameter[float]):
    """One of some numbers; the usual one depends on what else is chosen."""

    levels: tuple[float, ...] = ()

    bound: bool = field(default=False, kw_only=True)

    def parse(self, text: str) -> float | None:
        """The number, if it is one of the levels."""
        number = _float(text)
        return number if number in self.levels else None


@dataclass(frozen=True)
class Name(Parameter[str]):
    """A name."""

    bound: bool = field(default=False, kw_only=True)

    def parse(self, text: str) -> str | None:
        """The name, unless it is empty."""
        return text or None


@dataclass(frozen=True)
class Names(Parameter[tuple[str, ...]]):
    """Names separated by commas, each once."""

    least: int = 0
    most: int = 1000

    bound: bool = field(default=False, kw_only=True)

    def parse(self, text: str) -> tuple[str, ...] | None:
        """The names in their order."""
        names = tuple(dict.fromkeys(name for name in text.split(",") if name))
        return names if self.least <= len(names) <= self.most else None


@dataclass(frozen=True)
class Vector(Parameter[tuple[float, ...]]):
    """Coordinates separated by commas, as many as the model has latent dimensions."""

    bound: bool = field(default=False, kw_only=True)

    def parse(self, text: str) -> tuple[float, ...] | None:
        """The coordinates, if all are finite and none is beyond LARGEST_COORDINATE."""
        return _vector(text)


@dataclass(frozen=True)
class Vectors(Parameter[tuple[tuple[str, tuple[float, ...]], ...]]):
    """Named vectors, ``name:x,y;name:x,y``; those that cannot be read are left out."""

    most: int = 6

    bound: bool = field(default=False, kw_only=True)

    def parse(self, text: str) -> tuple[tuple[str, tuple[float, ...]], ...] | None:
        """The names with their vectors; None if there is none."""
        parts = [part.partition(":") for part in text.split(";")[: self.most]]
        vectors = [(name, _vector(coordinates)) for name, _, coordinates in parts]
        return tuple((name, vector) for name, vector in vectors if vector is not None) or None


def _vector(text: str) -> tuple[float, ...] | None:
    numbers = [_float(part) for part in text.split(",")]
    usable = tuple(number for number in numbers if number is not None and abs(number) <= LARGEST_COORDINATE)
    return usable if len(usable) == len(numbers) else None


def _float(text: str) -> float | None:
    """The finite number that a text stands for."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
