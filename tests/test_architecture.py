"""The house's rules that a program can check: who imports whom, what is loaded when, what is never used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from vae_core import maps

PROJECT = Path(__file__).parent.parent
CORE = sorted((PROJECT / "vae_core").rglob("*.py"))
UI = sorted((PROJECT / "ui").rglob("*.py"))
PAGES = [PROJECT / "app.py", *sorted((PROJECT / "pages").glob("*.py"))]
TESTS = sorted((PROJECT / "tests").rglob("*.py"))
LARGEST_FILE = 5_000_000  # bytes
# Opens each page up to its title, and prints which modules are loaded then.
TITLES = """
import sys
from pathlib import Path
import streamlit
from streamlit.testing.v1 import AppTest

def stop(*_, **__):
    print(*sys.modules)
    streamlit.stop()

streamlit.title = stop
for page in map(Path, sys.argv[1:]):
    app = AppTest.from_file(str(Path("app.py").absolute()), default_timeout=600)
    (app if page.name == "app.py" else app.switch_page(f"pages/{page.name}")).run()
"""
LONGEST_FILE = 400  # lines of code
TOO_LONG = {"vae_core/export/browser.py"}  # may only shrink


def relative(path: Path) -> str:
    """A file's path in the project."""
    return path.relative_to(PROJECT).as_posix()


def imports(path: Path) -> set[str]:
    """The top-level names of everything that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_the_core_knows_nothing_of_the_pages(path: Path) -> None:
    """vae_core imports neither Streamlit nor plotly nor anything above it."""
    assert not imports(path) & {"streamlit", "plotly", "ui", "pages", "app"}


@pytest.mark.parametrize("path", UI, ids=relative)
def test_the_ui_knows_nothing_of_the_pages(path: Path) -> None:
    """It imports no page, and leaves torch to the core."""
    assert not imports(path) & {"pages", "app", "torch"}


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_pages_never_import_torch(path: Path) -> None:
    """Nor each other, nor the libraries that ui wraps."""
    assert not imports(path) & {"torch", "torchvision", "sklearn", "umap", "openTSNE", "plotly", "pages"}


@pytest.mark.parametrize("path", [*CORE, *UI, *PAGES, PROJECT / "train.py"], ids=relative)
def test_nothing_is_ever_unpickled(path: Path) -> None:
    """No pickle, no torch.load, no numpy loading that would allow one."""
    text = path.read_text(encoding="utf-8")
    assert not imports(path) & {"pickle", "dill", "joblib", "shelve", "marshal"}
    for call in ("torch.load(", "allow_pickle=True", "unsafe_allow_html=True", "eval(", "exec("):
        assert call not in text.replace(".eval()", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("vae_core", {"torchvision", "torch", "streamlit"}),
        ("vae_core.checkpoint", {"torch", "torchvision", "sklearn"}),
        ("vae_core.data", {"torch", "torchvision", "sklearn"}),
        ("vae_core.maps", {"torch", "sklearn", "umap", "openTSNE"}),
        ("vae_core.latent.space", {"torchvision", "sklearn", "umap"}),
        ("vae_core.latent.distributions", {"torch", "sklearn", "scipy"}),
        ("vae_core.training.fit", {"torchvision", "sklearn", "umap"}),
        ("ui.frame", {"torch", "torchvision", "sklearn", "scipy"}),
        ("ui.explore.panels", {"torch", "sklearn", "scipy"}),
        ("vae_core.training.runs", {"torch", "sklearn", "tyro"}),
        ("ui.training.curves", {"torch", "plotly", "scipy"}),
        ("ui.models.cards", {"torch", "sklearn", "scipy"}),
        ("ui.generate.sheets", {"torch", "sklearn", "scipy"}),
        ("ui.embeddings.view", {"torch", "sklearn", "umap", "scipy"}),
    ],
)
def test_heavy_libraries_wait_until_they_are_needed(module: str, absent: set[str]) -> None:
    """Importing a module loads none of what would make a first paint wait."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not absent & set(done.stdout.split())


