"""What others see of reach: the webhook document and the deliveries made for it."""

from binascii import Error as Base64Error
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.keyring.base import is_sealed
from queqiao.reach.signature import new_secret, secret_bytes

HIDDEN_FIELDS = ("secret",)
"""Fields of a webhook that are shown once, in the answer to its creation."""
EVERY_EVENT = "*"

_SECRET_BYTES_MIN, _SECRET_BYTES_MAX = 24, 64
"""Bounds of a signing key in the Standard Webhooks specification."""


class WebhookDocument(msgspec.Struct, forbid_unknown_fields=True):
    """Where events are sent. ``events`` are names such as ``Order Completed``; ``*`` is every one.

    Without a ``secret`` the server makes one.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    url: Annotated[str, Meta(max_length=2_000)]
    events: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(min_length=1, max_length=100)
    ]
    secret: Annotated[str, Meta(max_length=200)] = ""

    def wants(self, event: str) -> bool:
        """Say whether the receiver asked for events of that name."""
        return event in self.events or EVERY_EVENT in self.events


DeliveryStatus = Literal["pending", "delivered", "failed"]


class Delivery(msgspec.Struct, frozen=True):
    """One message to one receiver, as the API shows it.

    ``error`` is a stable word (``timeout, connection, status, address, secret, erased``) or empty.
    """

    id: str
    webhook_id: str
    event: str
    event_offset: int
    status: DeliveryStatus
    attempts: int
    next_attempt_at: str | None
    response_status: int | None
    error: str
    created_at: str
    finished_at: str | None


class DeliveryPage(msgspec.Struct, frozen=True):
    """A page of deliveries, newest first."""

    items: list[Delivery]
    next_cursor: str | None = None


def check_webhook(document: WebhookDocument) -> None:
    """Raise InvalidInput for an address that cannot be called or a secret that cannot sign.

    A stored secret is sealed and was checked before; the door takes none that looks so.
    """
    _check_url(document.url)
    if document.secret and not is_sealed(document.secret):
        _check_secret(document.secret)


def secret_place(webhook_id: str) -> str:
    """Return the place for which a webhook's secret is sealed."""
    return f"{WEBHOOK.name}/{webhook_id}/secret"


def prepare_webhook(document: WebhookDocument, random: Callable[[int], bytes]) -> WebhookDocument:
    """Return the document with a secret, made of random bytes when it had none."""
    return msgspec.structs.replace(document, secret=document.secret or new_secret(random))


METADATA_ADDRESSES = ("100.100.100.200", "fd00:ec2::254", "168.63.129.16", "192.0.0.192")
"""Metadata services that are not link-local: Alibaba Cloud, AWS, Azure, Oracle Cloud."""
_NAT64 = ip_network("64:ff9b::/96")


def is_callable(address: str) -> bool:
    """Say whether an IP address may be called.

    Private ones may: receivers often stand in the same network. Link-local ones and the
    metadata services of clouds may not: they would give their secrets away.
    """
    found = _inner(ip_address(address.partition("%")[0]))
    if str(found) in METADATA_ADDRESSES:
        return False
    return not (found.is_link_local or found.is_multicast or found.is_unspecified)


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one carries (mapped, 6to4, NAT64), else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _check_url(url: str) -> None:
    message = Message(
        "应为 http 或 https 地址，例如 https://example.com/hook，不含用户名和密码",
        "write an http or https address such as https://example.com/hook, without user name",
    )
    problem = InvalidInput(FieldError("url", message))
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises when it is not a port
    except ValueError as error:
        raise problem from error
    printable = url.isprintable() and " " not in url
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or not printable:
        raise problem
    if _is_address(host) and not is_callable(host):
        message = Message("这个地址不允许调用", "this address may not be called")
        raise InvalidInput(FieldError("url", message))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _check_secret(secret: str) -> None:
    message = Message(
        "应为 whsec_ 加 24 到 64 字节的 base64", "write whsec_ and base64 of 24 to 64 bytes"
    )
    try:
        length = len(secret_bytes(secret))
    except (Base64Error, ValueError) as error:
        raise InvalidInput(FieldError("secret", message)) from error
    if not _SECRET_BYTES_MIN <= length <= _SECRET_BYTES_MAX:
        raise InvalidInput(FieldError("secret", message))


WEBHOOK = DocumentKind("webhook", "webhooks", WebhookDocument, check_webhook)
