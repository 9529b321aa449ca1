"""Endpoints of erasure, and the calls by which they reach the role that does it."""

from typing import Annotated, NamedTuple, Protocol

import msgspec
from msgspec import Meta

from queqiao.kernel import json
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.ids import IdSource
from queqiao.kernel.paging import limit_of
from queqiao.ports.rpc import Method, RpcClient
from queqiao.process.erasure_book import Erasure, ErasureBook, Phase, Subject

PATH = "/api/v1/erasures"
REQUEST, FIND, LIST = "erasures.request", "erasures.find", "erasures.list"

Id = Annotated[str, Meta(max_length=255)]


class ErasureRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Whose data is to be erased: one of the two."""

    user_id: Id = ""
    anonymous_id: Id = ""


class ErasureView(msgspec.Struct):
    """An erasure. It does not say whose: once it is done nobody can tell.

    ``state``: ``waiting`` to begin, ``erasing`` rows, ``removing`` the files that held them, and
    ``done``. ``up_to_offset``: events up to it are erased; later ones are of somebody new.
    """

    id: str
    state: Phase
    requested_at: str
    finished_at: str | None
    up_to_offset: int
    events: int


class ErasurePage(msgspec.Struct):
    """The last erasures, the newest first."""

    items: list[ErasureView]


class Ask(msgspec.Struct):
    """A request on its way to the book."""

    id: str
    subject: Subject
    now_us: int


class ErasureDesk(Protocol):
    """Where requests go."""

    async def request(self, ask: Ask) -> Erasure:
        """Note a request, durably."""
        ...

    async def find(self, erasure_id: str) -> Erasure | None:
        """Return one."""
        ...

    async def newest(self, limit: int) -> list[Erasure]:
        """Return the last ones, the newest first."""
        ...


class RemoteErasures:
    """The book of the analytics role, over its socket."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client

    async def request(self, ask: Ask) -> Erasure:
        """Note a request, durably."""
        noted: Erasure = await self._client.call(REQUEST, ask, Erasure)
        return noted

    async def find(self, erasure_id: str) -> Erasure | None:
        """Return one."""
        found: Erasure | None = await self._client.call(FIND, Named(erasure_id), Erasure | None)
        return found

    async def newest(self, limit: int) -> list[Erasure]:
        """Return the last ones, the newest first."""
        found: list[Erasure] = await self._client.call(LIST, Newest(limit), list[Erasure])
        return found


class Named(msgspec.Struct):
    """Which erasure?"""

    id: str


class Newest(msgspec.Struct):
    """How many?"""

    limit: int


def methods(book: ErasureBook) -> dict[str, Method]:
    """Return the methods by which the owner of the book answers, for its RpcServer."""

    async def request(ask: Ask) -> Erasure:
        return book.request(ask.id, ask.subject, ask.now_us)

    async def find(named: Named) -> Erasure | None:
        return book.find(named.id)

    async def newest(asked: Newest) -> list[Erasure]:
        return book.newest(asked.limit)

    return {
        REQUEST: Method(request, Ask, Erasure),
        FIND: Method(find, Named, Erasure | None),
        LIST: Method(newest, Newest, list[Erasure]),
    }


class ErasureServices(NamedTuple):
    """What the handlers use."""

    desk: ErasureDesk
    ids: IdSource


def handlers(services: ErasureServices) -> list[Route]:
    """Return the routes."""

    async def request(call: Request) -> Response:
        asked: ErasureRequest = json.decode(call.body, ErasureRequest)
        if bool(asked.user_id) == bool(asked.anonymous_id):
            message = Message("user_id 与 anonymous_id 二选一", "give user_id or anonymous_id, one")
            raise InvalidInput(FieldError("user_id", message))
        subject = Subject(asked.user_id, asked.anonymous_id)
        noted = await services.desk.request(Ask(services.ids.new(), subject, call.now_us))
        return json_response(_view(noted), 202)

    async def show(call: Request) -> Response:
        found = await services.desk.find(call.params["id"])
        if found is None:
            raise NotFound
        return json_response(_view(found))

    async def page(call: Request) -> Response:
        found = await services.desk.newest(limit_of(call))
        return json_response(ErasurePage([_view(one) for one in found]))

    tags = ("privacy",)
    ask = Message("删除一个人的数据", "Erase a person's data")
    one = Message("一次删除的进展", "How far one erasure is")
    listed = Message("最近的删除", "The last erasures")
    return [
        Route("POST", PATH, request, ask, "admin", ErasureRequest, ErasureView, tags),
        Route("GET", f"{PATH}/{{id}}", show, one, "admin", None, ErasureView, tags),
        Route("GET", PATH, page, listed, "admin", None, ErasurePage, tags),
    ]


def _view(one: Erasure) -> ErasureView:
    finished = None if one.finished_at_us is None else format_rfc3339(one.finished_at_us)
    requested = format_rfc3339(one.requested_at_us)
    return ErasureView(one.id, one.phase, requested, finished, one.cutoff, one.events)
