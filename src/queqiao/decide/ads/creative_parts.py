"""What creatives of a page are made of beside their title: pictures in several widths, and HTML."""

from typing import Annotated

from msgspec import Meta, Struct

SOURCES_MAX = 10
HTML_CHARS_MAX = 50_000
CLICK_URL = "{click_url}"
"""In HTML, the place of the address that a click has to go to."""

Html = Annotated[str, Meta(min_length=1, max_length=HTML_CHARS_MAX)]


class ImageFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A picture of a width in pixels."""

    url: Annotated[str, Meta(min_length=1, max_length=2_000)]
    width: Annotated[int, Meta(ge=1, le=20_000)]


Sources = Annotated[list[ImageFile], Meta(max_length=SOURCES_MAX)]
