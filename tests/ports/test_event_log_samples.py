"""Dictionaries hold nothing of a single person: of samples only what several share is left."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.ports.event_log import packer
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.samples import PEOPLE_MIN, shared


def body(person: str, **said: object) -> bytes:
    return json.dumps({"message_id": "m", "anonymous_id": person, **said}).encode()


def left(bodies: list[bytes]) -> bytes:
    return b"\n".join(shared(bodies))


def test_what_several_people_say_is_left() -> None:
    bodies = [body(f"p{n}-{n}", event="Viewed", note=f"of {n}", n=n) for n in range(PEOPLE_MIN)]
    for one in shared(bodies):
        said = json.loads(one)
        assert (said["message_id"], said["event"], said["note"][:3]) == ("m", "Viewed", "of ")
    numbers = [json.loads(one)["note"] for one in shared(bodies)]
    assert numbers != [f"of {n}" for n in range(PEOPLE_MIN)], "noise, and not what was said"


def test_too_few_people_leave_nothing() -> None:
    assert shared([body(f"p{n % (PEOPLE_MIN - 1)}", event="Viewed") for n in range(500)]) == []


def test_one_person_who_says_it_often_is_not_several() -> None:
    bodies = [body(f"p{n}", event="Viewed") for n in range(20)]
    bodies += [body("loud", secret="harbour street 12", harbour=1) for _ in range(50)]
    assert b"street" not in left(bodies)
    assert b"harbour" not in left(bodies)


def test_a_user_on_several_devices_is_one_person() -> None:
    bodies = [body(f"p{n}", event="Viewed") for n in range(20)]
    bodies += [body(f"d{n}", user_id="user", word="mine") for n in range(9)]
    bodies += [body(f"d{n}", word="mine") for n in range(9)]
    assert b"mine" not in left(bodies)


@pytest.mark.parametrize(
    "value",
    [
        "a@b.example", "a%40b.example", "13800001111", "138 0000 1111", "+1 (202) 555-01 23",
        13800001111,
    ],
)  # fmt: skip
def test_what_may_name_a_human_under_many_ids_is_never_left(value: object) -> None:
    said = str(value)
    bodies = [body(f"p{n}", event="Viewed", who=value, at={said: 1}) for n in range(50)]
    assert said.encode() not in left(bodies)
    assert b"b.example" not in left(bodies)
    assert b"Viewed" in left(bodies)


NESTED = b'{"user_id":"p","properties":%b%b}' % (b"[" * 1000, b"]" * 1000)


@pytest.mark.parametrize(
    "odd", [b"", b"{", b"\xff\xfe", b"[]", b"{}", b'{"user_id":7}', b"12", NESTED]
)
def test_a_body_that_is_nobodys_event_gives_nothing(odd: bytes) -> None:
    bodies = [body(f"p{n}", event="Viewed") for n in range(9)]
    assert shared([odd, *bodies]) == shared(bodies)


WORDS = st.text(st.characters(codec="utf-8"), max_size=12)


WORD = st.text(st.sampled_from("abé鹊桥"), min_size=3, max_size=6)


@given(st.lists(st.tuples(st.integers(0, 12), WORD, WORD), max_size=40))
def test_no_text_is_left_that_fewer_people_said(said: list[tuple[int, str, str]]) -> None:
    """The words are of letters of which noise has few, so that it does not say one by chance."""
    bodies = [
        json.dumps({"anonymous_id": f"{n}", key: 0, "v": {"w": value}}, ensure_ascii=False).encode()
        for n, key, value in said
    ]
    people: dict[str, set[int]] = {}
    for n, key, value in said:
        people.setdefault(key, set()).add(n)
        people.setdefault(value, set()).add(n)
    found = left(bodies).decode()
    for text, who in people.items():
        if not text.isascii():
            assert (f'"{text}"' in found) <= (len(who) >= PEOPLE_MIN)


async def test_no_file_of_a_log_holds_in_clear_what_one_person_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its events, a log is its ids, its names of sources and its dictionaries."""
    monkeypatch.setattr(packer, "SAMPLES", 200)
    chance = Random(5)
    log = EmbeddedEventLog(tmp_path)
    secrets = [f"{chance.choice('欧阳司马')}-{chance.getrandbits(40):x}" for _ in range(30)]
    for number in range(600):
        person = number % 30
        said = body(f"p{person}", event="Product Viewed", name=secrets[person], city="上海")
        await log.append([NewEvent("web", f"m{number}", said, bytes(8))])
    log.close()
    reader = EmbeddedEventLogReader(tmp_path)
    dictionaries = [one.dictionary for one in reader.records(0) if one.dictionary]
    reader.close()
    assert dictionaries
    for one in dictionaries:
        assert b"Product Viewed" in one
        assert "上海".encode() in one.replace(b"\\u4e0a\\u6d77", "上海".encode())
        assert [secret for secret in secrets if secret[2:].encode() in one] == []
