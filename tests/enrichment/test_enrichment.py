"""What an event tells beyond its words: each part by golden cases."""

import json
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from queqiao.kernel.envelope import Envelope
from queqiao.process.enrichment.address import normal, stored
from queqiao.process.enrichment.clock import happened_us
from queqiao.process.enrichment.context import Context, read_context
from queqiao.process.enrichment.enricher import COLUMNS, UNKNOWN, Enricher
from queqiao.process.enrichment.region import Regions, described, open_regions
from queqiao.process.enrichment.traffic import CHANNELS, traffic_of
from queqiao.process.enrichment.user_agent import read_agent

CASES = Path(__file__).parents[1] / "cases" / "enrichment"


def cases(name: str) -> list:
    found = json.loads((CASES / name).read_text("utf-8"))
    return [pytest.param(*case[1:], id=case[0]) for case in found]


def context(**parts) -> Context:
    return read_context(msgspec.Raw(msgspec.json.encode(parts)))


@pytest.mark.parametrize(("given", "wanted"), cases("clock.json"))
def test_the_time_of_a_wrong_clock_is_mended(given, wanted) -> None:
    seconds = {name: None if s is None else s * 1_000_000 for name, s in given.items()}
    assert happened_us(*seconds.values()) == tuple(s * 1_000_000 for s in wanted)


moments = st.integers(0, 4 * 10**15)


@given(said=moments, sent=st.none() | moments, received=moments)
def test_a_mended_time_is_never_in_the_future(said, sent, received) -> None:
    us, skew = happened_us(said, sent, received)
    assert us == said + skew
    if skew:
        assert 0 <= us <= received


@pytest.mark.parametrize(("agent", "wanted"), cases("user_agents.json"))
def test_user_agents(agent, wanted) -> None:
    assert list(read_agent(agent)) == wanted


@given(st.text(max_size=2_000))
def test_any_text_is_read_as_some_agent(text) -> None:
    assert read_agent(text).device_class in {
        "",
        "bot",
        "tv",
        "tablet",
        "mobile",
        "desktop",
        "other",
    }


@pytest.mark.parametrize(("parts", "browser", "wanted"), cases("traffic.json"))
def test_where_a_visit_comes_from(parts, browser, wanted) -> None:
    found = traffic_of(context(**parts), browser)
    assert [found.referrer_domain, found.channel, found.source] == wanted


@given(url=st.text(max_size=100), referrer=st.text(max_size=100), medium=st.text(max_size=20))
def test_any_addresses_give_some_channel(url, referrer, medium) -> None:
    parts = {"page": {"url": "https://" + url, "referrer": "https://" + referrer}}
    found = traffic_of(context(**parts, campaign={"medium": medium}), "")
    assert found.channel in {"", *CHANNELS}


def test_campaign_tags_are_taken_from_the_sdk_or_the_address() -> None:
    url = "https://shop.cn/?utm_source=baidu&utm_medium=cpc&utm_campaign=%E5%8F%8C11&utm_term=%E8%8C%B6&bd_vid=1"
    found = traffic_of(context(page={"url": url}, campaign={"content": "a"}), "")
    assert found.tags == ("baidu", "cpc", "双11", "茶", "a", "bd_vid")


@pytest.mark.parametrize(
    ("address", "truncated"),
    [("203.0.113.77", "203.0.113.0"), (" 203.0.113.77 ", "203.0.113.0"),
     ("::ffff:203.0.113.77", "203.0.113.0"), ("2001:DB8:85a3:8d3:1319::7348", "2001:db8:85a3::"),
     ("203.0.113.77:443", ""), ("home", ""), ("", "")],
)  # fmt: skip
def test_addresses_are_cut(address, truncated) -> None:
    assert stored(normal(address), "truncated") == truncated
    assert stored(normal(address), "none") == ""


