"""How a plume lies along its transport: needs a wind and pixel corners, no background and no rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from so2plumes.emissions.ladder import TransportWind
from so2plumes.emissions.pixels import ALONG_AXIS_ELONGATION, LocalPlane, local_plane, plume_axis, transport_direction

if TYPE_CHECKING:
    from so2plumes.plumes.chips import Chip


@dataclass(frozen=True)
class Along:
    """A plume along its transport.

    Attributes
    ----------
    plane : LocalPlane
    direction : (2,) unit vector east, north
        Along which the plume is measured.
    wind_vs_axis_deg : float
        Angle between the wind and the plume's axis, 0 to 90.
    along_axis : bool
        The direction is that of the axis, not that of the wind.
    length_m : float
        Extent of the mask in that direction, pixel corners included.
    """

    plane: LocalPlane
    direction: NDArray[np.floating]
    wind_vs_axis_deg: float
    along_axis: bool
    length_m: float


def along_transport(chip: Chip, wind: TransportWind) -> Along | None:
    """Return how a plume lies along its transport, None without pixel areas or without a moving wind."""
    if not wind.moving or "area_m2" not in chip.fields or not chip.has_corners:
        return None
    plane, area = local_plane(chip), chip["area_m2"].ravel().astype(float)
    inside = chip.mask.ravel() & np.isfinite(plane.x_m) & np.isfinite(area)
    if not inside.any():
        return None
    axis, elongation = plume_axis(plane.x_m[inside], plane.y_m[inside], area[inside])
    found = transport_direction(axis, elongation, wind.mean_east_m_s, wind.mean_north_m_s)
    if found is None:
        return None
    direction, angle = found
    reach = (plane.bounds_x_m * direction[0] + plane.bounds_y_m * direction[1])[inside]
    middle = (plane.x_m * direction[0] + plane.y_m * direction[1])[inside]
    half = np.abs(reach - middle[:, None]).max(axis=1)
    length_m = float((middle + half).max() - (middle - half).min())
    return Along(plane, direction, angle, elongation >= ALONG_AXIS_ELONGATION, length_m)
