"""Whether a campaign may stand in a placement at all, and which of its creatives fit there."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from queqiao.decide.ads.contracts import Campaign, Creative, Placement
from queqiao.decide.ads.inventory.document import Format, Size


def unfit(campaign: Campaign, placement: Placement) -> str | None:
    """Return why a campaign that names a placement can never stand there, None when it can."""
    if campaign.currency != placement.currency:
        return "currency"
    if campaign.advertiser in placement.blocked_advertisers:
        return "blocked_advertiser"
    if not _none_in(campaign.product_categories, placement.blocked_categories):
        return "blocked_category"
    return _misfit(campaign, placement)


def fitted(campaign: Campaign, placement: Placement) -> Campaign:
    """Return the campaign as a placement sees it: with the creatives that fit there alone."""
    fit = [each for each in campaign.creatives if fits(each, placement)]
    return campaign if len(fit) == len(campaign.creatives) else replace(campaign, creatives=fit)


def fits(creative: Creative, placement: Placement) -> bool:
    """Say whether a creative is of the placement's format and of one of its sizes."""
    form = placement.format
    return form is None or (_is_of(creative, form) and _is_sized(creative, form, placement.sizes))


def _misfit(campaign: Campaign, placement: Placement) -> str | None:
    form = placement.format
    if form is None or any(fits(each, placement) for each in campaign.creatives):
        return None
    return "size" if any(_is_of(each, form) for each in campaign.creatives) else "format"


def _none_in(names: Iterable[str], blocked: Iterable[str]) -> bool:
    """Say whether no name is blocked, nor anything that it lies under: ``drinks/wine``."""
    barred = frozenset(blocked)
    return not barred or not any(barred.intersection(_lineage(name)) for name in names)


def _lineage(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[: length + 1]) for length in range(len(parts))]


_NEEDS: Mapping[Format, tuple[str, ...]] = MappingProxyType(
    {
        "banner": ("image_url", "html"),
        "native": ("image_url",),
        "video": ("video",),
        "product_card": ("sku",),
        "search_keyword": ("title",),
        "feed": ("image_url", "video"),
    }
)
"""What a creative must have, one of these, to be of a format. A title it has always."""


def _is_of(creative: Creative, form: Format) -> bool:
    return any(getattr(creative, name) is not None for name in _NEEDS[form])


def _is_sized(creative: Creative, form: Format, sizes: Iterable[Size]) -> bool:
    """Say whether what stands there has one of the sizes; a picture of unknown size has none."""
    asked = {(size.width, size.height) for size in sizes}
    if not asked:
        return True
    found: set[tuple[int | None, int | None]] = set()
    if creative.html is not None and "html" in _NEEDS[form]:
        return True  # it fills whatever frame it gets
    if creative.video is not None and "video" in _NEEDS[form]:
        found.add((creative.video.width, creative.video.height))
    if creative.image_url is not None and "image_url" in _NEEDS[form]:
        found.add((creative.image_width, creative.image_height))
    return not found.isdisjoint(asked)
