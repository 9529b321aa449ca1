"""A banner as HTML that fills whatever frame it is put in, labelled as an ad (广告法, article 14).

It tells the impression by a picture, and the view when half of it was in sight for a second
(MRC, Viewable Ad Impression Measurement Guidelines), as far as the frame lets it see.
"""

from html import escape

from queqiao.decide.ads.contracts import Creative
from queqiao.decide.ads.openrtb.markup.links import Links

_LABEL = (
    '<span style="position:absolute;left:0;bottom:0;padding:0 4px;font:10px/16px sans-serif;'
    'color:#fff;background:rgba(0,0,0,.5)">广告</span>'
)
_FRAME = "position:relative;display:block;width:100%;height:100%;min-height:50px;overflow:hidden"
_VIEW = (
    "<script>(function(d,u){{var t,o=window.IntersectionObserver&&new IntersectionObserver("
    "function(e){{clearTimeout(t);if(e[0].isIntersecting)t=setTimeout(function(){{o.disconnect();"
    "(new Image).src=u}},1000)}},{{threshold:.5}});o&&o.observe(d.querySelector('[data-ad]'))}})"
    "(document,{url})</script>"
)


def banner(creative: Creative, links: Links) -> str:
    """Return the markup. Nothing of a creative can break out of it."""
    return (
        f'<a data-ad href="{escape(links.click)}" target="_blank" rel="noopener sponsored" '
        f'style="{_FRAME}">{_inside(creative)}{_LABEL}</a>'
        f'<img src="{escape(links.impression)}" width="1" height="1" alt="" '
        f'style="position:absolute;visibility:hidden">{_VIEW.format(url=_script_text(links.view))}'
    )


def _inside(creative: Creative) -> str:
    title = escape(creative.title)
    if creative.image_url:
        return (
            f'<img src="{escape(creative.image_url)}" alt="{title}" '
            'style="width:100%;height:100%;object-fit:cover;border:0">'
        )
    return (
        '<span style="display:flex;width:100%;height:100%;align-items:center;'
        "justify-content:center;"
        "box-sizing:border-box;padding:8px 8px 18px;text-align:center;font:600 16px/1.3 sans-serif;"
        f'color:#222;background:#f5f5f5">{title}</span>'
    )


def _script_text(text: str) -> str:
    """Return a text as a script's string: our own address, which holds no quote and no ``<``."""
    safe = text.replace("\\", "%5C").replace("'", "%27").replace("<", "%3C")
    return f"'{safe}'"
