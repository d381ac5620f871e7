"""Many small JavaScript modules as the one text that a component, or a worker, is made of."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

IMPORT = re.compile(r'^import\s+\{[^}]*\}\s+from\s+"\./([\w-]+\.js)";\n', re.MULTILINE)


@cache
def bundle(folder: Path, *names: str) -> str:
    """Modules of a folder, by file name, and all that they import, each once and before those that need it.

    The imports between them fall away, and so their top-level names must differ. Exports stay.
    """
    texts: dict[str, str] = {}
    for name in names:
        _collect(folder, name, texts)
    return "\n".join(texts.values())


def _collect(folder: Path, name: str, texts: dict[str, str]) -> None:
    if name in texts:
        return
    text = (folder / name).read_text(encoding="utf-8")
    for needed in IMPORT.findall(text):
        _collect(folder, needed, texts)
    texts[name] = IMPORT.sub("", text)
