"""Word documents (DOCX, ISO/IEC 29500)."""

import io
from datetime import datetime

import docx
from docx.document import Document as Word
from docx.enum.text import WD_ALIGN_PARAGRAPH

from ingest.simulator.documents.containers import pack, unpack
from ingest.simulator.documents.model import Block, Document, Heading, Table


def write_word(document: Document) -> bytes:
    """The document; its properties carry the document's own time, never the writing computer's."""
    word = docx.Document()
    stamp = datetime.strptime(document.stamp, "%Y%m%d%H%M%S")  # noqa: DTZ007 - core properties hold naive times
    properties = word.core_properties
    properties.title = document.title
    properties.author = properties.last_modified_by = document.author
    properties.created = properties.modified = stamp
    properties.comments = ""
    word.sections[0].header.paragraphs[0].text = document.author
    title = word.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.add_run(document.title).bold = True
    for block in document.blocks:
        _add(word, block)
    buffer = io.BytesIO()
    word.save(buffer)
    return pack(unpack(buffer.getvalue()))


def _add(word: Word, block: Block) -> None:
    if isinstance(block, Table):
        _add_table(word, block)
        return
    paragraph = word.add_paragraph()
    run = paragraph.add_run(block.text)
    if isinstance(block, Heading):
        run.bold = True
    elif block.right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _add_table(word: Word, table: Table) -> None:
    grid = word.add_table(rows=len(table.rows), cols=max(len(row) for row in table.rows), style="Table Grid")
    cells = grid._cells  # noqa: SLF001 - python-docx reads the whole table again for every public cell access
    columns = len(grid.columns)
    for number, row in enumerate(table.rows):
        for column, text in enumerate(row):
            cells[number * columns + column].text = text
