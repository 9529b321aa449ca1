"""Stitching through the loader: its table, orders from the log, crashes, and erased people."""

import msgspec
import pytest
from tests.process.conftest import event

from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.process.stitching_events import MERGED, SEPARATED

TABLE = "SELECT offset, person_id, into_id, reason FROM stitches ORDER BY offset, person_id"


def says(at, *, user=None, anon=None, context=None, **traits):
    made = decode_envelope(event(None, at, user=user, anon=anon, kind="identify", context=context))
    made.traits = msgspec.Raw(msgspec.json.encode(traits))
    return encode_envelope(made)


def order(name, at, one, other, source="queqiao", **more):
    properties = {"id": one, "other": other, "users": [one, other], **more}
    made = decode_envelope(event(name, at, **properties))
    made.source = source
    return encode_envelope(made)


async def test_a_phone_makes_one_person_and_the_table_says_why(house) -> None:
    await house.load(
        event("A", 1, anon="d1"),
        says(2, user="app-7", phone="138 1234 5678"),
        says(3, anon="d1", mobile="+8613812345678"),
        says(4, user="pos-9", anon="d9", phone="13812345678", email="nobody"),
        event("A", 5, user="x", context={"traits": {"phone": "13800000000"}}),
        event("A", 6, user="y", context={"traits": {"phone": "13800000000"}}),
    )
    assert await house.ask(TABLE) == [[3, "d1", "app-7", "phone"], [4, "pos-9", "app-7", "phone"]]
    numbers = "SELECT person, `into` FROM stitches ORDER BY offset"
    assert await house.ask(numbers) == [[1, 2], [4, 2]]


async def test_a_device_is_known_again_by_its_advertising_id(house) -> None:
    ios = {"device": {"type": "iOS", "advertisingId": "6D92078A-8246-4BA4-AE5B-76104861E7DC"}}
    await house.load(
        event("A", 1, anon="install-1", context=ios),
        event("A", 2, anon="install-2", context=ios),
        event("A", 3, anon="install-1", user="ann", context=ios),
        event("A", 4, anon="install-2", user="bob", context=ios),
    )
    assert await house.ask(TABLE) == [
        [2, "install-2", "install-1", "idfa"],
        [3, "install-1", "ann", "login"],
        [3, "install-2", "ann", "login"],
        [4, "install-2", "bob", "login"],
    ]


async def test_what_a_person_does_not_allow_stitches_nobody(house) -> None:
    no = {"consent": {"categoryPreferences": {"personalization": False}}}
    await house.load(
        says(1, user="a", phone="13812345678"),
        says(2, user="b", phone="13812345678", context=no),
    )
    allowed = await house.ask("SELECT bitAnd(consent, 2) != 0 FROM events ORDER BY offset")
    found = await house.ask(TABLE)
    assert allowed == [[1], [0]]
    assert found == []


async def test_orders_from_the_log_are_obeyed_and_taken_back(house) -> None:
    await house.load(
        event("A", 1, user="a"),
        event("A", 2, user="b"),
        order(MERGED, 3, "a", "b"),
        order(SEPARATED, 4, "a", "b"),
        order(MERGED, 5, "a", "nobody"),
        order(MERGED, 6, "a", "b", source="web"),
    )
    assert await house.ask(TABLE) == [[3, "b", "a", "merge"], [4, "b", "b", "unmerge"]]
    assert await house.ask("SELECT offset, path FROM unprocessed") == [[5, "properties"]]
    assert await house.ask("SELECT offset FROM events ORDER BY offset") == [[1], [2], [6]]


@pytest.mark.parametrize("lost", ["checkpoint", "state"])
async def test_no_stitch_is_written_twice_after_a_crash(house, lost) -> None:
    said = [says(at, user=f"u{at % 5}", phone=f"1381234567{at % 3}") for at in range(30)]
    await house.load(*said[:20])
    await house.loader.close()
    if lost == "state":
        (house.folder / "process.sqlite").unlink()
    else:  # rows are in, the commit was cut off
        kept = (house.folder / "process.sqlite").read_bytes()
        house.loader = house.new_loader()
        await house.load(*said[20:])
        await house.loader.close()
        (house.folder / "process.sqlite").write_bytes(kept)
    house.loader = house.new_loader()
    await house.load(says(40, user="last", phone="13812345670"))
    once = await house.ask("SELECT count(), uniqExact(offset, person_id) FROM stitches")
    assert once[0][0] == once[0][1] > 3
