import io
import struct

import pytest

from ingest.formats.inspection import Aspect
from ingest.outcomes import Outcome
from tests.unit.extractors import documents
from tests.unit.formats.looking import codes, harmless, looked

RELATIONS = "word/_rels/document.xml.rels"
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def changed(**parts: bytes) -> bytes:
    """A document with parts put in; the names come with `__` for the slash."""
    return documents.zipped({**documents.unzipped(documents.docx_file()), **named(parts)})


def named(parts: dict[str, bytes]) -> dict[str, bytes]:
    return {name.replace("__", "/").replace("_dot_", "."): content for name, content in parts.items()}


def related(kind: str, target: str, *, outside: bool) -> bytes:
    parts = documents.unzipped(documents.docx_file())
    mode = ' TargetMode="External"' if outside else ""
    relation = f'<Relationship Id="rId99" Type="{KIND}{kind}" Target="{target}"{mode}/></Relationships>'
    parts[RELATIONS] = parts[RELATIONS].replace(b"</Relationships>", relation.encode())
    return documents.zipped(parts)


def with_field(said: bytes) -> bytes:
    parts = documents.unzipped(documents.docx_file())
    runs = b"".join(b"<w:r><w:instrText>%c</w:instrText></w:r>" % letter for letter in said)
    parts["word/document.xml"] = parts["word/document.xml"].replace(b"<w:body>", b"<w:body><w:p>" + runs + b"</w:p>")
    return documents.zipped(parts)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (documents.docx_file(), "a.docx"),
        (documents.xlsx(), "a.xlsx"),
        (documents.odt(), "a.odt"),
        (documents.rtf(), "a.rtf"),
        (related("hyperlink", "https://example.org/", outside=True), "a.docx"),
        (related("image", "NULL", outside=False), "a.docx"),
        (with_field(b"PAGE"), "a.docx"),
    ],
)
def test_sound_documents_pass(content: bytes, name: str) -> None:
    harmless(content, name)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (related("attachedTemplate", "https://example.org/a.dotm", outside=True), "office-outside-template"),
        (related("oleObject", "https://example.org/a.xls", outside=True), "office-outside-resource"),
        (related("image", "http://example.org/a.png", outside=True), "office-outside-resource"),
        (changed(word__vbaProject_dot_bin=b"\xd0\xcf"), "office-macros"),
        (changed(word__activeX__activeX1_dot_bin=b"x"), "office-control"),
        (with_field(b"DDEAUTO c:\\x"), "office-dde"),
        (with_field(b'INCLUDEPICTURE "http://example.org/"'), "office-outside-resource"),
        (changed(word__bad_dot_xml=b'<!DOCTYPE a [<!ENTITY z SYSTEM "z">]><a/>'), "xml-external-entity"),
    ],
)
def test_what_runs_or_loads_fails(content: bytes, code: str) -> None:
    assert code in codes(content, Aspect.ACTIVE, name="a.docx")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (related("image", "media/none.png", outside=False), "office-part-missing"),
        (changed(word__bad_dot_xml=b"<a>"), "xml-not-well-formed"),
    ],
)
def test_broken_packages_fail(content: bytes, code: str) -> None:
    assert code in codes(content, Aspect.STRUCTURE, name="a.docx")


def test_embedded_files_are_told() -> None:
    content = changed(word__embeddings__oleObject1_dot_bin=b"x")
    assert codes(content, Aspect.CONCEALED, name="a.docx") == {"office-embedded"}


@pytest.mark.parametrize("target", [r"file:///C:\Users\a\Normal.dotm", r"D:\模板\招标.dotx", "Normal.dotm"])
def test_a_template_of_the_machine_where_it_was_written_is_told_and_passes(target: str) -> None:
    content = related("attachedTemplate", target, outside=True)
    assert codes(content, Aspect.ACTIVE, Outcome.PASS, "a.docx") == {"office-outside-template"}


