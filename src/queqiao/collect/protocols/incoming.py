"""From what a foreign client sent to calls for the door, each with an id that a retry repeats."""

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b

from queqiao.collect.contracts import Protocol
from queqiao.collect.protocols.reading import encode
from queqiao.collect.protocols.translators import TRANSLATORS
from queqiao.collect.taking import Incoming
from queqiao.kernel.errors import InvalidInput, Message, TooLarge

_HOUR_US = 3_600_000_000
_DIGEST_BYTES = 16
CALLS_BYTES_MAX = 32_000_000
"""Bound of a request's calls after translation."""
_TOO_LARGE = Message(
    f"转换后最多 {CALLS_BYTES_MAX} 字节", f"at most {CALLS_BYTES_MAX} bytes after translation"
)


def incoming_calls(
    protocol: Protocol, originals: Sequence[bytes], received_at_us: int
) -> list[list[Incoming]]:
    """Return the calls of each of a request's messages.

    A message without an id gets one from its content, so that a client's retry is told from a new
    event: equal messages of one request are counted apart, and one that does not say its time is
    told from an equal one of another hour. Raises TooLarge when they grow too much in translation.
    """
    seen: Counter[bytes] = Counter()
    groups: list[list[Incoming]] = []
    room = CALLS_BYTES_MAX
    for original in originals:
        calls = list(_of(protocol, original, received_at_us, seen))
        room -= sum(len(bytes(call.body)) for call in calls)
        if room < 0:
            raise TooLarge(_TOO_LARGE)
        groups.append(calls)
    return groups


def _of(
    protocol: Protocol, original: bytes, received_at_us: int, seen: Counter[bytes]
) -> Iterator[Incoming]:
    try:
        calls = TRANSLATORS[protocol](original)
    except InvalidInput as refusal:
        own_id = _derived(protocol, original, received_at_us // _HOUR_US, seen)
        yield Incoming(
            original, original=original, protocol=protocol, own_id=own_id, refusal=refusal
        )
        return
    for part, call in enumerate(calls):
        body = encode(call)
        derived = None
        if "messageId" not in call:
            hour = None if "timestamp" in call else received_at_us // _HOUR_US
            derived = _derived(protocol, body, hour, seen)
        yield Incoming(body, None, original, protocol, part, derived)


def _derived(protocol: str, content: bytes, hour: int | None, seen: Counter[bytes]) -> str:
    digest = blake2b(b"%d:" % (hour or 0), digest_size=_DIGEST_BYTES)
    digest.update(content)
    first = digest.digest()
    seen[first] += 1
    suffix = f"-{seen[first]}" if seen[first] > 1 else ""
    return f"{protocol}-{first.hex()}{suffix}"
