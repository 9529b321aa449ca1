"""``python -m queqiao``: the same as the command ``queqiao``."""

from queqiao.wiring.command_line import main

main()
