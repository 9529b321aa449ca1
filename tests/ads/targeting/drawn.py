"""Random expressions and attributes: few names and values, so that much of it matches."""

import hypothesis.strategies as st

from queqiao.kernel.clock import HOUR_US, MINUTE_US, parse_rfc3339

FIELDS = ["segments", "channel", "tags", "age", "device.os", "attributes.x"]
VALUES = st.sampled_from(
    ["a", "b", "CN", "CN-44", "CN-44-GZ", 1, 1.0, 2, 18, 18.5, True, False, ""]
)
LISTS = st.lists(VALUES, min_size=1, max_size=4)
NUMBERS = st.sampled_from([-1, 0, 1, 1.5, 2, 17, 18, 18.5, 19])
NAMES = st.lists(st.sampled_from(["a", "CN", "CN-44", "b/c"]), min_size=1, max_size=3)
KEYWORDS = st.lists(
    st.sampled_from(["绿茶", "茶", "green tea", "Tea", "tea 茶", "iPhone 15"]),
    min_size=1,
    max_size=3,
)
TEXTS = st.sampled_from(["绿茶 礼盒", "Green  TEA", "好绿茶,tea茶", "iphone15", "iPhone-15 壳", ""])
PLACES = st.sampled_from(
    [(31.23, 121.47), (31.3, 121.5), (22.54, 114.06), (0.01, 179.98), (0.02, -179.97), (89.9, 10.0)]
).map(lambda place: {"lat": place[0], "lon": place[1]})
CIRCLES = st.builds(
    lambda place, radius: {**place, "radius_km": radius},
    PLACES,
    st.sampled_from([0.5, 5, 12.25, 300, 9_000, 20_000]),
)
POLYGONS = st.builds(
    lambda lat, lon, size: [
        {"lat": lat, "lon": lon},
        {"lat": lat + size, "lon": lon + size / 3},
        {"lat": lat - size / 2, "lon": lon + size},
    ],
    st.sampled_from([31.2011, 22.5013, -10.007]),
    st.sampled_from([121.4017, 114.0019]),
    st.sampled_from([0.037, 0.531, 11.03]),
)
TIMES = st.sampled_from(["00:00", "06:30", "09:15", "22:00", "23:59"])
DATES = st.sampled_from(["2026-06-17", "2026-06-18", "2026-06-19"])
WINDOWS = st.fixed_dictionaries(
    {},
    optional={
        "from_time": TIMES,
        "until_time": TIMES | st.just("24:00"),
        "weekdays": st.lists(st.integers(1, 7), min_size=1, max_size=4),
        "from_date": DATES,
        "until_date": DATES,
    },
).filter(
    lambda w: (
        w.get("from_time", "00:00") != w.get("until_time", "24:00")
        and w.get("from_date", "0") <= w.get("until_date", "9")
    )
)
GRIDS = st.lists(st.text("01", min_size=48, max_size=48), min_size=7, max_size=7).filter(
    lambda days: "1" in "".join(days)
)
ZONES = st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC"])


def clause(fields, op, values):
    return st.fixed_dictionaries({"field": fields, "op": st.sampled_from(op), "value": values})


FIELD = st.sampled_from(FIELDS)
CLAUSES = st.one_of(
    clause(FIELD, ["in", "not_in", "one_of", "none_of", "all_of"], LISTS),
    clause(FIELD, ["=", "!="], VALUES),
    clause(FIELD, ["<", "<=", ">", ">="], NUMBERS),
    clause(FIELD, ["between"], st.tuples(NUMBERS, NUMBERS).map(sorted)),
    clause(FIELD, ["exists"], st.booleans()),
    clause(FIELD, ["under"], NAMES),
    clause(st.just("keywords"), ["exact", "phrase"], KEYWORDS),
    clause(st.just("geo"), ["in_radius"], CIRCLES),
    clause(st.just("geo"), ["in_polygon"], POLYGONS),
    clause(st.just("now"), ["in_windows"], st.lists(WINDOWS, min_size=1, max_size=2)),
    st.fixed_dictionaries(
        {"field": st.just("now"), "op": st.just("in_grid"), "value": GRIDS, "timezone": ZONES}
    ),
    clause(
        st.just("frequency"),
        ["below"],
        st.fixed_dictionaries({"counter": st.sampled_from("pq"), "limit": st.integers(1, 3)}),
    ),
)
EXPRESSIONS = st.recursive(
    CLAUSES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: {"and": parts}),
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: {"or": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=12,
)
SEEN = VALUES | st.lists(VALUES, max_size=4) | st.none()
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "segments": SEEN,
        "channel": SEEN,
        "tags": SEEN,
        "age": SEEN,
        "device": st.fixed_dictionaries({}, optional={"os": SEEN}),
        "attributes": st.fixed_dictionaries({}, optional={"x": SEEN}),
        "keywords": TEXTS | st.lists(TEXTS, max_size=2),
        "geo": PLACES,
        "frequency": st.dictionaries(st.sampled_from("pq"), st.integers(0, 3)),
    },
)
NOW_US = st.builds(
    lambda hours, minutes: (
        parse_rfc3339("2026-06-17T00:00:00Z") + hours * HOUR_US + minutes * MINUTE_US
    ),
    st.integers(0, 72),
    st.integers(0, 59),
)
