"""Endpoints of people and keys: owners only, every write audited."""

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection

from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.ids import uuid7
from queqiao.kernel.text import clean
from queqiao.operate import keys, users
from queqiao.operate.authentication import Authenticator
from queqiao.operate.calls import IDEMPOTENCY_KEY, actor_of, answer_once
from queqiao.operate.contracts import (
    KeyPatch,
    Keys,
    KeyView,
    NewKey,
    NewKeyView,
    NewUser,
    NewUserView,
    Operation,
    Services,
    UserPatch,
    Users,
    UserView,
)
from queqiao.operate.credentials import hash_password, random_bits
from queqiao.operate.sessions import issue_token
from queqiao.ports.records import audit
from queqiao.ports.records.differences import Difference, differences

_PEOPLE = ("users",)
_KEYS = ("keys",)


class PeopleDesk:
    """The resources ``users`` and ``keys``."""

    def __init__(self, services: Services, authenticator: Authenticator) -> None:
        self._records = services.records
        self._random = services.random
        self._authenticator = authenticator

    def operations(self) -> list[Operation]:
        """Return the operations of both resources."""
        return [*self._people(), *self._keys()]

    def _people(self) -> list[Operation]:
        path, one = "/api/v1/users", "/api/v1/users/{id}"
        everyone, add, amend = (
            Message("用户列表", "People who may sign in"),
            Message("添加用户", "Add a person"),
            Message("修改用户", "Change a person"),
        )
        return [
            Operation(Route("GET", path, self.list_users, everyone, "admin", None, Users, _PEOPLE)),
            Operation(
                Route("POST", path, self.add_user, add, "admin", NewUser, NewUserView, _PEOPLE),
                (IDEMPOTENCY_KEY,),
                201,
                audits=True,
            ),
            Operation(
                Route("PATCH", one, self.amend_user, amend, "admin", UserPatch, UserView, _PEOPLE),
                audits=True,
            ),
        ]

    def _keys(self) -> list[Operation]:
        path, one = "/api/v1/keys", "/api/v1/keys/{id}"
        everything, make, amend, revoke = (
            Message("密钥列表", "Keys"),
            Message("创建密钥，密文只显示一次", "Make a key; its secret is shown once"),
            Message("标明来源是否由服务器持有", "Say whether servers hold the keys of its source"),
            Message("吊销密钥", "Revoke a key"),
        )
        return [
            Operation(Route("GET", path, self.list_keys, everything, "admin", None, Keys, _KEYS)),
            Operation(
                Route("POST", path, self.make_key, make, "admin", NewKey, NewKeyView, _KEYS),
                (IDEMPOTENCY_KEY,),
                201,
                audits=True,
            ),
            Operation(
                Route("PATCH", one, self.mark_key, amend, "admin", KeyPatch, KeyView, _KEYS),
                audits=True,
            ),
            Operation(
                Route("DELETE", one, self.revoke_key, revoke, "admin", None, KeyView, _KEYS),
                audits=True,
            ),
        ]

    async def list_users(self, _request: Request) -> Response:
        """Return everyone by e-mail."""
        return json_response(Users(await self._records.read(users.everyone)))

    async def add_user(self, request: Request) -> Response:
        """Add a person; without a password, with a one-time token to hand to them."""
        wanted, actor = request.decode(NewUser), actor_of(request)
        hashed = await self._hashed(wanted.password)
        user_id = uuid7(request.now_us, random_bits(self._random))
        values = {
            "id": user_id,
            "email": users.checked_email(wanted.email),
            "name": clean(wanted.name, "name", 200),
            "role": wanted.role,
            "password_hash": hashed,
            "disabled": False,
            "created_at_us": request.now_us,
        }

        def add(conn: Connection) -> Response:
            users.add(conn, values)
            token = None
            if hashed is None:
                token = issue_token(conn, user_id, request.now_us, self._random)
            entry = audit.Entry("user.create", "user", user_id, f"role {wanted.role}")
            audit.note(conn, actor, entry, request.now_us)
            return json_response(NewUserView(users.view(users.find(conn, user_id)), token), 201)

        return await self._once(request, add, ("token",))

    async def amend_user(self, request: Request) -> Response:
        """Change a person. Raises NotFound and Refused (last owner)."""
        patch, actor = request.decode(UserPatch), actor_of(request)
        hashed, user_id = await self._hashed(patch.password), request.params["id"]

        def amend(conn: Connection) -> Response:
            before, after = users.amend(conn, user_id, patch, hashed)
            changed = list(differences(_shown(before), _shown(after)))
            if hashed is not None:
                changed.append(Difference("password", None, "changed"))
            entry = audit.Entry("user.amend", "user", user_id, after.name, tuple(changed))
            audit.note(conn, actor, entry, request.now_us)
            return json_response(after)

        return await self._once(request, amend)

    async def list_keys(self, _request: Request) -> Response:
        """Return all keys, newest first."""
        return json_response(Keys(await self._records.read(keys.everything)))

    async def make_key(self, request: Request) -> Response:
        """Make a key; the answer is the only place where its secret ever stands."""
        wanted, actor = request.decode(NewKey), actor_of(request)
        name = clean(wanted.name, "name", 200)
        what = keys.Wanted(name, wanted.scope, wanted.source, wanted.trusted)

        def make(conn: Connection) -> Response:
            made = keys.make(conn, what, actor, request.now_us, self._random)
            return json_response(NewKeyView(*made), 201)

        return await self._once(request, make, ("secret",))

    async def mark_key(self, request: Request) -> Response:
        """Say whether a key's source is trusted. Raises NotFound and InvalidInput."""
        actor, key_id = actor_of(request), request.params["id"]
        trusted = request.decode(KeyPatch).trusted

        def mark(conn: Connection) -> Response:
            view = keys.mark(conn, key_id, actor, request.now_us, trusted=trusted)
            return json_response(view)

        return await self._once(request, mark)

    async def revoke_key(self, request: Request) -> Response:
        """End a key. Raises NotFound."""
        actor, key_id = actor_of(request), request.params["id"]
        return await self._once(
            request, lambda conn: json_response(keys.revoke(conn, key_id, actor, request.now_us))
        )

    async def _hashed(self, password: str | None) -> str | None:
        if password is None:
            return None
        users.check_password(password)
        return await asyncio.to_thread(hash_password, password)

    async def _once(
        self,
        request: Request,
        work: Callable[[Connection], Response],
        secrets: tuple[str, ...] = (),
    ) -> Response:
        answer = await self._records.write(
            lambda conn: answer_once(request, conn, lambda: work(conn), secrets)
        )
        await self._authenticator.follow()
        return answer


def _shown(user: UserView) -> dict[str, object]:
    return {"name": user.name, "role": user.role, "disabled": user.disabled}
