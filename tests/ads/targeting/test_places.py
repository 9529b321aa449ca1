"""Cells never hide an area from a point in it, at the poles and over the date line too."""

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given, settings
from tests.ads.targeting import plain

from queqiao.decide.ads.targeting.geography import Circle, Point, cells_of, polygon
from queqiao.decide.ads.targeting.places import Places

POINTS = st.builds(
    Point,
    st.floats(-90, 90) | st.sampled_from([-90.0, 90.0, 0.0]),
    st.floats(-180, 180) | st.sampled_from([-180.0, 180.0, 179.99]),
)
RADII = st.floats(0.001, 20_000) | st.sampled_from([0.1, 5.0, 10_007.0])
CIRCLES = st.builds(Circle, POINTS, RADII)
NEAR = st.floats(-3, 3)


def on_earth(lat, lon):
    return Point(max(-90, min(90, lat)), (lon + 180) % 360 - 180)


@st.composite
def polygons(draw):
    lat, lon = draw(st.floats(-80, 80)), draw(st.floats(-180, 180))
    corners = draw(st.lists(st.tuples(NEAR, NEAR), min_size=3, max_size=6, unique=True))
    found = polygon([on_earth(lat + north, lon + east) for north, east in corners])
    assume(found is not None)
    return found


@settings(max_examples=300, deadline=None)
@given(
    st.lists(CIRCLES | polygons(), max_size=8),
    POINTS,
    st.lists(st.tuples(NEAR, NEAR), max_size=8),
)
def test_cells_find_every_area_that_holds_a_point(areas, anywhere, shifts):
    places = Places(areas)
    boxes = [area.box() for area in areas]
    close = [on_earth(b.south + n, b.west + e) for b, (n, e) in zip(boxes, shifts, strict=False)]
    for point in (anywhere, *close, *(a.centre for a in areas if isinstance(a, Circle))):
        expected = [number for number, area in enumerate(areas) if area.holds(point)]
        assert sorted(places.holding(point)) == expected


@settings(max_examples=300, deadline=None)
@given(CIRCLES, POINTS)
def test_a_circle_holds_what_is_no_farther_than_its_radius(circle, point):
    arc_km = plain.arc_km(point._asdict(), circle.centre._asdict())
    assume(abs(arc_km - circle.radius_km) > 0.2)
    assert circle.holds(point) == (arc_km < circle.radius_km)


@settings(max_examples=200, deadline=None)
@given(CIRCLES | polygons())
def test_an_area_stands_in_few_cells_and_in_each_once(area):
    cells = list(cells_of(area))
    assert len(cells) == len(set(cells))
    assert 0 < len(cells) <= 36


def test_corners_and_edges_belong_to_a_polygon():
    square = polygon([Point(0, 0), Point(0, 10), Point(10, 10), Point(10, 0)])
    for lat, lon in ((0, 0), (10, 10), (0, 5), (5, 0), (10, 3), (3, 10)):
        assert square.holds(Point(lat, lon))
    for lat, lon in ((-0.001, 5), (10.001, 5), (5, -0.001), (5, 10.001)):
        assert not square.holds(Point(lat, lon))


@pytest.mark.parametrize("lons", [(0, 120, -120), (0, 90, 180, -90)])
def test_a_line_round_a_pole_is_no_polygon(lons):
    assert polygon([Point(80, lon) for lon in lons]) is None
