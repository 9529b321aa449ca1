"""``queqiao verify engine NAME``: the laws of a port, on a server of the user's own.

``engines.py`` is the table of the engines; ``examine.py`` runs one. Each engine has a module with

    NOT_TRIED: Message
    @asynccontextmanager
    async def laws(url: str) -> AsyncIterator[list[Law]]

which makes a place of its own on the server (a database, a prefix, a topic), yields the laws bound
to it, and removes the place at the end. ``NOT_TRIED`` names what a command must not do to a server
that is in use, such as killing it.
"""
