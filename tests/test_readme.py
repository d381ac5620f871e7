"""What README, CONTRIBUTING and docs/ say is so: commands, links, listings, tables, and the tree of files."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from benchmarks import study
from benchmarks.evidence import headline
from vae_core.checkpoint import find_checkpoint, list_checkpoints
from vae_core.evaluation.report import table

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
TEXTS = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]
COMMANDS = [
    line.split("#")[0].strip()
    for text in TEXTS
    for block in re.findall(r"```sh\n(.*?)```", text.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.split("#")[0].strip()
]
LINKS = [
    (text, path) for text in TEXTS for path in re.findall(r"\]\((?!http)([^)#]+)\)", text.read_text(encoding="utf-8"))
]
PATHS = sorted(
    {
        path
        for text in TEXTS
        for path in re.findall(
            r"`((?:ui|pages|vae_core|recipes|scripts|tests|docs|benchmarks)/[\w./-]*)`",
            text.read_text(encoding="utf-8"),
        )
    }
)
INTO_THE_APP = re.findall(r"\(http://localhost:8501/([^)]*)\)", README)
LARGEST_FILM = 3_000_000  # bytes
LONGEST_RUN = 600  # seconds; only a run that hangs lasts so long, on however busy a machine


def documentation(name: str) -> str:
    """The text of a file in docs/."""
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


def tree() -> Iterator[str]:
    """Every path in the README's tree of files; a folder's ends with a slash."""
    block = README.split("## Where things are\n\n```\n")[1].split("```")[0]
    folders: list[str] = []
    for line in block.splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        folders = [*folders[:depth], name]
        yield "".join(folders)


def test_the_first_two_commands_are_run_and_test() -> None:
    """A newcomer sees them before anything else."""
    assert COMMANDS[:2] == ["make run", "make test"]


@pytest.mark.parametrize("command", sorted({command for command in COMMANDS if command.startswith("make ")}))
def test_every_make_target_exists(command: str) -> None:
    """A dry run accepts it."""
    arguments = [*shlex.split(command), "--dry-run"]
    done = subprocess.run(arguments, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_training_without_options_leaves_a_checkpoint(tmp_path: Path) -> None:
    """`python train.py --epochs 1` on the embedded data, as a process of its own."""
    command = [sys.executable, "train.py", "--epochs", "1"]
    environment = os.environ | {"LATENT_CHECKPOINTS": str(tmp_path)}
    subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)
    (checkpoint,) = list_checkpoints(tmp_path).usable
    assert find_checkpoint(checkpoint.name, tmp_path).metrics.images == 10_000


@pytest.mark.parametrize("command", sorted({command for command in COMMANDS if command.startswith("python train.py")}))
def test_every_training_command_is_understood(command: str) -> None:
    """Each example's options exist and are in range; the help shows them as its defaults."""
    from train import configure, read_options

    arguments = shlex.split(command)[2:]
    if "--help" not in arguments:
        configure(read_options(arguments))


@pytest.mark.slow
def test_the_notebook_listing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives what its comments say, and leaves a picture of three rows of nine images."""
    (listing,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(listing, names)
    shapes = {name: names[name].shape for name in ("codes", "decoded", "path", "strip", "new")}  # type: ignore[attr-defined]
    assert shapes == {"codes": (100, 16), "decoded": (100, 1, 28, 28)} | dict.fromkeys(
        ("path", "strip", "new"), (9, 1, 28, 28)
    )
    with Image.open(tmp_path / "strips.png") as picture:
        width, height = picture.size
    assert width == pytest.approx(3 * height, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("link", INTO_THE_APP)
def test_every_link_into_the_app_opens_its_page(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the model that it names, no error, and no notice that something in the address was not understood."""
    monkeypatch.chdir(PROJECT)
    parts = urlsplit(link)
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=LONGEST_RUN)
    app.switch_page(f"pages/{parts.path}.py")
    parameters = dict(parse_qsl(parts.query, strict_parsing=True))
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error
    assert not app.main.info
    assert app.sidebar.selectbox[0].value == parameters["model"]


def test_the_tree_names_what_is_there() -> None:
    """Each file and folder in it exists, and no folder of ui and vae_core is left out, nor a module beside them."""
    named = list(tree())
    assert [path for path in named if not (PROJECT / path).exists()] == []
    assert [path for path in named if path.endswith("/") != (PROJECT / path).is_dir()] == []
    folders = {
        f"{path.parent.relative_to(PROJECT).as_posix()}/"
        for half in ("ui", "vae_core")
        for path in (PROJECT / half).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert folders - set(named) == set()
    modules = {
        path.relative_to(PROJECT).as_posix() for half in ("ui", "vae_core") for path in (PROJECT / half).glob("*.py")
    }
    assert modules - set(named) == {"ui/__init__.py", "vae_core/__init__.py"}


@pytest.mark.slow
def test_the_film_is_small_and_moves() -> None:
    """docs/demo.webp, which the README shows first: under 3 MB, and its frames differ."""
    path = PROJECT / "docs" / "demo.webp"
    assert path.stat().st_size < LARGEST_FILM
    with Image.open(path) as film:
        count = film.n_frames  # type: ignore[attr-defined]
        frames = set()
        for frame in range(0, count, 10):
            film.seek(frame)
            frames.add(film.convert("RGB").tobytes())
    assert count > 40
    assert len(frames) > 3


def test_the_table_of_models_is_that_of_the_checkpoints() -> None:
    """The figures were not typed by hand: `python -m vae_core.evaluation --table` prints the same lines."""
    assert table() in documentation("models.md")


def test_the_evidence_is_what_was_evaluated() -> None:
    """`python -m benchmarks.evidence --headline` prints the same lines."""
    assert headline() in documentation("evidence.md")


def test_the_study_is_what_was_evaluated() -> None:
    """`python -m benchmarks.study --headline` prints the same lines."""
    assert study.headline() in documentation("benchmarks.md")


@pytest.mark.parametrize(("text", "path"), LINKS, ids=[f"{text.name}-{path}" for text, path in LINKS])
def test_every_link_leads_somewhere(text: Path, path: str) -> None:
    """Files that the texts point to are there."""
    assert (text.parent / path).exists()


@pytest.mark.parametrize("path", PATHS)
def test_every_path_in_the_sentences_exists(path: str) -> None:
    """Files and folders that are named in passing are where the texts say."""
    assert (PROJECT / path).exists()
