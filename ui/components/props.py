"""What a component of the browser is given: each part declared once, as a frozen dataclass with typed fields.

The JavaScript of the component has a ``@typedef`` of the same name; a test holds that the keys of both agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Props:
    """The base of all props. Fields have JSON types, or are other props, or sequences and mappings of them."""

    def to_data(self) -> dict[str, Any]:
        """Exactly what travels: an object with the fields' names in camelCase."""
        return {browser_name(part.name): _plain(getattr(self, part.name)) for part in fields(self)}


def browser_name(name: str) -> str:
    """A field's name as JavaScript writes it: ``row_names`` becomes ``rowNames``."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _plain(value: Any) -> Any:
    if isinstance(value, Props):
        return value.to_data()
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, tuple | list) else value
