"""The page that is a pushed message's main document: what may be seen of it, by its Chinese names.

The same message always gives the same bytes. The document's title and the moment of the data are left out: they are
told of the record itself, and a change of them alone is no change of content.
"""

import io
from collections.abc import Mapping
from html import escape

from archive.errors import InvalidInput
from ingest.extractors.html import HtmlExtractor
from ingest.extractors.port import Limits
from ingest.push.tables import Tables
from ingest.push.types import DataSet

_LIMITS = Limits()


def page_of(data_set: DataSet, values: Mapping[str, str], tables: Tables) -> bytes:
    """The page of one message, in UTF-8.

    It lists only what the specification discloses to society; where it discloses nothing of a data set, all of it, and
    then the document is not for the public.
    """
    left_out = {*tables.roles["title"], *tables.roles["revised"]}
    if data_set.fields:
        rows = [
            (field.name_cn, values[field.name])
            for field in data_set.fields
            if field.name in values and field.name not in left_out and (field.public or not data_set.public)
        ]
    else:
        rows = [(name, value) for name, value in values.items() if name not in left_out]
    name = escape(data_set.name_cn)
    body = "\n".join(f"<tr><th>{escape(label)}</th><td>{_shown(value)}</td></tr>" for label, value in rows)
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head><meta charset="utf-8"><title>{name}</title></head>\n'
        f"<body>\n<h1>{name}</h1>\n<table>\n{body}\n</table>\n</body>\n</html>\n"
    ).encode("utf-8", "replace")


def _shown(value: str) -> str:
    """A value as text: of a notice in HTML its words, line by line."""
    text = _words(value) if "<" in value else value
    return "<br>".join(escape(line.strip()) for line in text.splitlines() if line.strip())


def _words(markup: str) -> str:
    try:
        return HtmlExtractor().extract(io.BytesIO(markup.encode("utf-8", "replace")), _LIMITS).text
    except InvalidInput:
        # What cannot be read as HTML is shown as it was written.
        return markup