@pytest.mark.slow
def test_every_title_is_there_before_heavy_libraries() -> None:
    """Also a fresh server paints soon: up to its title, no page has loaded what it needs further down."""
    command = [sys.executable, "-c", TITLES, *(str(path) for path in PAGES)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    titles = done.stdout.splitlines()
    assert len(titles) == len(PAGES), done.stderr
    for line in titles:
        assert not {"torch", "torchvision", "sklearn", "scipy", "umap", "openTSNE"} & set(line.split()), line


@pytest.mark.parametrize("path", [*CORE, *UI, *PAGES, *TESTS], ids=relative)
def test_what_is_public_is_explained(path: Path) -> None:
    """Every module, every public class and function of the core, and every test has a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    missing = [] if ast.get_docstring(tree) else ["the module"]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            outer = path in TESTS and not node.name.startswith("test_")
            if not outer and node in tree.body and not ast.get_docstring(node):
                missing.append(node.name)
    assert missing == []


@pytest.mark.parametrize("path", [*CORE, *UI, *PAGES, PROJECT / "train.py"], ids=relative)
def test_files_stay_short(path: Path) -> None:
    """A file that has grown too long has more than one job."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= (500 if relative(path) in TOO_LONG else LONGEST_FILE)


def test_no_large_file_is_kept() -> None:
    """Everything that git tracks is below the limit."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=False)
    files = [PROJECT / name for name in listing.stdout.decode().split("\0") if name]
    assert [relative(path) for path in files if path.exists() and path.stat().st_size > LARGEST_FILE] == []


# --- the tree -----------------------------------------------------------------------------------------------------

UI_TREE = {
    "__init__.py",
    "frame.py",
    "palette.py",
    "start.py",
    "style.css",
    "components",
    "shared",
    "state",
    *(PAGE_FOLDERS := {"compare", "embeddings", "explore", "generate", "interpolate", "models", "training"}),
}
CORE_TREE = {
    "__init__.py",
    "checkpoint.py",
    "config.py",
    "files.py",
    "linalg.py",
    "media.py",
    "neighbours.py",
    "recipes.py",
    "data",
    "evaluation",
    "export",
    "latent",
    "maps",
    "models",
    "training",
}
# What a part of ui may import of ui, besides itself; a page's folder may import all of these but another page's.
BELOW = {
    "components": {"palette"},
    "state": set(),
    "palette": set(),
    "frame": {"components", "state", "palette"},
    "shared": {"frame", "components", "state", "palette"},
    "start": {"frame", "components", "shared", "state", "palette"},
} | {folder: {"frame", "components", "shared", "state", "palette"} for folder in PAGE_FOLDERS}


@pytest.mark.parametrize(("folder", "expected"), [("ui", UI_TREE), ("vae_core", CORE_TREE)])
def test_the_tree_stands(folder: str, expected: set[str]) -> None:
    """The folders of the design, each with a line that says its one job, and nothing else beside them."""
    present = {path for path in (PROJECT / folder).iterdir() if path.name != "__pycache__"}
    assert {path.name for path in present} == expected
    for path in present:
        if path.is_dir():
            assert ast.get_docstring(ast.parse((path / "__init__.py").read_text(encoding="utf-8"))), path.name


def modules(path: Path) -> set[str]:
    """The full names of all modules that a file may import, and of what it imports from them."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize(
    "path", [path for path in UI if path.parent != PROJECT / "ui" or path.stem != "__init__"], ids=relative
)
def test_a_part_of_the_ui_imports_only_what_is_below_it(path: Path) -> None:
    """Pages' folders above shared above the frame above components and state; no page's folder another's."""
    part = path.relative_to(PROJECT / "ui").parts[0].removesuffix(".py")
    used = {name.split(".")[1] for name in modules(path) if name.startswith("ui.")}
    assert used - {part} <= BELOW[part]


OUTSIDE_MAPS = [path for path in [*CORE, *UI, *PAGES] if PROJECT / "vae_core" / "maps" not in path.parents]
OUTSIDE_MAPS += [PROJECT / "train.py", *sorted((PROJECT / "scripts").glob("*.py"))]


@pytest.mark.parametrize("path", OUTSIDE_MAPS, ids=relative)
def test_maps_are_entered_by_their_door(path: Path) -> None:
    """Whoever needs a map imports vae_core.maps, never a module in it; the worker only runs as a process."""
    inside = {file.stem for file in (PROJECT / "vae_core" / "maps").glob("*.py")} - {"__init__"}
    assert not modules(path) & {f"vae_core.maps.{module}" for module in inside - set(maps.__all__)}
