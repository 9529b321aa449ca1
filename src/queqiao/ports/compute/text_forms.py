"""The forms in which text is read as a number or a time, shared by every printer that reads it.

The patterns are written in what Python, RE2 (Arrow, ClickHouse) and Java read alike.
"""

import re

WHITE = " \t\n\v\f\r"
"""What ``trim`` takes away."""

INTEGER_PATTERN = r"[+-]?[0-9]+"
FLOAT_PATTERN = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
TIME_PATTERN = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
)

INTEGER_TEXT = re.compile(INTEGER_PATTERN)
FLOAT_TEXT = re.compile(FLOAT_PATTERN)
TIME_TEXT = re.compile(TIME_PATTERN)
