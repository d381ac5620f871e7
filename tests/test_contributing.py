"""CONTRIBUTING's recipes work: each of its listings is put into a copy of the project, and the result is used there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).parent.parent
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CODE = ("vae_core", "ui", "pages", "recipes", "app.py", "train.py", ".streamlit")
A_FILE = re.compile(r"^(?:#|//|/\*) (\S+)(?: \*/)?$")
BELOW = re.compile(r"^# (\S+), below: (.+)$")
INSTEAD = re.compile(r"^# (\S+), instead of: (.+)$")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's code in a folder of its own, with no checkpoint in it."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in CODE:
        path = PROJECT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder / name)
    (folder / "checkpoints").mkdir()
    return folder


def follow(section: str, folder: Path) -> None:
    """Put the listings of a section where their first lines say: a whole file, or lines below or instead of one."""
    text = CONTRIBUTING.split(f"\n## {section}\n")[1].split("\n## ")[0]
    listings = re.findall(r"```(?:python|js|css)\n(.*?\n)(.*?)```", text, re.DOTALL)
    assert listings
    for first, rest in listings:
        if line := BELOW.match(first.strip()):
            put(folder / line[1], line[2], lambda found, rest=rest: found + rest)
        elif line := INSTEAD.match(first.strip()):
            put(folder / line[1], line[2], lambda found, rest=rest: rest)
        else:
            file = A_FILE.match(first.strip())
            assert file, first
            path = folder / file[1]
            assert not path.exists(), f"{file[1]} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(rest, encoding="utf-8")


def put(path: Path, start: str, change: Callable[[str], str]) -> None:
    """Change the one line of a file that begins like this."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    (position,) = [position for position, line in enumerate(lines) if line.startswith(start)]
    lines[position] = change(lines[position])
    path.write_text("".join(lines), encoding="utf-8")


def use(folder: Path, script: str) -> None:
    """Run Python code in the copy, in a process of its own; it must not fail."""
    environment = os.environ | {"LATENT_CHECKPOINTS": str(folder / "checkpoints"), "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


TRAIN = """
import train
assert train.main({arguments!r}.split()) == 0
"""
OPEN = """
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=600)
app.switch_page({page!r})
app.run()
assert not app.exception, app.exception
assert not app.error and not app.warning, [*app.error, *app.warning]
"""
A_MODEL = TRAIN.format(arguments="--data digits --preset vae-mlp --epochs 1 --latent 4 --hidden 32 --name tiny")


def test_a_data_set_is_one_file(copy: Path) -> None:
    """The stripes load, a model is trained on them, and the page Models names the set."""
    follow("Add a data set", copy)
    use(
        copy,
        """
import numpy as np
from vae_core.config import DataConfig
from vae_core.data import load_images
images = load_images(DataConfig("stripes"), "test")
assert images.images.shape == (200, 1, 28, 28) and set(images.labels) == {0, 1}
assert (np.ptp(images.images[images.labels == 0], axis=3) == 0).all()  # horizontal: each row is of one grey
"""
        + TRAIN.format(arguments="--data stripes --preset vae-mlp --epochs 1 --name striped")
        + OPEN.format(page="pages/models.py")
        + "assert any('Stripes' in caption.value for caption in app.sidebar.caption)",
    )


def test_a_page_is_one_file_and_a_line_of_the_menu(copy: Path) -> None:
    """The page opens, shows its gallery, and the menu leads there."""
    follow("Add a page", copy)
    use(
        copy,
        A_MODEL
        + OPEN.format(page="pages/mirror.py")
        + """
assert app.title[0].value == "Mirror"
assert len(app.main.get("bidi_component")) == 1
assert "mirror" in [link.proto.page_script_hash and link.proto.label.lower() for link in app.sidebar.get("page_link")]
""",
    )


def test_a_component_is_one_folder(copy: Path) -> None:
    """Its JavaScript is bundled without imports, has the keys that Python sends, and a page shows it."""
    follow("Add a component", copy)
    use(
        copy,
        """
import re
from streamlit.testing.v1 import AppTest
from ui.components.bars import FOLDER, BarsProps, bars
from ui.components.bundle import bundle
script = bundle(FOLDER, "bars.js")
assert "import {" not in script and "function make(" in script
declared = re.search(r"@typedef \\{object\\} BarsProps(.*?)\\*/", script, re.DOTALL)[1]
assert set(re.findall(r"@property \\{.*?\\} (\\w+)", declared)) == set(BarsProps([0.5]).to_data())
app = AppTest.from_string(
    "from ui.components.bars import BarsProps, bars\\nbars(BarsProps([0.5, -1.0]), key='bars')"
).run()
assert not app.exception and len(app.get("bidi_component")) == 1
""",
    )


def test_a_family_is_one_file_and_its_name(copy: Path) -> None:
    """A model is trained from its preset; its card has its formula and its curves its own term, all by its record."""
    follow("Add a model family", copy)
    use(
        copy,
        TRAIN.format(
            arguments="--data digits --preset sparse --network mlp --epochs 1 --latent 4 --hidden 32 --name few"
        )
        + OPEN.format(page="pages/models.py")
        + r"""
assert r"\lVert z \rVert_1" in app.latex[0].value
assert list(app.dataframe[0].value["Family"]) == ["SAE"]
"""
        + OPEN.format(page="pages/training.py")
        + "assert 'Sparsity' in app.main.get('plotly_chart')[0].proto.spec",
    )
