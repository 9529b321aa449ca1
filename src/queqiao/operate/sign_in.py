"""Signing in and out: by password or by a token that works once; slow for who guesses."""

import asyncio
from typing import Any

from sqlalchemy import Connection

from queqiao.kernel.errors import FieldError, InvalidInput, Message, Unauthenticated
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.operate import sessions, users
from queqiao.operate.authentication import Authenticator, cookies_in
from queqiao.operate.calls import actor_of, trace_of
from queqiao.operate.contracts import Operation, Services, SessionView, SignIn, UserView
from queqiao.operate.credentials import password_matches
from queqiao.operate.throttle import Throttle
from queqiao.ports.records import audit
from queqiao.ports.records.audit import Actor, Entry

PATH = "/api/v1/session"
ACCOUNT_FAILURES_MAX = 5
ADDRESS_FAILURES_MAX = 30
HASHES_AT_ONCE = 2
"""Each takes 19 MiB and a core for a moment: a flood of sign-ins must not take the machine."""
_REFUSED = Message("邮箱或密码不对", "e-mail or password is wrong")
_TOKEN_REFUSED = Message("令牌无效或已用过", "the token is not valid or was used")
_TAGS = ("session",)


class SignInDesk:
    """The session resource of the console."""

    def __init__(
        self, services: Services, authenticator: Authenticator, *, secure_cookie: bool
    ) -> None:
        self._services = services
        self._authenticator = authenticator
        self._secure = "; Secure" if secure_cookie else ""
        self._accounts = Throttle(ACCOUNT_FAILURES_MAX)
        self._addresses = Throttle(ADDRESS_FAILURES_MAX)
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)

    def operations(self) -> list[Operation]:
        """Return the operations of the session resource."""
        words = Message(
            "登录：邮箱和密码，或一次性令牌", "Sign in: e-mail and password, or a token"
        )
        return [
            Operation(
                Route(
                    "POST", PATH, self.sign_in, words, "public", SignIn, SessionView, _TAGS, 10_000
                ),
                audits=True,
            ),
            Operation(
                Route(
                    "GET",
                    PATH,
                    self.show,
                    Message("当前登录", "Who is signed in"),
                    "read",
                    None,
                    SessionView,
                    _TAGS,
                )
            ),
            Operation(
                Route(
                    "DELETE", PATH, self.sign_out, Message("退出", "Sign out"), "read", tags=_TAGS
                ),
                status=204,
                audits=True,
            ),
        ]

    async def sign_in(self, request: Request) -> Response:
        """Open a session. Raises Unauthenticated and TooManyRequests."""
        wanted = request.decode(SignIn)
        if wanted.token:
            return await self._by_token(request, wanted.token)
        if not wanted.email or not wanted.password:
            message = Message("写邮箱和密码，或 token", "give e-mail and password, or token")
            raise InvalidInput(FieldError("email", message))
        return await self._by_password(request, wanted)

    async def _by_token(self, request: Request, token: str) -> Response:
        address, now_us = request.client, request.now_us
        self._addresses.check(address, now_us)
        self._addresses.fail(address, now_us)
        try:
            answer = await self._open(request, lambda conn: sessions.use_token(conn, token, now_us))
        except Unauthenticated as error:
            await self._note_refusal(request, "")
            raise Unauthenticated(_TOKEN_REFUSED) from error
        self._addresses.forgive(address)
        return answer

    async def _by_password(self, request: Request, wanted: SignIn) -> Response:
        account, address, now_us = wanted.email.strip().lower(), request.client, request.now_us
        self._accounts.check(account, now_us)
        self._addresses.check(address, now_us)
        self._accounts.fail(account, now_us)
        self._addresses.fail(address, now_us)
        row = await self._services.records.read(lambda conn: users.find_by_email(conn, account))
        stored = row.password_hash if row is not None and not row.disabled else None
        async with self._hashing:
            matches = await asyncio.to_thread(password_matches, wanted.password, stored)
        if not matches or row is None:
            await self._note_refusal(request, row.id if row is not None else "")
            raise Unauthenticated(_REFUSED)
        self._accounts.forget(account)
        self._addresses.forgive(address)
        return await self._open(request, lambda _: row.id)

    async def _open(self, request: Request, who: Any) -> Response:
        services, now_us = self._services, request.now_us

        def work(conn: Connection) -> tuple[str, UserView]:
            row = users.find(conn, who(conn))
            if row.disabled:
                raise Unauthenticated(_REFUSED)
            token = sessions.open_session(
                conn, row.id, request.client, services.clock.now_us(), services.random
            )
            actor = Actor(row.id, row.name, request.client, trace_of(request))
            audit.note(conn, actor, Entry("session.create", "user", row.id, "signed in"), now_us)
            return token, users.view(row)

        token, user = await services.records.write(work)
        await self._authenticator.follow()
        answer = json_response(SessionView(user, sessions.csrf_token(token)))
        answer.headers = (self._cookie(token, sessions.SESSION_LASTS_US // 1_000_000),)
        return answer

    async def _note_refusal(self, request: Request, user_id: str) -> None:
        actor = Actor("anonymous", "anonymous", request.client, trace_of(request))
        entry = Entry("session.refuse", "user", user_id, "sign-in refused")
        await self._services.records.write(
            lambda conn: audit.note(conn, actor, entry, request.now_us)
        )

    async def show(self, request: Request) -> Response:
        """Return who is signed in. Raises Unauthenticated for keys: they have no session."""
        token, principal = self._token(request), request.principal
        if principal is None or principal.role is None:
            raise Unauthenticated
        user_id = principal.id
        row = await self._services.records.read(lambda conn: users.find(conn, user_id))
        return json_response(SessionView(users.view(row), sessions.csrf_token(token)))

    async def sign_out(self, request: Request) -> Response:
        """End the session and take the cookie back."""
        token, actor = self._token(request), actor_of(request)

        def work(conn: Connection) -> None:
            sessions.close_session(conn, token)
            audit.note(
                conn, actor, Entry("session.delete", "user", actor.id, "signed out"), request.now_us
            )

        await self._services.records.write(work)
        await self._authenticator.follow()
        return Response(204, headers=(self._cookie("", 0),))

    def _token(self, request: Request) -> str:
        return cookies_in(request.headers.get("cookie", "")).get(sessions.COOKIE, "")

    def _cookie(self, token: str, lasts_s: int) -> tuple[str, str]:
        flags = f"Path=/; Max-Age={lasts_s}; HttpOnly; SameSite=Strict{self._secure}"
        return "set-cookie", f"{sessions.COOKIE}={token}; {flags}"