def database(folder: Path) -> Path:
    """Write a small database in the layout of the usual files."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-City")
    hangzhou = {
        "country": {"iso_code": "CN"},
        "subdivisions": [{"iso_code": "ZJ", "names": {"en": "Zhejiang", "zh-CN": "浙江"}}],
        "city": {"names": {"en": "Hangzhou", "zh-CN": "杭州"}},
    }
    writer.insert_network(IPSet(["203.0.113.0/24"]), hangzhou)
    writer.insert_network(IPSet(["198.51.100.0/24"]), {"country": "US", "region": "Oregon"})
    writer.insert_network(IPSet(["2001:db8::/32"]), {"country": {"iso_code": "DE"}})
    file = folder / "regions.mmdb"
    writer.to_db_file(str(file))
    return file


def test_regions_by_a_file_of_the_operators(tmp_path) -> None:
    regions = Regions(database(tmp_path))
    assert regions.of("203.0.113.77") == ("CN", "CN-ZJ", "杭州")
    assert regions.of("198.51.100.1") == ("US", "Oregon", "")
    assert regions.of("2001:db8::1") == ("DE", "", "")
    assert regions.of("192.0.2.1") == ("", "", "")
    assert "Test-City" in described(tmp_path / "regions.mmdb")


def test_without_a_good_file_there_are_no_regions(tmp_path) -> None:
    bad = tmp_path / "bad.mmdb"
    bad.write_bytes(b"not a database")
    for file in (None, bad, tmp_path / "absent.mmdb"):
        assert open_regions(file).of("203.0.113.77") == ("", "", "")
    with pytest.raises(OSError, match="MaxMind"):
        described(bad)


def envelope(**parts) -> Envelope:
    raw = msgspec.Raw(msgspec.json.encode(parts))
    return Envelope("m", "track", 1_000, 2_000, "web", "E", context=raw)


def enriched(enricher: Enricher, event: Envelope) -> SimpleNamespace:
    values = enricher.enrich(event, read_context(event.context))
    return SimpleNamespace(**dict(zip(COLUMNS, values, strict=True)))


@pytest.mark.parametrize(
    ("storage", "kept"), [("full", "203.0.113.77"), ("truncated", "203.0.113.0"), ("none", "")]
)
def test_no_more_of_an_address_is_kept_than_set_and_the_region_is_known_all_the_same(
    tmp_path, storage, kept
) -> None:
    event = envelope(ip="203.0.113.77", page={"url": "https://a.cn/", "host": "203.0.113.77"})
    found = enriched(Enricher(database(tmp_path), storage), event)
    assert (found.ip, found.city) == (kept, "杭州")
    written = msgspec.json.decode(event.context)
    assert (written["ip"], written["page"]["host"]) == (kept, kept)


def test_an_address_written_with_escapes_is_cut_too() -> None:
    event = envelope()
    event.context = msgspec.Raw(b'{"ip":"203\\u002e0.113.77","a":1}')
    assert enriched(Enricher(), event).ip == "203.0.113.0"
    assert msgspec.json.decode(event.context) == {"ip": "203.0.113.0", "a": 1}


def test_the_address_of_the_call_stands_in_for_one_that_is_not_said() -> None:
    event = envelope(userAgent="curl/8")
    event.client_ip = "198.51.100.9"
    assert enriched(Enricher(), event).ip == "198.51.100.0"


def test_robots_are_marked_by_their_agent_or_by_what_drives_them() -> None:
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"
    assert enriched(Enricher(), envelope(userAgent="Baiduspider/2.0")).is_bot
    assert enriched(Enricher(), envelope(userAgent=chrome, webdriver=True)).is_bot
    assert not enriched(Enricher(), envelope(userAgent=chrome, webdriver=False)).is_bot


def test_an_event_without_a_context_is_left_as_it_is() -> None:
    event = envelope()
    assert Enricher().enrich(event, read_context(event.context)) is UNKNOWN


def test_a_part_of_a_wrong_type_does_not_hide_the_others() -> None:
    found = context(channel=7, userAgent="curl/8", page="x", campaign={"source": 1}, ip="1.2.3.4")
    assert (found.channel, found.page, found.campaign) == (None, None, None)
    assert (found.user_agent, found.ip) == ("curl/8", "1.2.3.4")
