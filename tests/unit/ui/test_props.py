"""What components are given: Python and JavaScript declare the same, and only hosts know Streamlit."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from ui import components
from ui.components.props import Props, browser_name

FOLDER = Path(components.__file__).parent
TYPEDEF = re.compile(r"@typedef \{object\} (\w+)(.*?)\*/", re.DOTALL)
PROPERTY = re.compile(r"@property \{")
PAGE_ONLY = ("setStateValue", "setTriggerValue", "--st-", "Streamlit")


def all_props(base: type[Props] = Props) -> Iterator[type[Props]]:
    """Every class of props of every component, found by importing all modules."""
    for module in pkgutil.walk_packages(components.__path__, f"{components.__name__}."):
        importlib.import_module(module.name)
    for kind in base.__subclasses__():
        if kind.__module__.startswith(components.__name__):
            yield kind
        yield from all_props(kind)


def declared_keys(folder: Path, name: str) -> list[str] | None:
    """The keys of a typedef of a component's JavaScript, in their order; None if there is no such typedef."""
    for module in sorted(folder.glob("*.js")):
        for found, body in TYPEDEF.findall(module.read_text(encoding="utf-8")):
            if found == name:
                return [_key_after(body, match.end()) for match in PROPERTY.finditer(body)]
    return None


def _key_after(text: str, start: int) -> str:
    """The name that follows a type, whose braces may be nested."""
    depth, at = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return text[at:].split(maxsplit=1)[0]


PROPS = [kind for kind in all_props() if fields(kind)]


@pytest.mark.parametrize("kind", PROPS, ids=lambda kind: kind.__name__)
def test_python_and_javascript_agree_on_the_keys(kind: type[Props]) -> None:
    """The typedef of the same name has the fields of the dataclass, so that neither is changed alone."""
    folder = Path(inspect.getfile(kind)).parent
    assert declared_keys(folder, kind.__name__) == [browser_name(part.name) for part in fields(kind)]


def test_every_component_has_props() -> None:
    """A folder with a component, that is with a module that exports a default, declares what it is given."""
    folders = {module.parent for module in FOLDER.rglob("*.js") if "export default" in module.read_text("utf-8")}
    assert folders == {Path(inspect.getfile(kind)).parent for kind in PROPS}


def test_only_the_host_of_the_live_view_knows_streamlit() -> None:
    """The same modules can then be shown by another host; host.js, mount.js and host.css are Streamlit's."""
    knowing = {
        module.name
        for module in [*(FOLDER / "live").glob("*.js"), *(FOLDER / "live").glob("*.css")]
        if any(word in module.read_text(encoding="utf-8") for word in PAGE_ONLY)
    }
    assert knowing == {"host.js", "mount.js", "host.css"}


def test_nested_props_travel_as_plain_data() -> None:
    """Objects inside objects and lists too, with the names that JavaScript uses, and keys of mappings as they are."""

    @dataclass(frozen=True)
    class Inner(Props):
        two_words: int

    @dataclass(frozen=True)
    class Outer(Props):
        one: Inner
        many_more: tuple[Inner, ...]
        by_key: dict[str, tuple[float, ...]]

    data = Outer(Inner(1), (Inner(2),), {"a_b": (0.5,)}).to_data()
    assert data == {"one": {"twoWords": 1}, "manyMore": [{"twoWords": 2}], "byKey": {"a_b": [0.5]}}
