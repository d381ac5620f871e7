"""Many small JavaScript modules as the one text that a component, or a worker, is made of."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

IMPORT = re.compile(r'^import\s+\{[^}]*\}\s+from\s+"(\.\.?/[\w-]+\.js)";\n', re.MULTILINE)


@cache
def bundle(folder: Path, *names: str) -> str:
    """Modules of a folder, by file name, and all that they import, each once and before those that need it.

    They import from their own folder and from the one above it. The imports between them fall away, and so their
    top-level names must differ. Exports stay.
    """
    texts: dict[Path, str] = {}
    for name in names:
        _collect((folder / name).resolve(), texts)
    return "\n".join(texts.values())


def _collect(module: Path, texts: dict[Path, str]) -> None:
    if module in texts:
        return
    text = module.read_text(encoding="utf-8")
    for imported in IMPORT.findall(text):
        _collect((module.parent / imported).resolve(), texts)
    texts[module] = IMPORT.sub("", text)
