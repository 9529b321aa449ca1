"""From a checked expression to a ClickHouse condition with parameters."""

from collections.abc import Sequence
from typing import Any

import msgspec

from queqiao.profile.expression import Comparison, Node, Scalar
from queqiao.profile.fields import INTEREST_SHARE_MIN, Part

_JOIN = {"all": " AND ", "any": " OR "}
_SHARE = "if(sums.whole > 0, sums.{name} / sums.whole, 0)"


class Condition(msgspec.Struct, frozen=True):
    """A condition over ``person_query`` columns; never NULL, so ``NOT`` means not.

    ``categories`` are the parameters that name those whose weight it compares.
    """

    sql: str
    parameters: dict[str, Any]
    parts: frozenset[Part]
    categories: tuple[str, ...] = ()


def compile_condition(node: Node) -> Condition:
    """Return the condition of an expression. Values travel as parameters, never as text."""
    compiler = _Compiler()
    return compiler.condition(compiler.sql(node))


def compile_actual(comparison: Comparison) -> Condition:
    """Return, in the place of a condition, the person's value that it compares, as text."""
    compiler = _Compiler()
    value = compiler.actual(comparison)
    return compiler.condition(f"toString({value})")


def side_by_side(conditions: Sequence[Condition]) -> list[Condition]:
    """Return the same conditions for one query, their parameters told apart by their place."""
    return [_at(place, condition) for place, condition in enumerate(conditions)]


def _at(place: int, condition: Condition) -> Condition:
    words = condition.sql.replace("{v", f"{{c{place}v").replace("sums.v", f"sums.c{place}v")
    parameters = {f"c{place}{name}": value for name, value in condition.parameters.items()}
    categories = tuple(f"c{place}{name}" for name in condition.categories)
    return Condition(words, parameters, condition.parts, categories)


class _Compiler:
    """Collects parameters and needed parts while it prints."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}
        self.parts: set[Part] = set()
        self.categories: list[str] = []

    def condition(self, sql: str) -> Condition:
        return Condition(sql, self.parameters, frozenset(self.parts), tuple(self.categories))

    def sql(self, node: Node) -> str:
        if isinstance(node, Comparison):
            return f"ifNull({self._compare(node)}, 0)"
        if node.kind == "not":
            return f"NOT ({self.sql(node.parts[0])})"
        return "(" + _JOIN[node.kind].join(self.sql(part) for part in node.parts) + ")"

    def actual(self, comparison: Comparison) -> str:
        self.parts.add(comparison.field.part)
        if comparison.field.kind != "interest":
            return comparison.field.sql
        if comparison.category is not None:
            return self._share(comparison.category)
        return f"arrayMax([{', '.join(self._share(str(v)) for v in comparison.values)}])"

    def _compare(self, comparison: Comparison) -> str:
        actual = self.actual(comparison)
        if comparison.field.kind == "interest" and comparison.category is None:
            return f"{actual} >= {INTEREST_SHARE_MIN}"
        number = comparison.field.kind != "text"
        if comparison.op in {"in", "not_in"}:
            word = "IN" if comparison.op == "in" else "NOT IN"
            listed = ", ".join(self._bind(value, number=number) for value in comparison.values)
            return f"{actual} {word} ({listed})"
        return f"{actual} {comparison.op} {self._bind(comparison.values[0], number=number)}"

    def _share(self, category: str) -> str:
        """Return the share of a category and of all below it."""
        name = f"v{len(self.parameters)}"
        self.categories.append(name)
        self._bind(category, number=False)
        return _SHARE.format(name=name)

    def _bind(self, value: Scalar, *, number: bool) -> str:
        name = f"v{len(self.parameters)}"
        self.parameters[name] = float(value) if number else value
        return f"{{{name}:{'Float64' if number else 'String'}}}"
