"""Maps of their own for places anywhere on the Earth."""

from __future__ import annotations

import numpy as np
import pytest

from so2plumes.figures.maps import framed_view, view_of


@pytest.mark.parametrize(("longitude", "latitude"), [(179.9, -17.0), (20.0, 85.0), (-120.0, -60.0), (0.0, 0.0)])
def test_a_framed_view_has_its_aspect_and_holds_its_points(longitude, latitude):
    rng = np.random.default_rng(1)
    lon = (longitude + rng.normal(0, 3, 40) + 180) % 360 - 180
    lat = latitude + rng.normal(0, 1.5, 40)
    view = framed_view(lon, lat, 1.7)
    assert view.aspect == pytest.approx(1.7, rel=1e-6)
    x, y = view.xy(lon, lat)
    assert (np.abs(x) <= view.project(view.east, 0.0)[0]).all()
    assert ((y >= view.south) & (y <= view.north)).all()


def test_a_framed_view_of_nothing_or_everything_is_the_earth():
    assert framed_view([], [], 1.7).is_global
    assert framed_view([-120.0, 0.0, 120.0], [-70.0, 0.0, 70.0], 1.7).is_global


def test_places_around_a_pole_have_a_map_of_their_own():
    assert not view_of([0.0, 90.0], [85.0, 85.0]).is_global
    assert view_of([0.0, 90.0], [10.0, 10.0]).is_global
    assert view_of([0.0, 72.0, 144.0, 216.0, 288.0], [88.0] * 5).is_global
