"""HTML made safe to show: the structure and words of a notice, nothing that runs, loads or reaches out."""

import nh3

_BLOCKS = {
    "blockquote",
    "br",
    "center",
    "details",
    "div",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "p",
    "pre",
    "section",
    "summary",
    "article",
    "header",
    "footer",
    "main",
}
_LISTS = {"dd", "dl", "dt", "li", "ol", "ul"}
_TABLES = {"caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
_INLINE = {
    "a",
    "abbr",
    "b",
    "bdi",
    "cite",
    "code",
    "del",
    "dfn",
    "em",
    "font",
    "i",
    "ins",
    "kbd",
    "mark",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "time",
    "u",
    "var",
}
_DROPPED_WHOLE = {"script", "style", "noscript", "template", "iframe", "object", "embed", "title", "textarea"}
_ATTRIBUTES = {
    "*": {"title", "lang", "dir"},
    "a": {"href"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "type"},
    "li": {"value"},
    "p": {"align"},
    "div": {"align"},
    "time": {"datetime"},
}


def safe_html(html: str) -> str:
    """`html` with headings, lists and tables kept and everything active or external gone.

    Scripts, styles, events, forms, frames, images and other loaded resources are dropped; links stay where they name a
    web or mail address in full and open without telling where the reader came from.
    """
    return nh3.clean(
        html,
        tags=_BLOCKS | _LISTS | _TABLES | _INLINE,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )
