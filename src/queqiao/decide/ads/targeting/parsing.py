"""Expressions at the door: their grammar, checked, and each error with its JSON path.

    expression = {"and": [expression, …]} | {"or": [expression, …]} | {"not": expression}
               | {"field": NAME, "op": OP, "value": VALUE, "timezone"?: ZONE}

``all`` and ``any`` mean ``and`` and ``or``, as in segments. ``operands.OPERATORS`` lists the
operators. The field ``now`` is the moment and takes the operators of time, which take no other
field; ``frequency`` takes ``below`` alone.
"""

import re
from collections.abc import Collection
from typing import Any, Literal

from queqiao.decide.ads.targeting.bounds import LIST_MAX, NESTING_MAX, QUESTIONS_MAX
from queqiao.decide.ads.targeting.leaves import Question
from queqiao.decide.ads.targeting.operands import (
    OPERATORS,
    OTHER_NAMES,
    TIME_OPERATORS,
    wrong,
    zone_at,
)
from queqiao.decide.ads.targeting.tree import Junction, Node
from queqiao.kernel.clock import DEFAULT_ZONE

_KINDS: dict[str, Literal["and", "or", "not"]] = {
    "and": "and", "all": "and", "or": "or", "any": "or", "not": "not",
}  # fmt: skip
_NAME = re.compile(r"[^\W\d][\w.:-]{0,127}")
_CLAUSE_KEYS = {"field", "op", "value", "timezone"}


def parse(
    expression: Any,
    path: str = "expression",
    *,
    zone: str = DEFAULT_ZONE,
    fields: Collection[str] | None = None,
) -> Node:
    """Return the checked tree. Raises InvalidInput with the JSON path of what is wrong.

    ``zone`` is that of clauses which name none. With ``fields`` no other field may be asked, but
    those that begin with ``attributes.``.
    """
    return _Parser(path, zone, fields).node(expression, path, 0)


def questions(node: Node) -> list[Question]:
    """Return the questions of a tree from left to right."""
    if isinstance(node, Question):
        return [node]
    return [question for part in node.parts for question in questions(part)]


class _Parser:
    """Reads one expression and counts its questions."""

    def __init__(self, root: str, zone: str, fields: Collection[str] | None) -> None:
        self._root = root
        self._zone = zone
        self._fields = fields
        self._count = 0

    def node(self, expression: Any, path: str, depth: int) -> Node:
        """Return the tree of one part."""
        if not isinstance(expression, dict):
            raise wrong(path, "须为对象", "must be an object")
        if depth > NESTING_MAX:
            raise wrong(
                path, f"最多嵌套 {NESTING_MAX} 层", f"nests deeper than {NESTING_MAX} levels"
            )
        if "field" in expression:
            return self._question(expression, path)
        if len(expression) != 1 or (name := next(iter(expression))) not in _KINDS:
            raise wrong(
                path, "须为 and、or、not 或 field 之一", "must hold one of and, or, not, field"
            )
        kind = _KINDS[name]
        return Junction(
            path, kind, self._parts(kind, expression[name], f"{path}.{name}", depth + 1)
        )

    def _parts(self, kind: str, value: Any, path: str, depth: int) -> tuple[Node, ...]:
        if kind == "not":
            return (self.node(value, path, depth),)
        if not isinstance(value, list) or not value:
            raise wrong(path, "须为非空数组", "must be a list that is not empty")
        if len(value) > LIST_MAX:
            raise wrong(path, f"最多 {LIST_MAX} 项", f"at most {LIST_MAX} of them")
        return tuple(self.node(part, f"{path}[{at}]", depth) for at, part in enumerate(value))

    def _question(self, clause: dict[str, Any], path: str) -> Question:
        self._count += 1
        if self._count > QUESTIONS_MAX:
            raise wrong(
                self._root,
                f"最多 {QUESTIONS_MAX} 个条件",
                f"asks more than {QUESTIONS_MAX} clauses",
            )
        if not _CLAUSE_KEYS.issuperset(clause):
            raise wrong(
                path, "有多余的键", "holds a key besides field, op, value and timezone; remove it"
            )
        field, op = self._field(clause["field"], f"{path}.field"), _op(clause.get("op"), path)
        _check_pair(field, op, path)
        zone = clause.get("timezone", self._zone)
        if "timezone" in clause and op not in TIME_OPERATORS:
            raise wrong(
                f"{path}.timezone", "仅时间条件可用", "goes with in_windows and in_grid only"
            )
        if op in TIME_OPERATORS:
            zone = zone_at(zone, f"{path}.timezone")
        return OPERATORS[op](path, field, clause.get("value"), zone)

    def _field(self, name: Any, path: str) -> str:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise wrong(
                path,
                "须为以字母开头的名称，最多 128 个字符",
                "must be a name that begins with a letter, 128 characters at most",
            )
        known = self._fields
        if known is None or name in known or name.startswith("attributes."):
            return name
        told = f"{' '.join(sorted(known))} attributes.*"
        raise wrong(path, f"没有这个字段，可用：{told}", f"no such field; use one of {told}")


def _op(name: Any, path: str) -> str:
    op = OTHER_NAMES.get(name, name) if isinstance(name, str) else None
    if op not in OPERATORS:
        known = " ".join(OPERATORS)
        raise wrong(f"{path}.op", f"可用：{known}", f"use one of {known}")
    return str(op)


def _check_pair(field: str, op: str, path: str) -> None:
    if (field == "now") != (op in TIME_OPERATORS):
        raise wrong(
            f"{path}.op",
            "in_windows 与 in_grid 只用于字段 now，now 也只用它们",
            "in_windows and in_grid go with the field now, and now with nothing else",
        )
    if (field == "frequency") != (op == "below"):
        raise wrong(
            f"{path}.op",
            "below 只用于字段 frequency，frequency 也只用它",
            "below goes with the field frequency, and frequency with nothing else",
        )
