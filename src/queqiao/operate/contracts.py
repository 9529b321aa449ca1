"""What wiring and clients see of operate: an operation of the console's API and its shapes."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import FieldError, Message
from queqiao.kernel.http import Role, Route
from queqiao.kernel.tokens import Signer
from queqiao.operate.credentials import RandomBytes
from queqiao.ports.keyring.base import Keyring
from queqiao.ports.records.base import Records
from queqiao.ports.records.differences import Difference
from queqiao.ports.records.documents import Stored

KeyScope = Literal["admin", "intake", "decide", "exchange", "cards", "read"]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Parameter(msgspec.Struct, frozen=True):
    """A query parameter or header of an operation, for the OpenAPI document.

    One whose place is ``body`` is a body that is not JSON, and its name the media type of that.
    """

    name: str
    summary: Message
    type: Any = str
    place: Literal["query", "header", "body"] = "query"
    required: bool = False


class Operation(msgspec.Struct, frozen=True):
    """A route of the console with what else the OpenAPI document must say.

    ``audits`` tells that the handler writes the audit row of its write itself, in the transaction
    of the write; otherwise the application adds a plain one when the handler has succeeded.
    """

    route: Route
    parameters: tuple[Parameter, ...] = ()
    status: int = 200
    audits: bool = False


class Danger(msgspec.Struct, frozen=True):
    """Why it is dangerous to have a document live, as it is shown: where in it, and the words."""

    path: str
    zh: str
    en: str


class Handling(msgspec.Struct, frozen=True):
    """What one document kind asks of the generic router beyond its own ``check``.

    - ``check_live(document, conn)`` raises InvalidInput or Refused before a document goes live or
      changes while it is; it runs in the transaction of the write.
    - ``check_change(stored, conn)`` does the same for what only the document's history tells.
    - ``dangers(stored, conn)`` says what makes it dangerous to have the document live: then another
      person has to allow it.
    - ``prepare(document, random)`` fills what the server makes, such as a secret.
    - ``hidden`` names top-level fields that are shown once, in the answer to the creation.
    - ``keyring`` seals the hidden fields before they are stored.
    """

    check_live: Callable[[Any, Connection], None] | None = None
    prepare: Callable[[Any, RandomBytes], Any] | None = None
    hidden: tuple[str, ...] = ()
    keyring: Keyring | None = None
    dangers: Callable[[Stored, Connection], Sequence[FieldError]] | None = None
    check_change: Callable[[Stored, Connection], None] | None = None


class Services(msgspec.Struct, frozen=True):
    """What the console's API works with. ``random`` gives random bytes."""

    records: Records
    signer: Signer
    clock: Clock
    random: RandomBytes


class UserView(msgspec.Struct, frozen=True):
    """A person as the API shows them."""

    id: str
    email: str
    name: str
    role: Role
    disabled: bool
    has_password: bool
    created_at: str


class SessionView(msgspec.Struct, frozen=True):
    """Who is signed in; writes carry the token in ``X-CSRF-Token``."""

    user: UserView
    csrf_token: str


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """Either e-mail and password, or a one-time token."""

    email: Annotated[str, Meta(max_length=254)] = ""
    password: Annotated[str, Meta(max_length=200)] = ""
    token: Annotated[str, Meta(max_length=200)] = ""


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    """A person to add. Without a password the answer holds a one-time token for them."""

    email: Annotated[str, Meta(max_length=254)]
    name: Name
    role: Role
    password: Annotated[str, Meta(max_length=200)] | None = None


class UserPatch(msgspec.Struct, forbid_unknown_fields=True):
    """What to change of a person; what is absent stays."""

    name: Name | None = None
    role: Role | None = None
    disabled: bool | None = None
    password: Annotated[str, Meta(max_length=200)] | None = None


class NewUserView(msgspec.Struct, frozen=True):
    """The person added, and the one-time token when they have no password."""

    user: UserView
    token: str | None


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """A key to make. ``source`` names the event source of an intake key.

    ``trusted``: a server of the shop holds it and nobody else sees it, so the orders and traits
    that it tells may decide prices. Never for a key in a page or an app.
    """

    name: Name
    scope: KeyScope
    source: Annotated[str, Meta(max_length=64, pattern=r"^[\w.-]*$")] = ""
    trusted: bool = False


class KeyPatch(msgspec.Struct, forbid_unknown_fields=True):
    """What to change of a key and of all others of its source."""

    trusted: bool


class KeyView(msgspec.Struct, frozen=True):
    """A key as the API shows it: never its secret, only the end of it."""

    id: str
    name: str
    scope: KeyScope
    source: str
    hint: str
    created_at: str
    created_by: str
    revoked_at: str | None
    trusted: bool = False


class NewKeyView(msgspec.Struct, frozen=True):
    """The key made. The secret is shown here and never again: null when a retry is answered."""

    key: KeyView
    secret: str | None


class AuditView(msgspec.Struct, frozen=True):
    """One row of the audit trail."""

    id: int
    at: str
    actor: str
    actor_name: str
    action: str
    target_kind: str
    target_id: str
    summary: str
    changes: list[Difference]
    address: str
    trace_id: str


class Users(msgspec.Struct, frozen=True):
    """A list of people."""

    items: list[UserView]
    next_cursor: str | None = None


class Keys(msgspec.Struct, frozen=True):
    """A list of keys."""

    items: list[KeyView]
    next_cursor: str | None = None


class AuditPage(msgspec.Struct, frozen=True):
    """A page of the audit trail, newest first."""

    items: list[AuditView]
    next_cursor: str | None = None
