"""The whole page as HTML: head, blocks in order, foot. Without script it still says everything."""

from queqiao.kernel.http import Language
from queqiao.reach.landing_pages import assets, words
from queqiao.reach.landing_pages.blocks import draw
from queqiao.reach.landing_pages.document import HeroBlock, LandingPageDocument
from queqiao.reach.landing_pages.html import Markup, Value, joined, tag
from queqiao.reach.landing_pages.scene import Scene
from queqiao.reach.landing_pages.words import said

_DOCTYPE = Markup("<!doctype html>")
_NO_ICON = tag("link", {"rel": "icon", "href": "data:,"})
"""Spares browsers the question for an icon that a shop's page has nowhere else."""
_LANGUAGES: dict[Language, str] = {"zh": "zh-CN", "en": "en"}


def page(scene: Scene, public_url: str, write_key: str) -> bytes:
    """Return the page. A draft is not measured and not to be found by search engines.

    ``public_url`` is where the system stands for the world, empty if that is not known;
    ``write_key`` is the SDK's.
    """
    document, language = scene.document, scene.language
    body = tag("body", None, _note(scene), _main(scene), _consent(scene), _foot(language))
    attributes: dict[str, Value] = {
        "lang": _LANGUAGES[language],
        "data-theme": document.theme,
        "data-light": scene.light,
    }
    if not scene.is_draft:
        attributes |= {
            "data-page": document.slug,
            "data-placement": scene.placement_id,
            "data-name": document.name,
            "data-key": write_key,
            "data-sign-in": document.sign_in_url,
            "data-consent": "required" if document.consent == "ask" else None,
        }
    head = _head(scene, public_url.rstrip("/"))
    return joined([_DOCTYPE, tag("html", attributes, head, body)]).encode()


def _head(scene: Scene, public_url: str) -> Markup:
    document, language = scene.document, scene.language
    title = said(document.title, language)
    links = [] if scene.is_draft else _links(document, public_url)
    scripts = [tag("script", {"src": assets.path("js"), "defer": True})]
    if not scene.is_draft:
        scripts.append(tag("script", {"src": "/js/queqiao.js", "defer": True}))
    return tag(
        "head",
        None,
        tag("meta", {"charset": "utf-8"}),
        tag("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        tag("title", None, title),
        *_told(document, language, public_url),
        tag("meta", {"name": "robots", "content": "noindex"}) if scene.is_draft else None,
        *links,
        _NO_ICON,
        tag("link", {"rel": "stylesheet", "href": assets.path("css")}),
        *scripts,
    )


def _told(document: LandingPageDocument, language: Language, public_url: str) -> list[Markup]:
    """What a chat or a search engine shows of the page."""
    text = said(document.share.text, language)
    picture = document.share.image
    graph = {
        "og:type": "website",
        "og:title": said(document.title, language),
        "og:description": text,
        "og:image": f"{public_url}{picture.url}" if picture else "",
        "og:url": f"{public_url}/p/{document.slug}" if public_url else "",
        "og:locale": "zh_CN" if language == "zh" else "en_US",
    }
    found = [
        tag("meta", {"property": key, "content": value}) for key, value in graph.items() if value
    ]
    if text:
        found.append(tag("meta", {"name": "description", "content": text}))
    card = "summary_large_image" if picture else "summary"
    return [*found, tag("meta", {"name": "twitter:card", "content": card})]


def _links(document: LandingPageDocument, public_url: str) -> list[Markup]:
    here = f"{public_url}/p/{document.slug}"
    others = [
        tag("link", {"rel": "alternate", "hreflang": name, "href": f"{here}?lang={language}"})
        for language, name in _LANGUAGES.items()
    ]
    return [tag("link", {"rel": "canonical", "href": here}), *others]


def _note(scene: Scene) -> Markup | None:
    if not scene.is_draft:
        return None
    return tag("p", {"class": "note-draft"}, words.PREVIEW.in_language(scene.language))


def _main(scene: Scene) -> Markup:
    """The first hero has the heading of the page; without one the title is there for listeners."""
    blocks = scene.document.blocks
    heading = None
    if not any(isinstance(block, HeroBlock) for block in blocks):
        heading = tag("h1", {"class": "hidden"}, said(scene.document.title, scene.language))
    drawn = [draw(block, place, scene) for place, block in enumerate(blocks)]
    return tag("main", {"data-qq-placement-id": scene.placement_id}, heading, *drawn)


def _consent(scene: Scene) -> Markup | None:
    """The question whether to measure; the script shows it to those who have not answered."""
    if scene.document.consent != "ask" or scene.is_draft:
        return None
    language = scene.language
    agree = {"class": "button", "type": "button", "data-agree": "analytics,personalization"}
    decline = {"class": "button plain", "type": "button", "data-agree": ""}
    label = words.CONSENT.in_language(language)
    return tag(
        "aside",
        {"class": "consent", "hidden": True, "aria-label": label},
        tag("p", None, label),
        tag("button", agree, words.AGREE.in_language(language)),
        tag("button", decline, words.DECLINE.in_language(language)),
    )


def _foot(language: Language) -> Markup:
    other: Language = "en" if language == "zh" else "zh"
    link = {"href": f"?lang={other}", "hreflang": _LANGUAGES[other], "lang": _LANGUAGES[other]}
    return tag("footer", None, tag("a", link, words.OTHER_LANGUAGE.in_language(language)))


def lost(language: Language, *, is_gone: bool) -> bytes:
    """Return the page of an address that leads nowhere, or no more."""
    title = (words.GONE if is_gone else words.NOT_FOUND).in_language(language)
    more = (words.GONE_MORE if is_gone else words.NOT_FOUND_MORE).in_language(language)
    head = tag(
        "head",
        None,
        tag("meta", {"charset": "utf-8"}),
        tag("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        tag("title", None, title),
        _NO_ICON,
        tag("link", {"rel": "stylesheet", "href": assets.path("css")}),
    )
    inside = tag("main", {"class": "lost"}, tag("h1", None, title), tag("p", None, more))
    body = tag("body", None, inside, _foot(language))
    attributes: dict[str, Value] = {"lang": _LANGUAGES[language], "data-theme": "ink"}
    return joined([_DOCTYPE, tag("html", attributes, head, body)]).encode()
