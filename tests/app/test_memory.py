"""Garbage collection must not be felt: Streamlit's own collection after each run is off, and the heap is frozen."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.app.conftest import OpenPage


@contextmanager
def time_in_full_collections() -> Iterator[list[float]]:
    """Seconds of processor time that each full collection takes in the block."""
    spent: list[float] = []
    began = [0.0]

    def note(phase: str, about: dict[str, int]) -> None:
        if about["generation"] == 2:
            if phase == "start":
                began[0] = time.thread_time()
            else:
                spent.append(time.thread_time() - began[0])

    gc.callbacks.append(note)
    try:
        yield spent
    finally:
        gc.callbacks.remove(note)


def test_a_rerun_does_not_pay_for_a_full_collection(checkpoints: Path, open_page: OpenPage) -> None:
    """What reruns spend on full collections is a small part of what one costs over the whole heap."""
    app = open_page("pages/explore.py", model="digits-vae").run()
    with time_in_full_collections() as spent:
        for _ in range(3):
            app.run()
    assert gc.get_freeze_count() > 10_000
    with time_in_full_collections() as whole:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
    assert sum(spent) < 0.3 * whole[0]
