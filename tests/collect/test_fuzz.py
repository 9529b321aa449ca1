"""Any bytes at any intake path: never a 5xx, and what is stored can be read back."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queqiao.collect.hot_endpoints import BATCH_PATHS, CALL_PATHS
from queqiao.kernel.envelope import publish

PATHS = st.sampled_from([*CALL_PATHS, *BATCH_PATHS])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
NAMES = st.sampled_from(
    "type event messageId message_id anonymousId userId user_id timestamp sentAt context traits "
    "properties groupId previousId name originalTimestamp writeKey batch".split()
)
CALLS = st.dictionaries(NAMES, ANYTHING | st.sampled_from(["track", "page", "u1"]))
JSON = st.one_of(
    ANYTHING, CALLS, st.fixed_dictionaries({"batch": st.lists(CALLS | ANYTHING, max_size=4)})
)
BODIES = st.one_of(
    st.binary(),
    JSON.map(lambda value: json.dumps(value).encode()),
    JSON.map(lambda value: json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")),
    st.sampled_from(
        [
            b"[" * 100_000,
            b'{"batch":' + b"[" * 100_000,
            b'{"batch":[{"type":"track","event":"E","userId":"u","properties":'
            + b'{"a":' * 80
            + b"1"
            + b"}" * 80
            + b"}]}",
            b'{"batch":[{"type":"page","userId":"u","traits":{"a":1e400}}]}',
            b'{"batch":[{"type":"page","userId":"\\u0000"}],"batch":[]}',
            b'{"userId":"u","event":"E","timestamp":99999999999999999999}',
        ]
    ),
)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=PATHS, body=BODIES)
def test_any_body(intake, client, path: str, body: bytes) -> None:
    answer = client.post(path, content=body)
    assert answer.status_code in {200, 400, 413}
    if answer.status_code == 200:
        for envelope in intake.envelopes()[-5:]:
            publish(envelope)
