"""Adversarial values of each type, and calls of each function over columns of them."""

from itertools import product

from hypothesis import strategies as st

from queqiao.ports.compute.expression import Call, Column, Literal, call
from queqiao.ports.compute.functions import FUNCTIONS

EDGES = [0, 1, -1, 2, -2, -7, 7, 2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
FLOATS = [0.0, 1.5, -1.5, 0.1, 1e308, -1e308, 5e-324, 9007199254740993.0, 9.3e18, -9.3e18, 2.0**63]
TEXTS = [
    "", " ", "鹊桥", "鹊桥相会 618", "👩‍🚀", "é", "é", "İstanbul", "ß", "\t a \n", "　全角　",
    "a,b,,c",
    "aaa", "'; --\\", "true", "false", "TRUE", "0", "-7", "+5", "007", " 5", "5 ", "5\n", "٣",
    "1_000",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "00000000000000000000000012",
    "99999999999999999999999999999999", "1.5", "1e3", "1e400", "-0", "-0.0", ".5", "5.", "0x10",
    "NaN",
    "inf", "9007199254740993", "0.1", "2.2250738585072011e-308",
    "2026-06-18T00:00:00Z", "2026-06-18T08:00:00.123456+08:00", "2026-06-18T08:00:00.5-03:30",
    "2026-02-29T00:00:00Z", "2024-02-29T23:59:59Z", "2026-06-18", "2026-06-18T24:00:00Z",
    "2026-06-18T23:59:60Z", "1969-12-31T23:59:59Z", "2100-01-01T00:00:00Z",
    "2099-12-31T23:59:59.999999Z",
    "2026-06-18T00:00:00+14:30", "0000-01-01T00:00:00Z", "2026-06-18T00:00:00z",
]  # fmt: skip
DOCUMENTS = [
    '{"a":"鹊桥","b":{"c":7}}', '{"a":"x","a":"y"}', '{"a":[1,"二",{"c":true}]}', '{"a":1.0}',
    '{"a":1e3}',
    '{"a":9223372036854775807}', '{"a":9223372036854775808}', '{"a":18446744073709551616}',
    '{"a":-0}',
    '{"a":-0.0}', '{"a":0.1}', '{"a":1e400}', '{"b":1e400,"a":1}', '{"a":NaN}', '{"a":null}',
    '{"a":true}',
    '{"a":"\\ud83d\\ude00"}', '{"a":"\\ud83d"}', '{"b":["\\ude00"],"a":1}', '{"a":"\\u0000"}',
    '{"a":01}',
    '{"a":"\t"}', '{"a":1} x', '{"a":1,', "[1,2]", '["x",{"a":"y"}]', "7", "", " ", '{"a":false}',
    "null",
    '{"a":"123456789012345678901234567890"}', '{"a":123456789012345678901234567890}',
    '{"a":{"b":[]}}',
]  # fmt: skip
DST_US = [
    1_541_300_399_999_999, 1_541_300_400_000_000,  # midnight is skipped in São Paulo
    1_762_063_200_000_000, 1_762_066_800_000_000,  # one o'clock comes twice in New York
    1_773_039_600_000_000, 1_773_043_199_999_999,  # two o'clock is skipped in New York
    1_743_866_999_999_999, 1_743_867_000_000_000,  # half an hour comes twice on Lord Howe
    1_325_239_200_000_000, 1_325_239_199_999_999,  # Apia leaves out a day
    1_781_740_800_000_000, 1_781_711_999_999_999,  # 18 June begins in UTC, in Shanghai
]  # fmt: skip
TIMES = [0, 1, -1, 59_999_999, 4_102_444_799_999_999, 4_102_444_800_000_000, *DST_US]
ZONES = [
    "Asia/Shanghai", "UTC", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
    "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "Europe/London",
]  # fmt: skip
CONSTANTS = {
    "unit": ["minute", "hour", "day", "week", "month"],
    "part": ["minute", "hour", "day", "weekday", "month", "year"],
    "zone": ZONES,
    "path": ["a", "b.c", "a.0", "a.1", "a.2.c", "0", "1.a", "a.b.0"],
    "constant": ["a", "aa", ",", "鹊", "\u200d", "'", "\\"],
}

plain_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
VALUES = {
    "bool": st.booleans(),
    "int": st.sampled_from(EDGES) | st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9),
    "float": st.sampled_from(FLOATS)
    | st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0),
    "text": st.sampled_from(TEXTS) | plain_text | st.sampled_from(DOCUMENTS),
    "time": st.sampled_from(TIMES) | st.integers(0, 4_102_444_799_999_999),
}
COLUMNS = {
    "bool_1": "bool", "bool_2": "bool", "int_1": "int", "int_2": "int", "float_1": "float",
    "float_2": "float", "text_1": "text", "text_2": "text", "time_1": "time", "time_2": "time",
}  # fmt: skip
LITERALS = {"bool": True, "int": -7, "float": 0.5, "text": "鹊桥", "time": 1_541_300_400_000_000}

