"""PDF with a text layer in STSong-Light, a Chinese font that readers bring along and files do not embed."""

import io
from functools import cache
from html import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid

from ingest.simulator.documents.model import Block, Document, Heading, Table

_FONT = "STSong-Light"
_WIDTH = A4[0] - 44 * mm


def write_pdf(document: Document) -> bytes:
    """The document on A4. ReportLab's invariant mode fixes identifier and dates: equal documents are equal bytes."""
    styles = _styles()
    buffer = io.BytesIO()
    template = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=22 * mm,
        rightMargin=22 * mm,
        topMargin=25 * mm,
        bottomMargin=20 * mm,
        invariant=1,
        title=document.title,
        author=document.author,
    )
    flow: list[Flowable] = [Text(escape(document.title), styles["title"]), Spacer(1, 5 * mm)]
    flow.extend(_flowable(block, styles) for block in document.blocks)
    template.build(flow, onFirstPage=_number, onLaterPages=_number)
    return buffer.getvalue()


@cache
def _styles() -> dict[str, ParagraphStyle]:
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    base = ParagraphStyle("body", fontName=_FONT, fontSize=11, leading=19, firstLineIndent=22, wordWrap="CJK")
    return {
        "body": base,
        "title": ParagraphStyle("title", base, fontSize=16, leading=24, alignment=TA_CENTER, firstLineIndent=0),
        "heading": ParagraphStyle("heading", base, fontSize=12, spaceBefore=6, firstLineIndent=0),
        "right": ParagraphStyle("right", base, alignment=TA_RIGHT, firstLineIndent=0),
        "cell": ParagraphStyle("cell", base, fontSize=9, leading=13, firstLineIndent=0),
    }


def _flowable(block: Block, styles: dict[str, ParagraphStyle]) -> Flowable:
    if isinstance(block, Heading):
        return Text(escape(block.text), styles["heading"])
    if isinstance(block, Table):
        return _grid(block, styles["cell"])
    return Text(escape(block.text), styles["right" if block.right else "body"])


def _grid(table: Table, style: ParagraphStyle) -> Flowable:
    columns = max(len(row) for row in table.rows)
    cells = [[Text(escape(cell), style) for cell in row] + [""] * (columns - len(row)) for row in table.rows]
    grid = Grid(cells, colWidths=[_WIDTH / columns] * columns)
    grid.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]))
    return grid


def _number(canvas: Canvas, template: SimpleDocTemplate) -> None:
    canvas.setFont(_FONT, 9)
    canvas.drawCentredString(A4[0] / 2, 12 * mm, f"第 {template.page} 页")
