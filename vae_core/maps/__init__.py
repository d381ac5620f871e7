"""Maps of the test split's codes: asked for, computed in the background, and kept.

A map is asked for by a MapRequest, computed in a process of its own, and kept in a bounded cache on the disk. A
checkpoint may bring maps along; `python -m vae_core.maps.worker --maps NAME ...` makes them. This is the only door to
the package:

- ``ready_map(request, folder)``: the map that came along or is in the cache, or None
- ``start_job``, ``job_state``, ``cancel_job``: one that has yet to be computed
- ``quality_of(request, folder, codes, coordinates, labels)``, ``shepard(codes, coordinates)``
- ``seconds(request, folder)``: processor time that the map's computation took
- ``place(request, checkpoint, codes)``: where new codes lie; ``plane(request, checkpoint)``: PCA's mean and axes
"""

from vae_core.maps.bundled import BundledMap, bundled_map, bundled_requests, load_bundled, save_maps, usual_maps
from vae_core.maps.cache import cached_map, quality_of, ready_map, seconds
from vae_core.maps.jobs import JobState, cancel_job, job_state, start_job
from vae_core.maps.making import make_maps, make_maps_with_bar
from vae_core.maps.out_of_sample import EXACTLY, described, place, plane, settle
from vae_core.maps.quality import NEIGHBOURS, VOTERS, MapQuality, Shepard, measure, shepard
from vae_core.maps.quantise import quantise
from vae_core.maps.request import (
    LIBRARIES,
    METHODS,
    SOURCES,
    Library,
    MapError,
    MapRequest,
    Method,
    Source,
    usual_parameters,
    usual_request,
)
from vae_core.maps.sources import chosen_points, source_points

__all__ = [
    "EXACTLY",
    "LIBRARIES",
    "METHODS",
    "NEIGHBOURS",
    "SOURCES",
    "VOTERS",
    "BundledMap",
    "JobState",
    "Library",
    "MapError",
    "MapQuality",
    "MapRequest",
    "Method",
    "Shepard",
    "Source",
    "bundled_map",
    "bundled_requests",
    "cached_map",
    "cancel_job",
    "chosen_points",
    "described",
    "job_state",
    "load_bundled",
    "make_maps",
    "make_maps_with_bar",
    "measure",
    "place",
    "plane",
    "quality_of",
    "quantise",
    "ready_map",
    "save_maps",
    "seconds",
    "settle",
    "shepard",
    "source_points",
    "start_job",
    "usual_maps",
    "usual_parameters",
    "usual_request",
]
