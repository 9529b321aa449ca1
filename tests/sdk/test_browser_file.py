"""The files for browsers: small enough, and served so that browsers keep them."""

import gzip
from pathlib import Path

import httpx
import pytest
from bench.harness import System

from queqiao.collect.own_endpoints import Script
from queqiao.kernel.errors import NotFound
from queqiao.kernel.http import Request

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "sdk" / "browser" / "dist"
GZIPPED_BYTES_MAX = {"queqiao.js": 5_000, "places.js": 5_500}


@pytest.mark.parametrize("name", GZIPPED_BYTES_MAX)
def test_it_is_small(name: str) -> None:
    size = len(gzip.compress((BUILT / name).read_bytes(), 9))
    assert size <= GZIPPED_BYTES_MAX[name], f"{size} bytes"


@pytest.mark.system
@pytest.mark.parametrize("name", GZIPPED_BYTES_MAX)
def test_browsers_keep_it_and_ask_whether_it_changed(system: System, name: str) -> None:
    address = f"{system.base_url}/js/{name}"
    whole = httpx.get(address, headers={"accept-encoding": "identity"})
    zipped = httpx.get(address, headers={"accept-encoding": "gzip, br"})
    assert whole.content == zipped.content == (BUILT / name).read_bytes()
    assert whole.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "content-encoding" not in whole.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) <= GZIPPED_BYTES_MAX[name]
    assert zipped.headers["vary"] == "accept-encoding"
    assert zipped.headers["access-control-allow-origin"] == "*"
    assert "max-age=3600" in zipped.headers["cache-control"]
    tag = zipped.headers["etag"]
    for known in (tag, f'"x", {tag}', tag.removeprefix("W/")):
        again = httpx.get(address, headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert httpx.get(address, headers={"if-none-match": '"other"'}).status_code == 200
    head = httpx.head(address)
    assert (head.status_code, head.content) == (200, b"")


def test_it_says_when_it_was_not_built_and_sees_a_new_build(tmp_path: Path) -> None:
    file = tmp_path / "queqiao.js"
    script = Script(file)
    request = Request("GET", "/js/queqiao.js", {}, {}, {}, b"", "", 0)
    with pytest.raises(NotFound, match="make setup"):
        script.answer(request)
    file.write_text("one()")
    first = script.answer(request)
    file.write_text("another()")
    second = script.answer(request)
    assert (first.body, second.body) == (b"one()", b"another()")
    assert first.headers[0] != second.headers[0]
