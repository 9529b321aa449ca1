"""Hostile requests: bodies, header lines and targets that must be refused in peace.

``MARK`` is in every text that a lazy error message might repeat.
"""

import gzip
import json
from typing import Any, NamedTuple

MARK = "ecH0-5a1f"
JSON = {"content-type": "application/json"}
_DEEP = 100_000


class Hostile(NamedTuple):
    """One hostile request; ``target`` is put behind the path. ``big``: sent once, not per key."""

    name: str
    body: bytes = b""
    headers: dict[str, bytes | str] = JSON  # type: ignore[assignment]  # never written to
    target: str = ""
    big: bool = False


def _bomb() -> bytes:
    return gzip.compress(bytes(200_000_000), 9)


def bodies() -> list[Hostile]:
    """Return hostile bodies."""
    mark = MARK.encode()
    every = {"name": MARK, "id": MARK, "batch": [], "document": {}, "cart": {}, "email": MARK}
    plain: dict[str, bytes] = {
        "empty": b"",
        "null": b"null",
        "text": b'"%b"' % mark,
        "number": b"12",
        "list": b"[]",
        "object": b"{}",
        "unknown fields": json.dumps(every).encode(),
        "wrong types": json.dumps({key: [[MARK]] for key in every}).encode(),
        "not json": b"<xml>%b</xml>" % mark,
        "half": b'{"name": "%b' % mark,
        "two values": b"{} {}",
        "lone surrogate": b'{"name": "\\ud800%b", "batch": [{"event": "\\udfff"}]}' % mark,
        "lone surrogate as key": b'{"\\udc00%b": 1}' % mark,
        "1e400": b'{"batch": [1e400], "n": 1e400, "name": -1e400, "document": 1e400}',
        "NaN": b'{"name": NaN, "batch": [NaN], "n": Infinity}',
        "NUL": b'{"name": "\\u0000%b", "id": "\\u0000", "batch": ["\\u0000"]}' % mark,
        "raw NUL": b'{"name": "\x00%b"}' % mark,
        "invalid UTF-8": b'{"name": "\xff\xfe%b", "\xc3\x28": 1}' % mark,
        "UTF-16": '{"name": "x"}'.encode("utf-16"),
        "byte order mark": b"\xef\xbb\xbf{}",
        "duplicate keys": b'{"name": 1, "name": "%b", "id": 1, "id": {}, "batch": 1, "batch": []}'
        % mark,
        "huge number": b'{"n": 1%b, "limit": 1%b}' % (b"0" * 5_000, b"0" * 5_000),
        "deep lists": b"[" * _DEEP + b"]" * _DEEP,
        "deep objects": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
        "deep below a field": b'{"document":' + b"[" * _DEEP + b"]" * _DEEP + b"}",
        "deep in a batch": b'{"batch":[{"properties":'
        + b'{"a":' * _DEEP
        + b"1"
        + b"}" * _DEEP
        + b"}]}",
        "open brackets": b"[" * _DEEP,
    }
    return [Hostile(name, body) for name, body in plain.items()]


def batches() -> list[Hostile]:
    """Return bodies whose one event is hostile: the batch is taken, the event is a bad row."""
    values = [b"1e400", b'"\\ud800"', b'"\\u0000"', b"[" * 500 + b"]" * 500, b"9" * 400, b'"x"']
    found = []
    for value in values:
        for part in (b"properties", b"messageId", b"timestamp", b"context", b"userId", b"event"):
            call = b'{"type":"track","event":"E","userId":"u","%b":%b}' % (part, value)
            found.append(Hostile(f"{part.decode()} {value[:9]!r}", b'{"batch":[%b]}' % call))
    return found


def headers() -> list[Hostile]:
    """Return hostile header lines, each with an innocent body."""
    lines: dict[str, dict[str, bytes | str]] = {
        "no content type": {},
        "wrong content type": {"content-type": f"text/{MARK}"},
        "xml": {"content-type": "application/xml"},
        "form": {"content-type": "application/x-www-form-urlencoded"},
        "multipart without boundary": {"content-type": "multipart/form-data"},
        "charset that is none": {"content-type": f"application/json; charset={MARK}"},
        "content type of bytes": {"content-type": b"\xff\xfe/\x80"},
        "zipped that is not": {**JSON, "content-encoding": "gzip"},
        "unknown encoding": {**JSON, "content-encoding": MARK},
        "long header": {**JSON, "x-long": "x" * 60_000},
        "longer header": {**JSON, "x-long": "x" * 200_000},
        "many headers": {**JSON, **{f"x-{n}": "y" for n in range(900)}},
        "header of bytes": {**JSON, "x-bytes": b"\xff\x80\x01", "accept-language": b"\xff\xe4"},
        "if-match": {**JSON, "if-match": MARK * 9},
        "idempotency key": {**JSON, "idempotency-key": "\xe4" * 300},
        "cookie": {**JSON, "cookie": "queqiao_session=" + MARK * 99},
        "broken cookie": {**JSON, "cookie": b'queqiao_session="\xff\\777;;==;'},
        "csrf": {**JSON, "x-csrf-token": b"\xff"},
        "clock": {**JSON, "queqiao-now": MARK},
        "forwarded": {**JSON, "x-forwarded-for": "1" * 900},
    }
    return [Hostile(name, b"{}", given) for name, given in lines.items()]


