"""What goes wrong with an engine, told to a person."""


class EngineError(Exception):
    """One line that names the setting or program, and the cure."""


class NotReady(EngineError):
    """The server does not answer yet, or not as it should."""
