"""The lake's places in the engine's words: which table function reads and writes them."""

from collections.abc import Mapping
from urllib.parse import urlsplit

COLLECTION = "queqiao_lake"
"""The engine's named collection with the bucket's address and keys: a statement that held them
would keep them in every log of statements, and in the view."""

_NAMED_SINCE_THE_START = f"CREATE NAMED COLLECTION IF NOT EXISTS {COLLECTION} AS {{}}"
_NAMED_NOW = f"ALTER NAMED COLLECTION {COLLECTION} SET {{}}"


def source(place: str, structure: str) -> str:
    """Return the table function for the Parquet files at a place of the lake."""
    scheme = urlsplit(place).scheme
    if scheme == "s3":
        key = quoted(place.removeprefix("s3://").partition("/")[2])
        return (
            f"s3({COLLECTION}, filename = {key}, format = 'Parquet',"
            f" structure = {quoted(structure)})"
        )
    function = "hdfs" if scheme == "hdfs" else "file"
    return f"{function}({quoted(place)}, Parquet, {quoted(structure)})"


def introductions(access: Mapping[str, str]) -> list[str]:
    """Return the statements by which the engine learns how to reach the lake."""
    if not access:
        return []
    values = ", ".join(f"{name} = {quoted(value)}" for name, value in access.items())
    return [_NAMED_SINCE_THE_START.format(values), _NAMED_NOW.format(values)]


def quoted(text: str) -> str:
    """Return a text as a literal of the engine."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
