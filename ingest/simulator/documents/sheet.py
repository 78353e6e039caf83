"""Workbooks (XLSX, ISO/IEC 29500)."""

import io
import re
from datetime import datetime

import openpyxl

from ingest.simulator.documents.containers import pack, unpack
from ingest.simulator.documents.model import Document, Table

_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
_NUMBER = re.compile(r"[1-9]\d{0,9}|0")


def write_sheet(document: Document) -> bytes:
    """One sheet: the title, then text and tables in order; plain numbers as numbers, so that they can be added up."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "清单"
    book.properties.creator = document.author
    book.properties.title = document.title
    stamp = datetime.strptime(document.stamp, "%Y%m%d%H%M%S")  # noqa: DTZ007 - core properties hold naive times
    book.properties.created = stamp
    sheet.append([document.title])
    for block in document.blocks:
        if isinstance(block, Table):
            for row in block.rows:
                sheet.append([int(cell) if _NUMBER.fullmatch(cell) else cell for cell in row])
        else:
            sheet.append([block.text])
    buffer = io.BytesIO()
    book.save(buffer)
    moment = stamp.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    # openpyxl stamps the moment of saving into the properties, which would make every run another file.
    return pack(
        (name, _MODIFIED.sub(rb"\g<1>" + moment + rb"\g<2>", data) if name == "docProps/core.xml" else data)
        for name, data in unpack(buffer.getvalue())
    )
