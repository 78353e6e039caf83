"""A report as one page that needs nothing beside itself: no script, no picture, no address elsewhere."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from ingest.verdicts.reports.layout import Cell, Layout, Section, Words

_STYLE: Final = """
body{font:15px/1.6 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",sans-serif;color:#1c1c1c;
background:#fff;max-width:62rem;margin:2rem auto;padding:0 1.5rem}
h1{font-size:1.7rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid #bbb}
h1 small,h2 small,th small,td small,dt small{color:#666;font-weight:400;font-size:.8em}
td small,th small{display:block}
.ruling{display:inline-block;padding:.2rem .9rem;border:2px solid;font-weight:700;margin:.6rem 0}
.accept{color:#176b35}.ask{color:#8a5a00}.refuse{color:#a3151c}
table{border-collapse:collapse;width:100%;table-layout:fixed}
th,td{border:1px solid #ccc;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#f2f2f0}dl{display:grid;grid-template-columns:14rem 1fr;gap:.2rem 1rem;margin:0}
dt{color:#444}dd{margin:0;overflow-wrap:anywhere}p.remark{color:#555}
@media print{body{margin:0;max-width:none;font-size:10pt}tr,dl{break-inside:avoid}thead{display:table-header-group}}
"""


def page_of(layout: Layout) -> bytes:
    """The page, in UTF-8."""
    return "".join(_page(layout)).encode()


def _page(layout: Layout) -> Iterator[str]:
    title = f"{layout.title[0]} {layout.title[1]}"
    yield '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(title)} {escape(layout.subtitle)}</title><style>{_STYLE}</style></head><body>\n"
    yield f"<h1>{_words(layout.title)}</h1><p>{escape(layout.subtitle)}</p>"
    # One of three known words, hence safe as the name of a class.
    yield f'<p class="ruling {layout.ruling}">{escape(layout.ruling_words[0])} {escape(layout.ruling_words[1])}</p>\n'
    for section in layout.sections:
        yield from _section(section)
    yield "</body></html>\n"


def _section(section: Section) -> Iterator[str]:
    yield f"<section><h2>{_words(section.heading)}</h2>"
    if section.pairs:
        pairs = "".join(f"<dt>{_words(name)}</dt><dd>{escape(value)}</dd>" for name, value in section.pairs)
        yield f"<dl>{pairs}</dl>"
    if section.rows:
        yield "<table><colgroup>"
        yield "".join(f'<col style="width:{round(width * 100)}%">' for width in section.widths)
        yield "</colgroup><thead><tr>"
        yield "".join(f"<th>{_words(column)}</th>" for column in section.columns)
        yield "</tr></thead><tbody>\n"
        yield "".join(_row(row) for row in section.rows)
        yield "</tbody></table>"
    if section.remark is not None:
        yield f'<p class="remark">{_words(section.remark)}</p>'
    yield "</section>\n"


def _row(cells: Iterable[Cell]) -> str:
    inside = (escape(cell.text) + (f"<small>{escape(cell.beside)}</small>" if cell.beside else "") for cell in cells)
    return f"<tr>{''.join(f'<td>{text}</td>' for text in inside)}</tr>\n"


def _words(words: Words) -> str:
    return f"{escape(words[0])} <small>{escape(words[1])}</small>"
