"""How large an expression may be."""

NESTING_MAX = 16
"""How deep ``and``, ``or`` and ``not`` may stand in each other."""

QUESTIONS_MAX = 200
"""How many questions one expression may ask."""

LIST_MAX = 1_000
"""How many values, names, windows or corners one question may list."""

TEXT_MAX = 256
"""Characters of a value."""

PHRASE_WORDS_MAX = 10
"""Words of a keyword."""
