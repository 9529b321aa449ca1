"""Secrets from before there was a keyring are sealed at the next start, once, and still open."""

from pathlib import Path
from secrets import token_bytes

from sqlalchemy import select

from queqiao.ports.keyring.local_key import LocalKey
from queqiao.ports.records import documents
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Edit
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.records.tables import document_revisions
from queqiao.ports.records.tables import documents as table
from queqiao.reach.contracts import WEBHOOK, WebhookDocument, secret_place
from queqiao.wiring.webhooks import seal_plain

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The example secret of the Standard Webhooks documents."""
EDIT = Edit(Actor("u", "u"), 1)


def bodies(conn) -> list[str]:
    return [
        body
        for found in (table, document_revisions)
        for body in conn.execute(select(found.c.body)).scalars()
    ]


def test_plain_secrets_are_sealed_in_every_revision(tmp_path: Path) -> None:
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    keyring = LocalKey(b"k" * 32, token_bytes)
    hook = WebhookDocument("hook", "http://127.0.0.1:9/", ["*"], SECRET)
    records.write_now(lambda conn: documents.create(conn, WEBHOOK, "w", hook, EDIT))
    records.write_now(lambda conn: documents.transition(conn, WEBHOOK, "w", "live", EDIT))
    assert all(SECRET in body for body in records.read_now(bodies))
    assert records.write_now(lambda conn: seal_plain(conn, keyring)) == 3
    assert not any(SECRET in body for body in records.read_now(bodies))
    assert records.write_now(lambda conn: seal_plain(conn, keyring)) == 0
    (live,) = records.read_now(lambda conn: documents.live(conn, WEBHOOK))
    assert keyring.open(live.document.secret, secret_place("w")) == SECRET
    records.close()