@pytest.mark.parametrize(
    "target",
    [r"\\host\share\a.dotm", "file://host/a.dotm", "file:///%5C%5Chost%5Ca.dotm", "//host/a.dotm", "ftp://h/a"],
)
def test_a_template_of_a_stranger_fails_however_it_is_written(target: str) -> None:
    content = related("attachedTemplate", target, outside=True)
    assert codes(content, Aspect.ACTIVE, name="a.docx") == {"office-outside-template"}


@pytest.mark.parametrize(
    ("target", "outcome"),
    [("清单.xlsx", Outcome.PASS), ("file:///D:/清单.xlsx", Outcome.PASS), ("https://example.org/a.xlsx", Outcome.FAIL)],
)
def test_figures_from_another_workbook_fail_only_where_it_lies_with_a_stranger(target: str, outcome: Outcome) -> None:
    content = related("externalLinkPath", target, outside=True)
    assert codes(content, Aspect.ACTIVE, outcome, "a.docx") == {"office-outside-resource"}


@pytest.mark.parametrize(
    ("workbook", "outcome"),
    [
        (documents.xlsx(), Outcome.PASS),
        (documents.zipped({**documents.unzipped(documents.xlsx()), "xl/vbaProject.bin": b"x"}), Outcome.FAIL),
        (b"MZ" + bytes(600), Outcome.FAIL),
    ],
)
def test_the_figures_of_a_chart_pass_and_nothing_else_in_their_place(workbook: bytes, outcome: Outcome) -> None:
    relation = f'<Relationship Id="rId1" Type="{KIND}package" Target="../embeddings/Sheet1.xlsx"/>'
    names = "http://schemas.openxmlformats.org/package/2006/relationships"
    more = {
        "word/charts/chart1.xml": b"<chart/>",
        "word/charts/_rels/chart1.xml.rels": f'<Relationships xmlns="{names}">{relation}</Relationships>'.encode(),
        "word/embeddings/Sheet1.xlsx": workbook,
    }
    content = documents.zipped({**documents.unzipped(documents.docx_file()), **more})
    assert codes(content, Aspect.CONCEALED, outcome, "a.docx") == {"office-embedded"}


def opendocument(manifest: bytes = b"", more: dict[str, bytes] | None = None) -> bytes:
    parts = documents.unzipped(documents.odt(more=more))
    if manifest:
        parts["META-INF/manifest.xml"] = parts["META-INF/manifest.xml"].replace(b"</m:manifest>", manifest)
    return documents.zipped(parts)


def test_scripts_in_an_open_document_fail() -> None:
    content = opendocument(more={"Basic/Standard/Module1.xml": b"<a/>"})
    assert codes(content, Aspect.ACTIVE, name="a.odt") == {"office-macros"}


def test_an_encrypted_open_document_is_locked_and_nothing_else_is_passed() -> None:
    content = opendocument(b'<m:file-entry m:full-path="content.xml"><m:encryption-data/></m:file-entry></m:manifest>')
    assert codes(content, Aspect.LOCKED, name="a.odt") == {"file-encrypted"}
    for aspect in (Aspect.STRUCTURE, Aspect.ACTIVE, Aspect.CONCEALED):
        assert looked(content, "a.odt")[aspect].outcome is Outcome.NOT_CHECKED


