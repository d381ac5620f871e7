"""Many small JavaScript modules as the one text that a component, or a worker, is made of."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
IMPORT = re.compile(r'^import\s+\{[^}]*\}\s+from\s+"\./([\w-]+\.js)";\n', re.MULTILINE)


@cache
def bundle(*names: str) -> str:
    """Modules of this folder, by file name, and all that they import, each once and before those that need it.

    The imports between them fall away, and so their top-level names must differ. Exports stay.
    """
    texts: dict[str, str] = {}
    for name in names:
        _collect(name, texts)
    return "\n".join(texts.values())


def _collect(name: str, texts: dict[str, str]) -> None:
    if name in texts:
        return
    text = (FOLDER / name).read_text(encoding="utf-8")
    for needed in IMPORT.findall(text):
        _collect(needed, texts)
    texts[name] = IMPORT.sub("", text)


@cache
def library() -> str:
    """All of the live view: its modules, and before them the worker's text, which the worker is made of."""
    return f"const WORKER_SOURCE = {json.dumps(bundle('worker.js'))};\n{bundle('library.js')}"
