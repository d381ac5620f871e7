"""Every parameter of the app's addresses: declared once, used by its pages, and read without trust."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.state import address
from ui.state.parameters import LARGEST_COORDINATE

PROJECT = Path(__file__).parent.parent.parent.parent
ADDRESS = PROJECT / "ui" / "state" / "address.py"
SOURCES = [path for folder in ("ui", "pages") for path in sorted((PROJECT / folder).rglob("*.py")) if path != ADDRESS]
SOURCES.append(PROJECT / "app.py")


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The address of a fresh session."""
    parameters: dict[str, str] = {}
    monkeypatch.setattr(address, "st", SimpleNamespace(query_params=parameters, session_state={}))
    return parameters


def is_declared(node: ast.expr) -> bool:
    """Whether an expression is ``something.name`` or ``something.key(...)`` of a declared parameter."""
    node = node.func if isinstance(node, ast.Call) else node
    return isinstance(node, ast.Attribute) and node.attr in ("name", "key")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_only_declared_parameters_are_in_the_address(path: Path) -> None:
    """No module but address.py touches st.query_params, and a widget that is bound has a declared name as its key."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr != "query_params", f"line {node.lineno}"
        if isinstance(node, ast.Call):
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            if "bind" in keywords:
                assert ast.unparse(keywords["bind"]) == "address.BIND", f"line {node.lineno}"
                assert is_declared(keywords["key"]), f"line {node.lineno}"


def test_no_parameter_is_declared_in_vain() -> None:
    """Each is used somewhere, has a name of its own on its pages, and a help; its pages exist."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    names = {name: value for name, value in vars(address).items() if isinstance(value, address.Parameter)}
    assert [name for name in names if f"address.{name}" not in text] == []
    assert len({parameter.name for parameter in address.PARAMETERS}) == len(address.PARAMETERS) == len(names)
    for parameter in address.PARAMETERS:
        assert parameter.help
        assert all((PROJECT / page).is_file() for page in parameter.pages)


@given(st.text() | st.sampled_from(["nan", "inf", "-inf", "1e309", "٣", "1,", ",", ":", ";", "a:1,2;b:nan"]))
def test_any_text_has_a_sound_value_or_none(text: str) -> None:
    """Whatever a link holds, what is read of it is finite, within bounds, and of the declared kind."""
    for parameter in address.PARAMETERS:
        value = parameter.parse(text)
        if isinstance(parameter, address.Real | address.Whole) and value is not None:
            assert parameter.low <= value <= parameter.high
        if isinstance(parameter, address.Vector) and value is not None:
            assert all(math.isfinite(number) and abs(number) <= LARGEST_COORDINATE for number in value)
        if isinstance(parameter, address.Names) and value is not None:
            assert len(set(value)) == len(value)


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (address.Z, "0.5,-1.25,2", (0.5, -1.25, 2.0)),
        (address.Z, "1,", None),
        (address.Z, "1e5", None),
        (address.LABEL, "3", 3),
        (address.LABEL, "-3", None),
        (address.MODELS, "one,two,one", ("one", "two")),
        (address.MODELS, "", ()),
        (address.MODEL, "", None),
        (address.PAD, "z0,z1", ("z0", "z1")),
        (address.PAD, "z0", None),
        (address.STEP, "99", 21.0),
        (address.STEP, "nan", None),
        (address.PERPLEXITY, "30", 30.0),
        (address.PERPLEXITY, "31", None),
        (address.TOWARDS, "a:1,2;b:x,1;c:3,4", (("a", (1.0, 2.0)), ("c", (3.0, 4.0)))),
        (address.TOWARDS, "a", None),
        (address.SMOOTH, "true", True),
        (address.PATH, "Curly", None),
    ],
)
def test_texts_have_the_meaning_that_they_always_had(parameter: address.Parameter, text: str, value: object) -> None:
    """Old links keep working."""
    assert parameter.parse(text) == value


def test_what_the_program_wrote_is_not_taken_for_a_visitors_link(link: dict[str, str]) -> None:
    """Only a text that was changed from outside is given; None takes a parameter out."""
    address.write(address.STEP, "3")
    assert (address.given(address.STEP), address.current(address.STEP)) == (None, 3.0)
    link["step"] = "4"
    assert address.given(address.STEP) == 4.0
    address.write(address.STEP, None)
    assert "step" not in link


def test_rubbish_is_dropped_where_it_belongs_to_the_page(link: dict[str, str]) -> None:
    """What another page reads, and what a widget of Streamlit's reads itself, stays."""
    link |= {"step": "nan", "steps": "nan", "noise": "nan", "models": "a,b", "z": "1," * address.LONGEST_TEXT}
    assert address.drop_rubbish(address.INTERPOLATE) == ["z", "step"]
    assert set(link) == {"steps", "noise", "models"}


def test_a_code_is_written_without_needless_zeros() -> None:
    """As short as it can be read back."""
    assert address.format_vector((1.0, -0.25, 10.0, 0.1234), 3) == "1,-0.25,10,0.123"
