"""The components' programs: what bundling their modules makes."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from ui.components import live
from ui.components import map as points
from ui.components.bundle import IMPORT, bundle

TOP_LEVEL = re.compile(
    r"^(?:export )?(?:const|let|var|class|function\*?|async function) +(?:\[[^\]]*\]|\{[^}]*\}|(\w+))", re.MULTILINE
)
PROGRAMS = {
    "live": live.library(),
    "worker": bundle(live.FOLDER, "worker.js"),
    "mount": bundle(live.FOLDER, "mount.js"),
    "map": bundle(points.FOLDER, "map.js"),
    "parcel": bundle(points.FOLDER, "parcel.js"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_top_level_names_differ(name: str) -> None:
    """Modules lose their walls in a bundle: two that declare one name would not even be read by a browser."""
    counted = Counter(found for found in TOP_LEVEL.findall(PROGRAMS[name]) if found)
    assert counted or name == "mount"  # which is one unnamed function
    assert [found for found, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_import_is_left(name: str) -> None:
    """A browser could not follow it."""
    assert not re.search(r"^import\b", PROGRAMS[name], re.MULTILINE)


def test_each_module_comes_once_and_before_those_that_need_it(tmp_path: Path) -> None:
    """Also where two need the same one."""
    (tmp_path / "base.js").write_text("const base = 1;\n", encoding="utf-8")
    (tmp_path / "left.js").write_text('import { base } from "./base.js";\nconst left = base;\n', encoding="utf-8")
    (tmp_path / "top.js").write_text(
        'import { left } from "./left.js";\nimport { base } from "./base.js";\nconst top = left + base;\n',
        encoding="utf-8",
    )
    text = bundle(tmp_path, "top.js")
    assert re.findall(r"const (\w+)", text) == ["base", "left", "top"]
    assert not IMPORT.search(text)
