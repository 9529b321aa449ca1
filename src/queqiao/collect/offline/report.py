"""What an import did: every row of the file in exactly one class, every bad row by name."""

from typing import Any

import msgspec

from queqiao.kernel.errors import Message, QueqiaoError
from queqiao.kernel.money import format_minor

BAD = "bad"


class RowClass(msgspec.Struct):
    """Rows that were treated alike. ``documents`` counts what they were sent as."""

    title: Message
    rows: int = 0
    documents: int = 0
    amount_minor: int = 0


class BadLine(msgspec.Struct):
    """One row that could not be taken. ``row`` counts from 1, without the header."""

    row: int
    document: str
    column: str
    reason: Message
    sent: bool = False
    """Sent all the same, so that the intake keeps it among its bad rows."""


class ImportReport(msgspec.Struct):
    """The account of one import. Amounts are what was sent, in minor units of ``currency``."""

    kind: str
    file: str
    rows: int = 0
    classes: dict[str, RowClass] = {}
    bad_rows: list[BadLine] = []
    events: int = 0
    batches: int = 0
    currency: str = ""
    totals: dict[str, int] = {}

    def count(self, name: str, title: Message, rows: int = 1, amount_minor: int = 0) -> None:
        """Put rows into a class."""
        found = self.classes.setdefault(name, RowClass(title))
        found.rows += rows
        found.amount_minor += amount_minor

    def document(self, name: str) -> None:
        """Count one document that was sent for a class."""
        self.classes[name].documents += 1

    def refuse(
        self, row: int, document: str, column: str, reason: Message, *, sent: bool = False
    ) -> None:
        """Name a bad row."""
        self.bad_rows.append(BadLine(row, document, column, reason, sent))
        self.count(BAD, Message("坏行", "bad rows"))

    def refuse_for(self, error: QueqiaoError, row: int, document: str, column: str) -> None:
        """Name a bad row by the error that refused it."""
        reason = error.fields[0].message if error.fields else error.title
        self.refuse(row, document, column, reason)

    @property
    def accounted(self) -> bool:
        """Say whether every row of the file is in exactly one class."""
        return self.rows == sum(found.rows for found in self.classes.values())

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values, sentences in both languages."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        for one in [*found["classes"].values(), *found["bad_rows"]]:
            name = "title" if "title" in one else "reason"
            one[name] = dict(zip(("zh", "en"), one[name], strict=True))
        return found | {"accounted": self.accounted}

    def as_text(self, language: str) -> str:
        """Return the report for a terminal."""
        chinese = language == "zh"
        head = (
            f"{self.file}：{self.rows} 行，发送 {self.events} 个事件，{self.batches} 批"
            if chinese
            else f"{self.file}: {self.rows} rows, {self.events} events in {self.batches} batches"
        )
        lines = [head, *(self._class_line(one, language) for one in self.classes.values())]
        money = {name: value for name, value in self.totals.items() if name.endswith("_minor")}
        lines += [
            f"  {name.removesuffix('_minor')} {self.currency} {format_minor(value, self.currency)}"
            for name, value in money.items()
        ]
        lines += [f"  {name} {value}" for name, value in self.totals.items() if name not in money]
        return "\n".join([*lines, *(self._bad_line(one, language) for one in self.bad_rows)])

    def _class_line(self, one: RowClass, language: str) -> str:
        return f"  {one.rows:>9}  {one.title.in_language(language)}"

    def _bad_line(self, one: BadLine, language: str) -> str:
        word = "第 {} 行" if language == "zh" else "row {}"
        said = one.reason.in_language(language)
        return f"  {word.format(one.row)}  {one.document}  {one.column}: {said}"