def authorizations() -> list[Hostile]:
    """Return hostile credentials."""
    said: list[bytes | str] = [
        "", "Bearer", "Bearer ", f"Bearer {MARK}", "Bearer qq_admin_" + "A" * 5_000, "Basic",
        "Basic !!!!", "Basic " + "QQ" * 999, "Basic /////w==", "Basic Og==", b"Bearer \xff\xfe",
        "Digest x", "bearer a b c", b"Basic \x80",
    ]  # fmt: skip
    return [
        Hostile(f"authorization {n}", b"{}", {**JSON, "authorization": value})
        for n, value in enumerate(said)
    ]


def targets() -> list[Hostile]:
    """Return hostile ends of a target: queries and tails of the path."""
    tails = [
        "?", "?&&&=&=", f"?limit={MARK}", "?limit=-1", "?limit=" + "9" * 400, "?limit=1e9",
        "?limit=%D9%A1", f"?cursor={MARK}", "?cursor=%00", "?cursor=" + "A" * 4_000,
        f"?dry_run={MARK}", "?query=%FF%FE", "?query=%ED%A0%80", "?query=%00", "?query=%",
        "?query=%zz", "?after=-1", "?after=99999999999999999999", f"?after={MARK}", "?from=x",
        f"?from={MARK}", "?from=" + "9" * 30, f"?format={MARK}", f"?status={MARK}", "?status=%00",
        "?message_id=%ED%A0%80", "?message_id=" + "x" * 5_000, f"?prefix={MARK}%25_", "?prefix=%00",
        "?user=%00", f"?user={MARK}", "?campaign=%00", f"?currency={MARK}", "?currency=%00",
        "?" + "&".join(f"a{n}=1" for n in range(200)), f"?event={MARK}%00", "?state=%F0%9F%98%80",
        f"?to={MARK}", "?actor='%20OR%201=1--", "?category=%00", "?webhook=%ED%B0%80",
        "/", f"/{MARK}", "/%00",
        "%20", "%0d%0a", ";x=1", "/%2e%2e/%2e%2e", "//", "/..;/", "/%FF", "/%",
    ]  # fmt: skip
    return [Hostile(f"target {tail[:30]}", b"{}", JSON, tail) for tail in tails]


def big() -> list[Hostile]:
    """Return what is heavy to send."""
    bomb = _bomb()
    zipped = {**JSON, "content-encoding": "gzip"}
    return [
        Hostile("gzip bomb", bomb, zipped, big=True),
        Hostile("10 MB of spaces", b" " * 10_000_000, big=True),
        Hostile("10 MB of text", b'{"name": "' + b"x" * 10_000_000 + b'"}', big=True),
    ]


def path_values() -> list[str]:
    """Return hostile values of a path's parameter, percent-encoded as they go over the wire."""
    return [
        MARK, "%00", "%FF%FE", "%ED%A0%80", "%", "%zz", "..", "%2e%2e%2fetc", "x" * 5_000, "%0A",
        "%F0%9F%98%80", "'%22%3B--", "-1", "9" * 60, "%7B%7D", "null", "%E2%80%AE",
    ]  # fmt: skip


RAW: dict[str, bytes] = {
    "nothing but noise": b"\x00\xff\x16\x03\x01\x02\x00\x01" * 40 + b"\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100a5010000a10303") + b"\x00" * 120,
    "no version": b"GET /\r\n\r\n",
    "wrong version": b"GET / HTTP/9.9\r\n\r\n",
    "unknown method": b"BREW /v1/batch HTTP/1.1\r\nhost: q\r\n\r\n",
    "a method of bytes": b"\xff\xfe / HTTP/1.1\r\nhost: q\r\n\r\n",
    "negative length": b"POST /v1/batch HTTP/1.1\r\nhost: q\r\ncontent-length: -1\r\n\r\n",
    "length that is none": b"POST /v1/batch HTTP/1.1\r\nhost: q\r\ncontent-length: ten\r\n\r\n",
    "two lengths": b"POST /v1/b HTTP/1.1\r\nhost: q\r\ncontent-length: 2\r\n"
    b"content-length: 3\r\n\r\n{}",
    "length and chunks": b"POST /v1/b HTTP/1.1\r\nhost: q\r\ncontent-length: 2\r\n"
    b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "broken chunks": b"POST /api/v1/reports/query HTTP/1.1\r\nhost: q\r\n"
    b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a chunk too huge": b"POST /api/v1/reports/query HTTP/1.1\r\nhost: q\r\n"
    b"transfer-encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
    "header without a colon": b"GET / HTTP/1.1\r\nhost q\r\n\r\n",
    "header with a NUL": b"GET / HTTP/1.1\r\nhost: q\r\nx: a\x00b\r\n\r\n",
    "space in the target": b"GET /api/v1/ events HTTP/1.1\r\nhost: q\r\n\r\n",
    "bytes in the target": b"GET /\xff\xfe/\x80 HTTP/1.1\r\nhost: q\r\n\r\n",
    "an absolute target": b"GET http://elsewhere/api/v1/events HTTP/1.1\r\nhost: q\r\n\r\n",
    "CONNECT": b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: q\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nhost: q\r\n\r\n",
    "an upgrade": b"GET /api/v1/events HTTP/1.1\r\nhost: q\r\nconnection: upgrade\r\n"
    b"upgrade: websocket\r\nsec-websocket-key: eA==\r\nsec-websocket-version: 13\r\n\r\n",
    "endless header": b"GET / HTTP/1.1\r\nhost: q\r\nx: " + b"y" * 300_000,
    "endless target": b"GET /" + b"y" * 300_000,
    "many small lines": b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000,
}
"""What is sent over a connection of its own, byte for byte."""


def described(value: Any) -> str:
    """Return the start of something, for a failure's text."""
    return repr(value)[:300]
