"""What was checked is what is called: a name that changes its mind meanwhile gains nothing."""

import datetime as dt
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.reach.conftest import Receiver

from queqiao.reach.calling import Caller, ForbiddenAddressError

NAME = "receiver.example"
METADATA = "169.254.169.254"


class Fickle:
    """A name server that answers each question differently; the last answer stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def url_of(receiver: Receiver, scheme: str = "http") -> str:
    return f"{scheme}://{NAME}:{receiver.server.server_port}/hook?a=1"


async def test_the_address_that_was_checked_is_the_one_that_is_called(receiver: Receiver) -> None:
    resolve = Fickle(["127.0.0.1"], [METADATA])
    caller = Caller(5, resolve)
    assert await caller.post(url_of(receiver), b"{}", {}) == (204, "")
    assert resolve.asked == [NAME], "a second question could get another answer"
    ((headers, body),) = receiver.got
    assert (headers["host"], body) == (f"{NAME}:{receiver.server.server_port}", b"{}")
    with pytest.raises(ForbiddenAddressError):
        await caller.post(url_of(receiver), b"{}", {})
    assert len(receiver.got) == 1
    await caller.close()


@pytest.mark.parametrize("answer", [[], [METADATA], ["127.0.0.1", METADATA], ["fe80::1%lo"]])
async def test_one_forbidden_address_among_good_ones_forbids_the_call(
    receiver: Receiver, answer: list[str]
) -> None:
    caller = Caller(5, Fickle(answer))
    with pytest.raises(ForbiddenAddressError):
        await caller.post(url_of(receiver), b"{}", {})
    assert not receiver.got
    await caller.close()


async def test_the_next_address_is_tried_when_nobody_listens_at_the_first(
    receiver: Receiver,
) -> None:
    caller = Caller(5, Fickle(["127.0.0.2", "127.0.0.1"]))
    assert await caller.post(url_of(receiver), b"{}", {}) == (204, "")
    await caller.close()


def certificate(name: str, folder: Path) -> tuple[Path, bytes]:
    """Write a key and a certificate of a name; return the file and the certificate alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    shown = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "both.pem"
    file.write_bytes(private + shown)
    return file, shown


@pytest.fixture
def named() -> list[str | None]:
    """The names that clients asked for in their TLS handshakes."""
    return []


@pytest.fixture
def trust(receiver: Receiver, tmp_path: Path, named: list[Any]) -> ssl.SSLContext:
    """Put the receiver behind TLS as NAME; give a context that trusts its certificate."""
    both, shown = certificate(NAME, tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    plain = receiver.server.socket
    receiver.server.socket = context.wrap_socket(plain, server_side=True)
    return ssl.create_default_context(cadata=shown.decode())


async def test_over_tls_the_name_is_asked_for_and_verified(
    receiver: Receiver, trust: ssl.SSLContext, named: list[str | None]
) -> None:
    receiver.server.handle_error = lambda *_: None  # the client of the last call hangs up
    caller = Caller(5, Fickle(["127.0.0.1"]), trust)
    assert await caller.post(url_of(receiver, "https"), b"{}", {}) == (204, "")
    assert named == [NAME]
    other = f"https://other.example:{receiver.server.server_port}/"
    with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
        await caller.post(other, b"{}", {})
    await caller.close()
