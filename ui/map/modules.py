"""The map's JavaScript modules as the one text that a component is made of."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ui.live.bundle import IMPORT

FOLDER = Path(__file__).parent


@cache
def bundle(name: str) -> str:
    """A module of this folder after all that it imports, each once; their top-level names must differ."""
    texts: dict[str, str] = {}
    _collect(name, texts)
    return "\n".join(texts.values())


def _collect(name: str, texts: dict[str, str]) -> None:
    if name in texts:
        return
    text = (FOLDER / name).read_text(encoding="utf-8")
    for needed in IMPORT.findall(text):
        _collect(needed, texts)
    texts[name] = IMPORT.sub("", text)