@pytest.mark.parametrize(
    ("added", "aspect", "code"),
    [
        (rb"{\object\objemb{\*\objdata 0105}}", Aspect.CONCEALED, "office-embedded"),
        (rb"{\object\objautlink\objupdate{\*\objdata 01}}", Aspect.ACTIVE, "office-object-runs"),
        (rb"{\*\template http://example.org/a.dotm}", Aspect.ACTIVE, "office-outside-template"),
        (rb"{\field{\*\fldinst DDEAUTO c:\\x}}", Aspect.ACTIVE, "office-dde"),
        (rb"{\b", Aspect.STRUCTURE, "file-truncated"),
    ],
)
def test_rich_text_that_does_more_than_text_fails(added: bytes, aspect: Aspect, code: str) -> None:
    content = documents.rtf()
    assert code in codes(content[:-1] + added + content[-1:], aspect, name="a.rtf")


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file of 512-byte sectors with the streams under its root, each padded to 4096 bytes (MS-CFB)."""
    contents = [content.ljust(4096, b"\0") for content in streams.values()]
    sectors = [len(content) // 512 for content in contents]
    directory_sectors = (len(streams) + 1 + 3) // 4
    first = 1 + directory_sectors
    chain = [0xFFFFFFFD] + [number + 1 for number in range(1, directory_sectors)] + [0xFFFFFFFE]
    entries = [_entry("Root Entry", 5, 1 if streams else 0xFFFFFFFF, 0xFFFFFFFE, 0)]
    for number, (name, count) in enumerate(zip(streams, sectors, strict=True)):
        right = number + 2 if number + 1 < len(streams) else 0xFFFFFFFF
        entries.append(_entry(name, 2, 0xFFFFFFFF, first, count * 512, right))
        chain += [first + step + 1 for step in range(count - 1)] + [0xFFFFFFFE]
        first += count
    table = b"".join(struct.pack("<L", value) for value in chain).ljust(512, b"\xff")
    header = struct.pack(
        "<8s16s5H6s7L2L", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, 1, 1, 0, 4096,
        0xFFFFFFFE, 0, 0xFFFFFFFE, 0,
    )  # fmt: skip
    header += struct.pack("<L", 0) + b"\xff" * (108 * 4)
    return header + table + b"".join(entries).ljust(directory_sectors * 512, b"\0") + b"".join(contents)


def _entry(name: str, kind: int, child: int, start: int, size: int, right: int = 0xFFFFFFFF) -> bytes:
    wide = name.encode("utf-16-le")
    return (
        wide.ljust(64, b"\0")
        + struct.pack("<HBB3L", len(wide) + 2, kind, 1, 0xFFFFFFFF, right, child)
        + bytes(36)
        + struct.pack("<LQ", start, size)
    )


FIB = struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0x804, 0, 0)
BOOK = struct.pack("<HH", 0x809, 4) + bytes(4)


def test_an_old_document_passes() -> None:
    harmless(compound({"WordDocument": FIB}), "a.doc")


@pytest.mark.parametrize(
    ("streams", "aspect", "code"),
    [
        ({"WordDocument": FIB[:10] + b"\0\x01"}, Aspect.LOCKED, "file-encrypted"),
        ({"Workbook": BOOK + struct.pack("<HH", 0x2F, 2) + bytes(2)}, Aspect.LOCKED, "file-encrypted"),
        ({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}, Aspect.LOCKED, "file-encrypted"),
        ({"Workbook": BOOK + struct.pack("<HHLBB", 0x85, 8, 0, 0, 1) + bytes(2)}, Aspect.ACTIVE, "office-macros"),
        ({"WordDocument": FIB, "_VBA_PROJECT": b"x"}, Aspect.ACTIVE, "office-macros"),
        ({"WordDocument": FIB + b"DDEAUTO x"}, Aspect.ACTIVE, "office-dde"),
        ({"WordDocument": FIB, "\x01Ole10Native": b"x"}, Aspect.CONCEALED, "office-embedded"),
    ],
)
def test_what_an_old_document_hides_is_found(streams: dict[str, bytes], aspect: Aspect, code: str) -> None:
    assert code in codes(compound(streams), aspect, name="a.doc")


def test_a_damaged_compound_file_is_named_and_nothing_else_is_passed() -> None:
    broken = compound({"WordDocument": FIB})[:600]
    assert codes(broken, Aspect.STRUCTURE, name="a.doc") == {"file-damaged"}
    assert looked(broken, "a.doc")[Aspect.ACTIVE].outcome is Outcome.NOT_CHECKED


def test_macros_are_found_in_a_package_of_any_type() -> None:
    parts = {"[Content_Types].xml": b"<Types/>", "ppt/vbaProject.bin": b"x"}
    assert codes(documents.zipped(parts), Aspect.ACTIVE, name="a.pptm") == {"office-macros"}


def test_a_stream_is_left_open() -> None:
    stream = io.BytesIO(compound({"WordDocument": FIB}))
    harmless(stream.getvalue())
    assert not stream.closed
