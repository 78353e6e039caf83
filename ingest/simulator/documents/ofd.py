"""OFD (GB/T 33190-2016): the smallest container that readers accept, with text objects on A4 pages."""

from collections.abc import Iterator
from html import escape

from ingest.simulator.documents.containers import pack
from ingest.simulator.documents.model import Document

_NAMESPACE = "http://www.ofdspec.org/2016"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SIZE, _LEADING, _LEFT, _TOP, _BOTTOM = 4.2, 7.0, 22.0, 25.0, 275.0  # millimetres, as everything in OFD
_CHARACTERS = 39
_FONT_ID = 2


def write_ofd(document: Document) -> bytes:
    """The document line by line; tables as lines with their cells set apart by spaces."""
    pages = list(_pages(document))
    ids = _FONT_ID
    members: list[tuple[str, bytes]] = []
    references: list[str] = []
    for number, lines in enumerate(pages):
        page_id, ids = ids + 1, ids + 2 + len(lines)
        references.append(f'<ofd:Page ID="{page_id}" BaseLoc="Pages/Page_{number}/Content.xml"/>')
        members.append((f"Doc_0/Pages/Page_{number}/Content.xml", _page(page_id, lines)))
    return pack(
        [
            ("OFD.xml", _root(document)),
            ("Doc_0/Document.xml", _document(ids, references)),
            ("Doc_0/PublicRes.xml", _resources()),
            *members,
        ]
    )


def _pages(document: Document) -> Iterator[list[str]]:
    lines = [
        part[start : start + _CHARACTERS]
        for part in (line.replace("\t", "  ") for line in document.lines())
        for start in range(0, max(len(part), 1), _CHARACTERS)
    ]
    room = int((_BOTTOM - _TOP) // _LEADING)
    for start in range(0, len(lines), room):
        yield lines[start : start + room]


def _root(document: Document) -> bytes:
    stamp = document.stamp
    day = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"
    return _xml(
        f'<ofd:OFD xmlns:ofd="{_NAMESPACE}" Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
        f"<ofd:DocID>{stamp:0>32}</ofd:DocID><ofd:Title>{escape(document.title)}</ofd:Title>"
        f"<ofd:Author>{escape(document.author)}</ofd:Author><ofd:CreationDate>{day}</ofd:CreationDate>"
        "</ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    )


def _document(highest: int, references: list[str]) -> bytes:
    return _xml(
        f'<ofd:Document xmlns:ofd="{_NAMESPACE}"><ofd:CommonData><ofd:MaxUnitID>{highest}</ofd:MaxUnitID>'
        "<ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>"
        "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData>"
        f"<ofd:Pages>{''.join(references)}</ofd:Pages></ofd:Document>"
    )


def _resources() -> bytes:
    return _xml(
        f'<ofd:Res xmlns:ofd="{_NAMESPACE}" BaseLoc="Res"><ofd:Fonts>'
        f'<ofd:Font ID="{_FONT_ID}" FontName="宋体" FamilyName="宋体"/></ofd:Fonts></ofd:Res>'
    )


def _page(page_id: int, lines: list[str]) -> bytes:
    objects = "".join(
        _text(page_id + 2 + number, _TOP + number * _LEADING, line) for number, line in enumerate(lines) if line
    )
    return _xml(
        f'<ofd:Page xmlns:ofd="{_NAMESPACE}"><ofd:Content><ofd:Layer ID="{page_id + 1}">{objects}'
        "</ofd:Layer></ofd:Content></ofd:Page>"
    )


def _text(object_id: int, top: float, line: str) -> str:
    advances = " ".join(f"{_SIZE if ord(character) > 0x2E7F else _SIZE / 2:g}" for character in line[:-1])
    deltas = f' DeltaX="{advances}"' if advances else ""
    return (
        f'<ofd:TextObject ID="{object_id}" Boundary="{_LEFT:g} {top:g} 166 {_LEADING:g}" Font="{_FONT_ID}" '
        f'Size="{_SIZE:g}"><ofd:TextCode X="0" Y="{_SIZE:g}"{deltas}>{escape(line)}</ofd:TextCode></ofd:TextObject>'
    )


def _xml(body: str) -> bytes:
    return (_HEAD + body).encode()
