"""A report as a PDF of A4 pages, with the same bytes for the same run on the same machine."""

import io
from collections.abc import Iterable
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from ingest.verdicts.reports.fonts import report_font
from ingest.verdicts.reports.layout import Cell, Layout, Section, Words
from ingest.verdicts.types import ReportFont

_MARGIN: Final = 16 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN
_WITH_HEADING: Final = 40 * mm
_COLOURS: Final = {"accept": "#176b35", "ask": "#8a5a00", "refuse": "#a3151c"}
_LONGEST_CELL: Final = 1_500
"""Characters; the other forms have the whole text."""


def printed_of(layout: Layout) -> bytes:
    """The document."""
    font = report_font()
    setter = _Setter(font)
    sheet = io.BytesIO()
    document = SimpleDocTemplate(
        sheet,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=f"{layout.title[0]} {layout.subtitle}",
        author="卷宗 Juanzong",
        lang="zh-CN",
        # No moment of making and no random number in the file: the same report has the same digest.
        invariant=1,
    )
    foot = _foot(font.name, layout.subtitle)
    document.build(list(setter.story(layout)), onFirstPage=foot, onLaterPages=foot)
    return sheet.getvalue()


class _Setter:
    """Turns a layout into what the library flows over pages."""

    def __init__(self, font: ReportFont) -> None:
        def style(name: str, size: float, **more: Any) -> ParagraphStyle:
            # Breaking between any two characters is right for Chinese and the only way for digests.
            return ParagraphStyle(name, fontName=font.name, fontSize=size, leading=size * 1.4, wordWrap="CJK", **more)

        self._title = style("title", 18, spaceAfter=4)
        self._heading = style("heading", 12, spaceBefore=12, spaceAfter=4)
        self._body = style("body", 8.5)
        self._remark = style("remark", 8, textColor=colors.HexColor("#555555"), spaceBefore=3)

    def story(self, layout: Layout) -> Iterable[Flowable]:
        colour = _COLOURS[layout.ruling]
        yield Paragraph(_words(layout.title), self._title)
        yield Paragraph(_text(layout.subtitle), self._body)
        yield Spacer(0, 4)
        verdict = f'<font color="{colour}">{_words(layout.ruling_words)}</font>'
        yield Paragraph(verdict, self._heading)
        for section in layout.sections:
            yield from self._section(section)

    def _section(self, section: Section) -> Iterable[Flowable]:
        # A heading is not left alone at the foot of a page; a long table may still begin beneath it.
        yield CondPageBreak(_WITH_HEADING)
        yield Paragraph(_words(section.heading), self._heading)
        if section.pairs:
            rows = [[self._put(_words(name)), self._put(_text(value))] for name, value in section.pairs]
            yield _table(rows, (0.28, 0.72), headed=False)
        if section.rows:
            head = [self._put(_words(column, beneath=True)) for column in section.columns]
            yield _table([head, *([self._put(_cell(cell)) for cell in row] for row in section.rows)], section.widths)
        if section.remark is not None:
            yield Paragraph(_words(section.remark), self._remark)

    def _put(self, marked: str) -> Paragraph:
        return Paragraph(marked, self._body)


def _table(rows: list[list[Paragraph]], widths: Iterable[float], *, headed: bool = True) -> LongTable:
    grid = [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#bbbbbb")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    if headed:
        grid.append(("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#f2f2f0")))
    # A row that is higher than a page goes on overleaf: a long note must not keep a volume without its report.
    columns = [width * _WIDTH for width in widths]
    table = LongTable(rows, colWidths=columns, repeatRows=1 if headed else 0, splitInRow=1)
    table.setStyle(TableStyle(grid))
    return table


def _foot(font: str, subtitle: str) -> Any:
    def draw(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.saveState()
        canvas.setFont(font, 7)
        canvas.drawString(_MARGIN, 8 * mm, subtitle[:80])
        canvas.drawRightString(A4[0] - _MARGIN, 8 * mm, f"第 {document.page} 页 page {document.page}")
        canvas.restoreState()

    return draw


def _cell(cell: Cell) -> str:
    beside = f'<br/><font size="7" color="#666666">{_text(cell.beside)}</font>' if cell.beside else ""
    return _text(cell.text) + beside


def _words(words: Words, *, beneath: bool = False) -> str:
    between = "<br/>" if beneath else " "
    return f'{_text(words[0])}{between}<font size="7" color="#666666">{_text(words[1])}</font>'


def _text(text: str) -> str:
    """Text that the library's own marks cannot be smuggled into, and no longer than a page."""
    shown = text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "…"
    return escape("".join(character if character.isprintable() else " " for character in shown))
