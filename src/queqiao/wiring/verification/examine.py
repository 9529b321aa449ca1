"""Runs the laws of one engine on a server and tells of each whether it holds."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from time import monotonic

import msgspec

from queqiao.kernel.errors import Message, QueqiaoError
from queqiao.ports.laws import Law, LawBroken
from queqiao.wiring.verification.engines import ENGINES

LAW_WITHIN_S = 120.0
"""A law that takes longer is taken for broken."""

REACHED = Message(
    "服务器可达，版本、权限与设置合用", "the server can be used: reached, version, rights"
)


class Outcome(msgspec.Struct, frozen=True):
    """One law, whether it holds, what was seen where it does not, and how long it took."""

    law: Message
    holds: bool
    seen: Message | None
    took_ms: int


async def examine(name: str, url: str) -> AsyncIterator[Outcome]:
    """Yield an outcome a law; a server that cannot be used is one law that does not hold."""
    began = monotonic()
    try:
        async with import_module(ENGINES[name].module).laws(url) as laws:
            yield _outcome(REACHED, None, began)
            for law in laws:
                yield await _tried(law)
    except (QueqiaoError, OSError) as error:
        yield _outcome(REACHED, _words(error), began)


def not_tried(name: str) -> Message:
    """Return what the command does not try on a server in use."""
    words: Message = import_module(ENGINES[name].module).NOT_TRIED
    return words


async def _tried(law: Law) -> Outcome:
    began = monotonic()
    try:
        async with asyncio.timeout(LAW_WITHIN_S):
            await law.check()
    except LawBroken as broken:
        return _outcome(law.name, Message(str(broken), str(broken)), began)
    except TimeoutError:
        late = Message(f"超过 {LAW_WITHIN_S:.0f} 秒", f"not within {LAW_WITHIN_S:.0f} s")
        return _outcome(law.name, late, began)
    except (QueqiaoError, OSError) as error:
        return _outcome(law.name, _words(error), began)
    return _outcome(law.name, None, began)


def _outcome(law: Message, seen: Message | None, began: float) -> Outcome:
    return Outcome(law, seen is None, seen, round((monotonic() - began) * 1000))


def _words(error: Exception) -> Message:
    if isinstance(error, QueqiaoError):
        return Message(error.explain("zh"), error.explain("en"))
    return Message(str(error), str(error))