rows = st.lists(
    st.fixed_dictionaries({name: st.none() | VALUES[kind] for name, kind in COLUMNS.items()}),
    min_size=1,
    max_size=25,
)


def calls_of(name: str) -> list[Call]:
    """Return calls of a function: every signature, every constant, columns and literals."""
    made = []
    for signature in FUNCTIONS[name].signatures:
        for one in ("bool", "int", "float", "text", "time") if _generic(signature) else ("int",):
            choices = [
                _choices(p.removesuffix("…"), place, one)
                for place, p in enumerate(signature.parameters)
            ]
            if signature.parameters[-1].endswith("…"):
                choices += [_choices(signature.parameters[-1][:-1], 1, one)]
            made += [Call(name, arguments) for arguments in product(*choices)]
    return made


def _generic(signature) -> bool:
    return any(p.removesuffix("…") in {"T", "each"} for p in signature.parameters)


def _choices(parameter: str, place: int, one: str) -> list:
    if parameter in CONSTANTS:
        return [Literal("text", value) for value in CONSTANTS[parameter]]
    kind = one if parameter in {"T", "each"} else parameter
    return [Column(f"{kind}_{1 + place % 2}")]


def with_literals(name: str) -> list[Call]:
    """Return calls in which all or the last arguments are literals."""
    made = []
    for plain in calls_of(name):
        swapped = tuple(
            a if isinstance(a, Literal) else Literal(COLUMNS[a.name], LITERALS[COLUMNS[a.name]])
            for a in plain.arguments
        )
        nulls = tuple(
            a if isinstance(a, Literal) else Literal(COLUMNS[a.name], None) for a in plain.arguments
        )
        made += [
            Call(name, swapped),
            Call(name, nulls),
            Call(name, (*plain.arguments[:-1], swapped[-1])),
            Call(name, (swapped[0], *plain.arguments[1:])),
        ]
    return made


def nested(kind: str):
    """Return a strategy of trees of a type, three deep, over the columns."""
    leaves = st.sampled_from([Column(n) for n, k in COLUMNS.items() if k == kind]) | VALUES[
        kind
    ].map(lambda value: Literal(kind, value))
    return leaves | st.sampled_from(_TREES[kind]).flatmap(
        lambda shape: st.builds(
            lambda *parts: call(shape[0], *parts),
            *(st.deferred(lambda k=k: _inner(k)) if k in VALUES else st.just(literal_of(k))
              for k in shape[1:]),
        )
    )  # fmt: skip


def _inner(kind: str):
    leaves = st.sampled_from([Column(n) for n, k in COLUMNS.items() if k == kind])
    shapes = [s for s in _TREES[kind] if all(k in VALUES for k in s[1:])]
    deeper = st.sampled_from(shapes).flatmap(
        lambda shape: st.builds(
            lambda *parts: call(shape[0], *parts),
            *(
                st.sampled_from([Column(n) for n, have in COLUMNS.items() if have == k])
                for k in shape[1:]
            ),
        )
    )
    return leaves | deeper


def literal_of(text: str) -> Literal:
    """Return a constant of a shape."""
    return Literal("text", text)


_TREES = {
    "bool": [
        ("and", "bool", "bool", "bool"), ("or", "bool", "bool"), ("not", "bool"), ("less", "int",
        "int"),
        ("equal", "text", "text"), ("same", "time", "time"), ("is_null", "float"), ("greater",
        "text", "text"),
    ],
    "int": [
        ("add", "int", "int"), ("multiply", "int", "int"), ("modulo", "int", "int"), ("length",
        "text"),
        ("floor_divide", "int", "int"), ("if", "bool", "int", "int"), ("to_int", "text"), ("to_us",
        "time"),
        ("hash64", "text", "int", "float", "bool", "time"), ("coalesce", "int", "int"), ("to_int",
        "float"),
    ],
    "float": [
        ("add", "float", "float"), ("divide", "float", "float"), ("to_float", "int"), ("to_float",
        "text"),
        ("if", "bool", "float", "float"), ("least", "float", "float"),
    ],
    "text": [
        ("concat", "text", "text"), ("substring", "text", "int", "int"), ("to_text", "int"),
        ("trim", "text"),
        ("date_text", "time", "Asia/Shanghai"), ("to_text", "time"), ("if", "bool", "text", "text"),
        ("upper_ascii", "text"), ("null_if", "text", "text"),
    ],
    "time": [
        ("add_time", "time", "int"), ("truncate_time", "time", "day", "America/Sao_Paulo"),
        ("to_time", "text"), ("to_time", "int"), ("greatest", "time", "time"),
    ],
}  # fmt: skip
