"""The laws of a catalogue of the lake, each as one check on a database of the checks' own."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import pyarrow as pa

from queqiao.kernel.errors import Conflict, Message
from queqiao.ports.lake.base import Held
from queqiao.ports.lake.catalogue import Catalogue
from queqiao.ports.laws import Law, equal, fails, hold

TABLE = "law_rows"


class Described(Catalogue, Protocol):
    """A catalogue that can be asked what it says."""

    def described(self, table: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return columns with their types, and locations by the values of partitions."""
        ...


Check = Callable[[Described, str], None]


def laws(catalogue: Described, root: str) -> list[Law]:
    """Return the laws; ``root`` is a URI below which the catalogue may make folders."""

    def law(zh: str, en: str, check: Check) -> Law:
        async def run() -> None:
            try:
                await asyncio.to_thread(check, catalogue, f"{root}/{TABLE}")
            finally:
                await asyncio.to_thread(catalogue.agree, TABLE, f"{root}/{TABLE}", [], _no_schema)

        return Law(Message(zh, en), run)

    return [
        law("分区登记后可查，重复登记不变", "a partition is registered, once", registered),
        law("新列加入表，旧分区仍在", "a new column joins the table", evolved),
        law("换了内容的分区换了位置", "a partition that moved is found there", moved),
        law("湖中没有的分区被除名", "what the lake has no more is taken out", taken_out),
        law("列类型矛盾的分区被拒绝，其余照常", "a contradiction is refused, alone", contradicted),
        law("不是湖的表不被改动", "a table of others is left alone", of_others),
    ]


def registered(catalogue: Described, location: str) -> None:
    """Register two days, and again."""
    schemas = {"day=1": pa.schema([("a", pa.int64())]), "day=2": pa.schema([("a", pa.int64())])}
    equal(_agree(catalogue, location, schemas), 2, "partitions that were told anew")
    equal(_agree(catalogue, location, schemas), 0, "partitions that were told again")
    columns, partitions = catalogue.described(TABLE)
    hold(columns["a"] == "bigint", f"the column is {columns['a']}")
    equal(partitions, {"1": f"{location}/day=1", "2": f"{location}/day=2"}, "the locations")


def evolved(catalogue: Described, location: str) -> None:
    """Register a day with a column more."""
    schemas = {"day=1": pa.schema([("a", pa.int64())])}
    _agree(catalogue, location, schemas)
    schemas["day=2"] = pa.schema([("b_new", pa.list_(pa.string())), ("a", pa.int64())])
    _agree(catalogue, location, schemas)
    columns, partitions = catalogue.described(TABLE)
    hold(list(columns)[-1] == "b_new", f"the new column is not the last: {columns}")
    equal(columns["b_new"], "array<string>", "its type")
    equal(len(partitions), 2, "the number of partitions")


def moved(catalogue: Described, location: str) -> None:
    """Register a day, then its next version elsewhere."""
    schemas = {"day=1": pa.schema([("a", pa.int64())])}
    _agree(catalogue, location, schemas)
    equal(_agree(catalogue, location, schemas, below="/v2"), 1, "partitions that were told anew")
    equal(catalogue.described(TABLE)[1], {"1": f"{location}/v2/day=1"}, "the locations")


def taken_out(catalogue: Described, location: str) -> None:
    """Register two days, then one."""
    schema = pa.schema([("a", pa.int64())])
    _agree(catalogue, location, {"day=1": schema, "day=2": schema})
    equal(_agree(catalogue, location, {"day=2": schema}), 1, "partitions that went")
    equal(list(catalogue.described(TABLE)[1]), ["2"], "the partitions")


def contradicted(catalogue: Described, location: str) -> None:
    """Register a day whose column is of another kind, between two good ones."""
    good, bad = pa.schema([("a", pa.int64())]), pa.schema([("a", pa.string())])
    schemas = {"day=1": good, "day=2": bad, "day=3": good}

    async def told() -> int:
        return _agree(catalogue, location, schemas)

    asyncio.run(fails(Conflict, told(), "a column of two kinds"))
    equal(sorted(catalogue.described(TABLE)[1]), ["1", "3"], "the partitions")


def of_others(catalogue: Described, location: str) -> None:
    """Register a table that lies elsewhere under the same name."""
    schemas = {"day=1": pa.schema([("a", pa.int64())])}
    _agree(catalogue, location, schemas)

    async def told() -> int:
        return _agree(catalogue, location + "_elsewhere", schemas)

    asyncio.run(fails(Conflict, told(), "another table of this name"))
    equal(catalogue.described(TABLE)[1], {"1": f"{location}/day=1"}, "the locations")


def _agree(
    catalogue: Catalogue, location: str, schemas: Mapping[str, pa.Schema], below: str = ""
) -> int:
    held = [Held(name, f"{location}{below}/{name}", f"v{below}") for name in schemas]
    return catalogue.agree(TABLE, location, held, schemas.__getitem__)


def _no_schema(partition: str) -> pa.Schema:
    raise AssertionError(partition)
