"""The map of points: drawn by WebGL in the browser, with images, lasso, search and keyboard.

The component itself never changes, so that its program travels once. What it shows comes in parcels through hidden
mounts (``parcels.py`` packs, ``parcel.js`` reads), each of which travels again only when it changes: the points, their
maps, their colours, their images, and the state (which map, what is marked and selected).
"""

from ui.components.map.component import MapEvents, point_map
from ui.components.map.content import Background, Groups, Points, Values
from ui.components.map.parcels import FOLDER
from ui.components.map.props import CURRENT_POINT, Following, MapState, Mark, Parameter
from ui.components.map.selection import read_bits, write_bits
from ui.components.map.sending import (
    hidden,
    send_background,
    send_codes,
    send_colours,
    send_layouts,
    send_points,
    send_thumbnails,
)

__all__ = [
    "CURRENT_POINT",
    "FOLDER",
    "Background",
    "Following",
    "Groups",
    "MapEvents",
    "MapState",
    "Mark",
    "Parameter",
    "Points",
    "Values",
    "hidden",
    "point_map",
    "read_bits",
    "send_background",
    "send_codes",
    "send_colours",
    "send_layouts",
    "send_points",
    "send_thumbnails",
    "write_bits",
]
