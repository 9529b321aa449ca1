"""What others see of reach: the webhook document and the deliveries made for it."""

from binascii import Error as Base64Error
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from queqiao.kernel.callable_addresses import check_url
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
    check_url(document.url, "url")
    if document.secret and not is_sealed(document.secret):
        _check_secret(document.secret)


def secret_place(webhook_id: str) -> str:
    """Return the place for which a webhook's secret is sealed."""
    return f"{WEBHOOK.name}/{webhook_id}/secret"


def prepare_webhook(document: WebhookDocument, random: Callable[[int], bytes]) -> WebhookDocument:
    """Return the document with a secret, made of random bytes when it had none."""
    return msgspec.structs.replace(document, secret=document.secret or new_secret(random))


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
