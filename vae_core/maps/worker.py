"""The process that computes maps: `python -m vae_core.maps.worker --maps NAME ...`, or one map that a page asks for."""

from __future__ import annotations

import json
import sys
import time

from vae_core.checkpoint import find_checkpoint
from vae_core.config import UserError
from vae_core.maps.cache import store_map
from vae_core.maps.jobs import progress_file, write_progress
from vae_core.maps.making import make_maps_with_bar
from vae_core.maps.projection import embed
from vae_core.maps.request import MapError, MapRequest
from vae_core.maps.sources import source_points

SOONEST_SECONDS = 0.2  # between two writings of the progress


def _work(request: MapRequest) -> int:
    """What the worker process does: compute, report, store."""
    last = 0.0

    def report(fraction: float, text: str, error: str | None = None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > SOONEST_SECONDS or fraction in (0.0, 1.0) or error:
            last = now
            write_progress(request, fraction, text, error)

    try:
        report(0.0, "Encoding the test images")
        checkpoint = find_checkpoint(request.checkpoint)
        if checkpoint.digest != request.digest:
            raise MapError(f"{request.checkpoint} has been trained anew; load the page again")
        source = source_points(checkpoint.folder, request)
        began = time.process_time()
        coordinates = embed(source.points, request, report)
        store_map(request, coordinates, round(time.process_time() - began, 3))
    except UserError as error:
        report(0.0, "", str(error))
        return 2
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        report(0.0, "", f"the map could not be computed ({reason}); the server's log has the whole story")
        raise
    progress_file(request).unlink(missing_ok=True)
    return 0


def main(arguments: list[str]) -> int:
    """``--maps NAME ...`` stores the maps of checkpoints; otherwise the argument is a request, as JSON."""
    if not arguments:
        print("usage: python -m vae_core.maps.worker --maps NAME ...", file=sys.stderr)
        return 2
    if arguments[0] != "--maps":
        return _work(MapRequest(**json.loads(arguments[0])))
    try:
        for name in arguments[1:]:
            make_maps_with_bar(name)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
