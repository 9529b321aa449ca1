"""Uploads: parts on disk, torn ones gone on from, nothing but the promised content."""

from hashlib import sha256

import pytest

from queqiao.collect import uploads
from queqiao.collect.uploads import EXPIRES_AFTER_US, NewUpload, Uploads
from queqiao.kernel.errors import Conflict, InvalidInput, NotFound, TooLarge

BODY = bytes(range(256)) * 10
NOW_US = 4_000_000_000_000_000


def asked(body: bytes = BODY) -> NewUpload:
    return NewUpload("f.csv", len(body), sha256(body).hexdigest())


def test_parts_may_come_again_and_go_on_after_a_torn_one(tmp_path) -> None:
    desk = Uploads(tmp_path / "uploads")
    upload_id = desk.create(asked(), "x", NOW_US).id
    assert desk.create(asked(), "y", NOW_US).id == upload_id, "the same content, the same upload"
    desk.append(upload_id, 0, BODY[:100])
    with (tmp_path / "uploads" / upload_id / "data").open("ab") as torn:
        torn.write(BODY[100:137])  # written, and killed before the answer
    desk = Uploads(tmp_path / "uploads")
    assert desk.get(upload_id).offset == 137
    assert desk.append(upload_id, 0, BODY[:100]).offset == 137
    with pytest.raises(Conflict):
        desk.append(upload_id, 200, BODY[200:300])
    with pytest.raises(TooLarge):
        desk.append(upload_id, 137, BODY[137:] + b"x")
    with pytest.raises(Conflict):
        desk.path(upload_id)
    assert desk.append(upload_id, 137, BODY[137:]).complete
    assert desk.path(upload_id).read_bytes() == BODY


def test_other_content_than_promised_is_dropped(tmp_path) -> None:
    desk = Uploads(tmp_path / "uploads")
    upload_id = desk.create(asked(), "x", NOW_US).id
    with pytest.raises(InvalidInput, match="content"):
        desk.append(upload_id, 0, b"?" * len(BODY))
    with pytest.raises(NotFound):
        desk.get(upload_id)


def test_number_and_age_are_bounded(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(uploads, "UPLOADS_MAX", 2)
    desk = Uploads(tmp_path / "uploads")
    for name in ("a", "b"):
        desk.create(NewUpload(name, 1), name, NOW_US)
    with pytest.raises(Conflict):
        desk.create(NewUpload("c", 1), "c", NOW_US)
    later = NOW_US + EXPIRES_AFTER_US + 1
    assert desk.create(NewUpload("c", 1), "c", later).id == "c"
    for name in ("../x", "", "a", "b/..", "x" * 65):
        with pytest.raises(NotFound):
            desk.get(name)
