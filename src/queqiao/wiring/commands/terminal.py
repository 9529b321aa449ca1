"""What commands print on. Text stands as it is: ``[ports]`` in a message is no style of Rich's."""

from rich.console import Console
from rich.text import Text

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def mark(good: bool) -> Text:
    """Return what a line about something good, or not, begins with."""
    return Text("✓", "green") if good else Text("✗", "red")
