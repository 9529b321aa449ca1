"""A small reader of the published openrtb.proto, and the JSON that it allows.

Only what that file uses is read: messages within messages, fields, oneof, map, repeated, reserved,
extensions. A yes or no may be written 1 or 0, as the specification's own examples do.
"""

import re
from pathlib import Path

_TOKENS = re.compile(r'"[^"]*"|[\w.]+|[{}=;<>,\[\]]')
_INT32 = range(-(2**31), 2**31)
_SCALARS = {
    "string": lambda value: isinstance(value, str),
    "bool": lambda value: value in (0, 1) and not isinstance(value, float),
    "int32": lambda value: type(value) is int and value in _INT32,
    "double": lambda value: type(value) in (int, float),
}


class Field:
    def __init__(self, kind, repeated, oneof):
        self.kind, self.repeated, self.oneof = kind, repeated, oneof


class Proto:
    """The messages of the file, by full name such as ``BidResponse.Bid``."""

    def __init__(self, file: Path) -> None:
        text = re.sub(r"//[^\n]*", "", file.read_text("utf-8"))
        self._tokens = _TOKENS.findall(text)
        self._place = 0
        self.messages: dict[str, dict[str, Field]] = {}
        self.open_ended: set[str] = set()
        self.enums: set[str] = set()
        self._block("", None)

    def _next(self) -> str:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _skip_statement(self) -> None:
        while self._next() != ";":
            pass

    def _skip_block(self) -> None:
        depth = 0
        while True:
            token = self._next()
            depth += {"{": 1, "}": -1}.get(token, 0)
            if token == "}" and not depth:
                return

    def _block(self, name: str, oneof: str | None) -> None:
        while self._place < len(self._tokens):
            token = self._next()
            if token == "}":
                return
            if token == "message":
                inner = ".".join(part for part in (name, self._next()) if part)
                self.messages[inner] = {}
                self._next()
                self._block(inner, None)
            elif token == "oneof":
                choice = self._next()
                self._next()
                self._block(name, choice)
            elif token == "enum":
                self.enums.add(self._next())
                self._skip_block()
            elif token == "extensions":
                self.open_ended.add(name)
                self._skip_statement()
            elif token in {"reserved", "edition", "option", "package", "import"}:
                self._skip_statement()
            elif token != ";":
                self._field(name, token, oneof)

    def _field(self, message: str, token: str, oneof: str | None) -> None:
        repeated = token == "repeated"
        kind = self._next() if repeated else token
        if kind == "map":
            while self._next() != ">":
                pass
        field = self._next()
        self.messages[message][field] = Field(kind, repeated, oneof)
        self._skip_statement()

    def faults(self, name: str, value: object, path: str = "") -> list[str]:
        """Return the paths of what a message of that name does not allow."""
        if not isinstance(value, dict):
            return [f"{path}: no object"]
        fields, found = self.messages[name], []
        oneofs: dict[str, str] = {}
        for key, item in value.items():
            where = f"{path}.{key}".removeprefix(".")
            field = fields.get(key)
            if field is None:
                if name not in self.open_ended:
                    found.append(f"{where}: unknown")
                continue
            if field.oneof and oneofs.setdefault(field.oneof, key) != key:
                found.append(f"{where}: beside {oneofs[field.oneof]}")
            found += self._value(name, field, item, where)
        return found

    def _value(self, message: str, field: Field, value: object, path: str) -> list[str]:
        if not field.repeated:
            return self._one(message, field.kind, value, path)
        if not isinstance(value, list):
            return [f"{path}: no array"]
        return [
            fault
            for number, item in enumerate(value)
            for fault in self._one(message, field.kind, item, f"{path}[{number}]")
        ]

    def _one(self, message: str, kind: str, value: object, path: str) -> list[str]:
        if kind in _SCALARS:
            return [] if _SCALARS[kind](value) else [f"{path}: no {kind}"]
        if kind == "map" or kind.startswith(".google"):
            return []
        return self.faults(self._resolve(message, kind), value, path)

    def _resolve(self, message: str, kind: str) -> str:
        """Look for a name in the message that names it, then in those around it."""
        scope = message
        while True:
            name = ".".join(part for part in (scope, kind) if part)
            if name in self.messages:
                return name
            assert scope, f"{message} names {kind}, which is nowhere"
            scope = scope.rpartition(".")[0]
