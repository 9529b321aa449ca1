"""Our Python client against the running system, and against one that fails as it is told to."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from queqiao_client import (
    Client,
    Closed,
    InvalidEvent,
    Refused,
    SpoolBroken,
    SpoolFull,
    Unreachable,
)

ROOT = Path(__file__).parents[2]
WHEN = datetime(2026, 6, 18, 10, 0, 0, 123456, tzinfo=UTC)


def made(endpoint, folder: Path, **options) -> Client:
    """Return a client that tells its errors to a list, and makes haste."""
    errors = options.pop("errors", [])
    options.setdefault("chance", random.Random(1))
    return Client(
        "key", endpoint.url, spool=folder, flush_every_s=0.001, on_error=errors.append, **options
    )


def numbers(events) -> list[int]:
    return [event["properties"]["number"] for event in events]


@pytest.mark.system
@pytest.mark.parametrize("gzip", [False, True])
def test_every_call_arrives_as_it_was_said(system, stored, tmp_path: Path, gzip: bool) -> None:
    name, key = f"Shelf Looked At {gzip}", system.intake_key
    context = {"channel": "pos"}
    with Client(key, system.base_url, spool=tmp_path, gzip=gzip, context=context) as queqiao:
        queqiao.identify("u-1", {"plan": "金牌"}, anonymous_id="a-1")
        queqiao.page(name, {"path": "/"}, user_id="u-1")
        queqiao.screen(name, {}, user_id="u-1")
        queqiao.group("g-1", {"name": "Initech"}, user_id="u-1")
        queqiao.alias("u-1", "a-1")
        said = queqiao.track(
            name,
            {"price": Decimal("18.99"), "text": "保温杯" * 400},
            anonymous_id="a-1",
            timestamp=WHEN,
            consent=["analytics"],
        )
    assert list(tmp_path.glob("*.spool")) == []
    page, screen, track = stored(name)
    assert [page.type, screen.type, track.type] == ["page", "screen", "track"]
    assert track.message_id == said
    assert track.timestamp_us == int(WHEN.timestamp() * 1_000_000)
    assert track.sent_at_us is not None
    assert track.anonymous_id == "a-1"
    assert json.loads(bytes(track.properties))["price"] == 18.99
    told = json.loads(bytes(track.context))
    assert told["channel"] == "pos"
    assert told["consent"]["categoryPreferences"] == {
        "analytics": True,
        "personalization": False,
        "advertising": False,
    }
    assert "consent" not in json.loads(bytes(page.context))


@pytest.mark.system
@pytest.mark.parametrize("durable", [False, True])
def test_kill_9_loses_nothing_and_doubles_nothing(
    system, stored, tmp_path: Path, durable: bool
) -> None:
    """A process is killed again and again in the middle of its work; each start goes on."""
    name = f"Sold Under Fire {durable}"
    command = [sys.executable, "tests/sdk/shop.py", system.intake_key, system.base_url]
    command += [str(tmp_path), name, "durable" if durable else "quick"]
    paths = os.pathsep.join([str(ROOT / "sdk" / "python" / "src")])
    dice, said = random.Random(7), []
    for _ in range(4):
        shop = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE
        )
        wanted = dice.randrange(50, 400)
        said += [shop.stdout.readline().decode().strip() for _ in range(wanted)]
        shop.kill()
        said += shop.stdout.read().decode().split("\n")[:-1]
        shop.wait()
        shop.stdout.close()
    with Client(system.intake_key, system.base_url, spool=tmp_path) as queqiao:
        assert queqiao.flush(30)
    counts = Counter(envelope.message_id for envelope in stored(name))
    assert len(said) == len(set(said)) >= 200
    assert [one for one in said if counts[one] != 1] == []
    assert max(counts.values()) == 1
    # One that was being written when the process died may have arrived: no more than that.
    assert len(counts) - len(said) <= 4


def test_retry_after_is_honoured_and_the_order_kept(endpoint, tmp_path: Path) -> None:
    answers = iter([(503, {"retry-after": "1"}), (429, {})])
    endpoint.decide = lambda _: next(answers, (200, {}))
    errors: list[Unreachable] = []
    with made(endpoint, tmp_path, errors=errors, batch_events_max=10) as client:
        for number in range(25):
            client.track("Sold", {"number": number}, user_id="u")
        assert client.flush(20)
    assert endpoint.asked_at_s[1] - endpoint.asked_at_s[0] >= 1.0, "the flush waits as well"
    assert [error.status for error in errors] == [503, 429]
    assert numbers(endpoint.taken) == list(range(25))
    assert endpoint.requests[0]["authorization"] == "Basic a2V5Og=="


def test_an_endpoint_that_is_not_there_yet(endpoint, tmp_path: Path) -> None:
    """Refused connections cost nothing; a new client of the same folder sends what waits."""
    errors: list[Unreachable] = []
    nowhere = Client("key", "http://127.0.0.1:9", spool=tmp_path, on_error=errors.append)
    nowhere.track("Sold", {"number": 1}, user_id="u")
    assert nowhere.flush(0.5) is False
    assert nowhere.close(0.1) is False
    assert errors[0].status == 0
    with pytest.raises(Closed):
        nowhere.track("Sold", user_id="u")
    made(endpoint, tmp_path).close()
    assert numbers(endpoint.taken) == [1]
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_refused_for_ever_is_set_aside(endpoint, tmp_path: Path) -> None:
    endpoint.decide = lambda batch: (400, {}) if 13 in numbers(batch) else (200, {})
    errors: list[Refused] = []
    with made(endpoint, tmp_path, errors=errors) as client:
        for number in range(20):
            client.track("Sold", {"number": number}, user_id="u")
    assert numbers(endpoint.taken) == [n for n in range(20) if n != 13]
    (error,) = errors
    aside = (tmp_path / "refused.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["properties"]["number"] for line in aside] == [13]
    assert aside == [error.body]


def until_full(client: Client) -> int:
    """Track until the spool is full; return how many events it took."""
    for number in range(1_000):
        try:
            client.track("Sold", {"number": number}, user_id="u")
        except SpoolFull:
            return number
    raise AssertionError("the spool has no end")


def test_a_full_spool_says_so_and_takes_again_later(endpoint, tmp_path: Path) -> None:
    endpoint.decide = lambda _: (503, {})
    client = made(endpoint, tmp_path, spool_bytes_max=20_000)
    taken = until_full(client)
    with pytest.raises(SpoolFull, match="20000 bytes"):
        client.track("Sold", {"number": taken}, user_id="u")
    assert sum(file.stat().st_size for file in tmp_path.glob("*.spool")) <= 20_000
    endpoint.decide = lambda _: (200, {})
    assert client.flush(20)
    client.track("Sold", {"number": taken}, user_id="u")
    assert client.close()
    assert numbers(endpoint.taken) == list(range(taken + 1))


def test_a_torn_end_and_a_damaged_line(endpoint, tmp_path: Path) -> None:
    """What a power cut left half is passed over; what is whole arrives; the damage is told."""
    endpoint.decide = lambda _: (503, {})
    client = made(endpoint, tmp_path)
    for number in range(4):
        client.track("Sold", {"number": number}, user_id="u")
    assert client.close(0.3) is False
    (file,) = tmp_path.glob("*.spool")
    lines = file.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"Sold", b"Said")
    file.write_bytes(b"".join(lines)[:-7])
    endpoint.decide = lambda _: (200, {})
    errors: list[Exception] = []
    made(endpoint, tmp_path, errors=errors).close()
    assert numbers(endpoint.taken) == [0, 2]
    assert "2 lines" in str(errors[0])
    assert list(tmp_path.iterdir()) == []


def test_durable_means_the_disk_has_it(endpoint, tmp_path: Path, monkeypatch) -> None:
    """Without a sync ``track`` does not return; a failed one is told, and the file left alone."""
    synced: list[int] = []
    sync = os.fdatasync

    def watched(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        sync(descriptor)

    monkeypatch.setattr(os, "fdatasync", watched)
    client = made(endpoint, tmp_path, durable=True)
    endpoint.decide = lambda _: (503, {})
    client.track("Sold", {"number": 0}, user_id="u")
    (file,) = tmp_path.glob("*.spool")
    assert synced == [file.stat().st_size]

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(SpoolBroken):
        client.track("Sold", {"number": 1}, user_id="u")
    monkeypatch.setattr(os, "fdatasync", watched)
    client.track("Sold", {"number": 2}, user_id="u")
    assert len(list(tmp_path.glob("*.spool"))) == 2
    endpoint.decide = lambda _: (200, {})
    assert client.close()
    assert numbers(endpoint.taken) == [0, 1, 2]


def test_many_threads_share_a_client(endpoint, tmp_path: Path) -> None:
    client = made(endpoint, tmp_path, durable=True)

    def work(thread: int) -> None:
        for number in range(100):
            client.track("Sold", {"number": thread * 100 + number}, user_id="u")

    threads = [threading.Thread(target=work, args=(one,)) for one in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.close(30)
    assert sorted(numbers(endpoint.taken)) == list(range(800))


def test_a_forked_worker_has_files_and_a_thread_of_its_own(endpoint, tmp_path: Path) -> None:
    client = made(endpoint, tmp_path)
    client.track("Sold", {"number": 0}, user_id="u")
    child = os.fork()
    if child == 0:
        client.track("Sold", {"number": 1}, user_id="u")
        os._exit(0 if client.close() else 1)
    client.track("Sold", {"number": 2}, user_id="u")
    assert os.waitpid(child, 0)[1] == 0
    assert client.close()
    assert sorted(numbers(endpoint.taken)) == [0, 1, 2]
    assert len({event["messageId"] for event in endpoint.taken}) == 3


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({}, "user_id or anonymous_id"),
        ({"user_id": "u", "timestamp": datetime(2026, 6, 18)}, "time zone"),  # noqa: DTZ001  # the fault
        ({"user_id": "u", "properties": {"x": float("nan")}}, "JSON"),
        ({"user_id": "u", "properties": {"x": object()}}, "object"),
        ({"user_id": "u", "properties": {"x": "\ud800"}}, "JSON"),
        ({"user_id": "u", "properties": {"x": Decimal("0.12345678901234567890")}}, "minor"),
        ({"user_id": "u", "properties": {"x": "x" * 500_001}}, "bytes"),
        ({"user_id": "u", "consent": ["everything"]}, "analytics"),
    ],
)
def test_what_cannot_be_sent_is_refused_at_once(endpoint, tmp_path: Path, said, named) -> None:
    with made(endpoint, tmp_path) as client, pytest.raises(InvalidEvent, match=named):
        client.track("Sold", **said)
    assert endpoint.taken == []


def test_the_end_of_a_program_sends_what_waits(endpoint, tmp_path: Path) -> None:
    """A script that forgets ``close`` sends at its exit."""
    lines = (
        "from queqiao_client import Client",
        f"client = Client('key', {endpoint.url!r}, spool={str(tmp_path)!r}, flush_every_s=9)",
        "client.track('Sold', {'number': 5}, user_id='u')",
    )
    paths = str(ROOT / "sdk" / "python" / "src")
    began_s = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": paths}
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, env=environment)
    assert numbers(endpoint.taken) == [5]
    assert time.monotonic() - began_s < 9
