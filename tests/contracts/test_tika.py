"""What Tika reads, on the real server; and how its absence, its crashes and its answers are borne."""

import io
import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive.errors import ArchiveError, InvalidInput, Unavailable
from ingest.extractors.port import Extraction, Limits
from ingest.extractors.reading import Reading, read_component
from ingest.extractors.tika import TikaExtractor
from ingest.extractors.tika_server import Patience, TikaServer
from ingest.formats.containers import ContainerLimits
from ingest.formats.identify import identify
from ingest.formats.types import Identified
from tests.contracts.tika_servers import Answer, cuts, drips, floods, registry_with, relayed, says, sleeps, standing_in
from tests.services import service_url
from tests.unit.extractors import documents
from tests.unit.extractors.documents import LINES

UNLIMITED = Limits()
QUICK = Patience(connect=1.0, file=1.0, back=1.0, spread=0.0)


def nobody() -> str:
    """The address of a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def extractor(url: str, patience: Patience = QUICK) -> TikaExtractor:
    return TikaExtractor(TikaServer(url, patience))


def refused(call: Callable[[], object]) -> ArchiveError:
    with pytest.raises(ArchiveError) as caught:
        call()
    return caught.value


def extracted(url: str, content: bytes, patience: Patience = QUICK, limits: Limits = UNLIMITED) -> Extraction:
    return extractor(url, patience).extract(io.BytesIO(content), limits)


def read(content: bytes, name: str) -> Reading:
    return read_component(io.BytesIO(content), name, registry_with(service_url("tika")))


def good(text: str) -> bytes:
    return json.dumps([{"X-TIKA:content": text, "dc:title": ["甲", "乙"], "xmpTPg:NPages": "2"}]).encode()


@contextmanager
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port, and what came to it."""
    came: list[bytes] = []
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    came.append(connection.recv(1000))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1], came
        finally:
            over.set()
            thread.join()


@pytest.mark.services
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("notice.rtf", documents.rtf),
        ("notice.xls", documents.xls),
        ("notice.odt", documents.odt),
        ("notice.eml", documents.mail),
    ],
)
def test_chinese_text_of_other_formats_comes_out_intact(name: str, make: Callable[[], bytes]) -> None:
    reading = read(make(), name)
    assert reading.state == "extracted"
    assert reading.text.splitlines()[-len(LINES) :] == list(LINES)
    assert reading.extractor.startswith("tika/1+3.")
    assert reading.identified.warning is None


@pytest.mark.services
def test_a_real_word_document_comes_out_intact_in_chinese_too(shared_data: Path) -> None:
    content = next(shared_data.rglob("lorem-ipsum-pages-09-4.1-923.doc")).read_bytes()
    old = "Lorem ipsum dolor sit amet, consectetur adipi".encode("utf-16-le")
    new = LINES[2].ljust(len(old) // 2).encode("utf-16-le")
    assert content.count(old) == 1
    reading = read(content.replace(old, new), "notice.doc")
    assert reading.state == "extracted"
    assert LINES[2] in reading.text
    assert "Variatio Ipsius" in reading.text
    assert reading.extraction is not None
    assert "active-content" not in reading.extraction.warnings


@pytest.mark.services
@pytest.mark.parametrize("name", ["lorem-ipsum.rtf", "lorem-ipsum.oo3.2.odt", "lorem-ipsum-pages-09-4.1-923.epub"])
def test_real_files_are_read_whole(shared_data: Path, name: str) -> None:
    reading = read(next(shared_data.rglob(name)).read_bytes(), name)
    assert reading.state == "extracted"
    assert "Lorem ipsum dolor sit amet" in reading.text
    assert len(reading.text) > 4_000


@pytest.mark.services
def test_documents_inside_a_document_follow_it_in_order() -> None:
    reading = read(documents.mail(attachments=("第一个附件", "第二个附件")), "notice.eml")
    places = [reading.text.index(text) for text in (*LINES, "第一个附件", "第二个附件")]
    assert places == sorted(places)
    assert reading.extraction is not None
    assert reading.extraction.metadata["title"] == LINES[0]


@pytest.mark.services
def test_locked_broken_and_unknown_files_are_told_apart() -> None:
    url = service_url("tika")
    patient = Patience()
    locked = documents.changed_pdf(documents.pdf(), owner="auch geheim", user="geheim")
    assert refused(lambda: extracted(url, locked, patient)).code == "file-encrypted"
    broken = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 4_000
    assert refused(lambda: extracted(url, broken, patient)).code == "file-damaged"
    assert refused(lambda: extracted(url, b"\x01\x02\x03" * 900, patient)).code == "file-unsupported"
    assert refused(lambda: extracted(url, documents.odt()[:-40], patient)).code == "file-truncated"


@pytest.mark.services
def test_a_format_that_tika_does_not_know_either_has_no_text_and_is_no_failure(shared_data: Path) -> None:
    reading = read(next(shared_data.rglob("NEWSSLID.DOC")).read_bytes(), "NEWSSLID.DOC")
    assert (reading.state, reading.problem) == ("file-unsupported", None)


def form(value: str, doctype: str = "") -> bytes:
    """A PDF with an XFA form of one field, filled in with `value`."""
    return documents.xfa_pdf(
        f'{doctype}<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">'
        '<template xmlns="http://www.xfa.org/schema/xfa-template/3.3/"><subform name="s"><field name="a"/></subform>'
        '</template><xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data>'
        f"<s><a>{value}</a></s></xfa:data></xfa:datasets></xdp:xdp>"
    )


def text_document(value: str, doctype: str = "") -> bytes:
    return documents.odt((value,), doctype)


@pytest.mark.services
@pytest.mark.parametrize("make", [form, text_document])
def test_an_external_entity_reaches_neither_files_nor_the_network(make: Callable[..., bytes]) -> None:
    """The hole of CVE-2025-54988 and CVE-2025-66516: a form in a PDF that names files of the server."""
    url = service_url("tika")
    assert "GANZ-OFFEN" in extracted(url, make("GANZ-OFFEN"), Patience()).text
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as secret, listener() as (port, came):
        secret.write("GANZ-GEHEIM")
        secret.flush()
        # The server runs as somebody else; it must be able to read what it must not.
        Path(secret.name).chmod(0o644)
        for target in (f"file://{secret.name}", f"http://127.0.0.1:{port}/e"):
            named = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{target}">]>'
            loaded = f'<!DOCTYPE x [<!ENTITY % d SYSTEM "{target}"> %d;]>'
            for content in (make("&e;", named), make("GANZ-OFFEN", loaded)):
                try:
                    text = extracted(url, content, Patience()).text
                except InvalidInput as error:
                    # Refusing the whole file is as good.
                    text = error.message()
                assert "GEHEIM" not in text
        time.sleep(0.3)
        assert came == []


@pytest.mark.services
def test_a_file_that_a_restart_interrupted_is_read_after_it() -> None:
    with relayed(service_url("tika"), cuts=2, down=0.5) as relay:
        found = extracted(relay.url, documents.rtf(), Patience(back=10.0, spread=0.0))
        assert relay.cut == 2
    assert found.text.splitlines() == list(LINES)


@pytest.mark.services
def test_a_server_that_does_not_come_back_in_time_is_unavailable() -> None:
    with relayed(service_url("tika"), cuts=1, down=3.0) as relay:
        error = refused(lambda: extracted(relay.url, documents.rtf(), Patience(back=0.5, connect=0.5, spread=0.0)))
    assert (type(error), error.code, error.retryable) == (Unavailable, "tika-unavailable", True)


@pytest.mark.services
def test_a_large_file_passes_through_in_blocks() -> None:
    class Counted(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1) -> bytes:
            block = super().read(size)
            self.most = max(self.most, len(block))
            return block

    stream = Counted(documents.rtf()[:-1] + b"\\par " * 5_000_000 + b"}")
    reading = read_component(stream, "notice.rtf", registry_with(service_url("tika")))
    assert reading.text.splitlines()[: len(LINES)] == list(LINES)
    assert stream.most <= 4 << 20


def test_a_server_that_is_down_is_unavailable_and_nothing_is_said_of_the_file() -> None:
    url = nobody()
    for call in (lambda: extracted(url, documents.rtf()), lambda: extractor(url).version):
        error = refused(call)
        assert (type(error), error.code) == (Unavailable, "tika-unavailable")
        assert error.params["server"] == url.removeprefix("http://")
    with pytest.raises(Unavailable):
        read_component(io.BytesIO(documents.rtf()), "notice.rtf", registry_with(url))


def test_nothing_is_asked_of_the_server_before_there_is_a_file_for_it() -> None:
    registry = registry_with(nobody())
    assert read_component(io.BytesIO(documents.pdf()), "notice.pdf", registry).state == "extracted"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (says(503), "tika-unavailable"),
        (says(404), "tika-answer"),
        (says(302), "tika-answer"),
        (says(415), "file-unsupported"),
        (says(422), "file-damaged"),
    ],
)
def test_what_a_server_answers_is_told_apart(answer: Answer, code: str) -> None:
    with standing_in(answer) as server:
        assert refused(lambda: extracted(server.url, documents.rtf())).code == code
        assert server.files == 1


@pytest.mark.parametrize("answer", [cuts, says(500), says(200, b"{"), says(200, b"[]"), says(200, b"[1]")])
def test_a_file_over_which_the_server_breaks_three_times_is_given_up(answer: Answer) -> None:
    with standing_in(answer) as server:
        error = refused(lambda: extracted(server.url, documents.rtf()))
        assert (type(error), error.code) == (InvalidInput, "file-breaks-reader")
        assert server.files == 3


@pytest.mark.parametrize("answer", [sleeps, drips])
def test_a_file_that_takes_too_long_is_given_up(answer: Answer) -> None:
    with standing_in(answer) as server:
        started = time.monotonic()
        error = refused(lambda: extracted(server.url, documents.rtf()))
        assert error.code == "file-takes-too-long"
        assert time.monotonic() - started < 3
        assert server.files == 1


def test_a_huge_answer_is_not_taken() -> None:
    with standing_in(floods) as server:
        error = refused(lambda: extracted(server.url, documents.rtf(), Patience(), Limits(characters=1_000)))
    assert error.code == "file-answer-too-large"


def test_a_file_that_is_too_large_is_not_sent() -> None:
    with standing_in(says(200, good("甲"))) as server:
        reader = TikaExtractor(TikaServer(server.url, QUICK), most_bytes=100)
        error = refused(lambda: reader.extract(io.BytesIO(documents.rtf()), Limits()))
        assert (error.code, server.files) == ("file-too-large-to-read", 0)


def test_an_answer_is_cut_at_the_limit_of_characters_and_says_so() -> None:
    with standing_in(says(200, good("甲" * 50))) as server:
        found = extracted(server.url, documents.rtf(), limits=Limits(characters=20))
    assert (found.text, found.complete, found.pages) == ("甲" * 20, False, 2)
    assert "text-cut" in found.warnings
    assert found.metadata == {"title": "甲; 乙"}


def test_what_could_not_be_read_inside_a_document_is_said() -> None:
    parts = [{"X-TIKA:content": "甲"}, {"X-TIKA:EXCEPTION:embedded_exception": "java.io.IOException: x"}]
    with standing_in(says(200, json.dumps(parts).encode())) as server:
        found = extracted(server.url, documents.rtf())
    assert "parts-unreadable" in found.warnings
    assert not found.complete


@pytest.mark.parametrize(
    "content",
    [
        bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * ((1 << 20) - 20) + "_VBA_PROJECT".encode("utf-16-le"),
        documents.rtf()[:-1] + b"{\\object\\objdata 00}}",
        documents.odt(more={"Basic/Standard/Module1.xml": b"<x/>"}),
    ],
    ids=["macros", "an embedded object", "scripts"],
)
def test_marks_of_what_runs_are_seen_on_the_way(content: bytes) -> None:
    with standing_in(says(200, good("甲"))) as server:
        assert "active-content" in extracted(server.url, content).warnings


def test_a_container_that_lies_is_not_sent() -> None:
    sound = documents.odt(more={"Pictures/x.svg": b"<svg/>" * 100})
    climbing = sound.replace(b"Pictures/x.svg", b"../tures/x.svg")
    large = Limits(container=ContainerLimits(total_bytes=1_000))
    with standing_in(says(200, good("甲"))) as server:
        assert refused(lambda: extracted(server.url, sound[:-30])).code == "file-truncated"
        assert refused(lambda: extracted(server.url, climbing)).code == "zip-unsafe-name"
        assert refused(lambda: extracted(server.url, sound, limits=large)).code == "file-too-large-to-read"
        assert server.files == 0
        assert extracted(server.url, sound).text == "甲"


@pytest.mark.parametrize("version", ["nginx", ""])
def test_what_is_no_tika_is_said(version: str) -> None:
    with standing_in(says(200), version) as server:
        assert refused(lambda: extractor(server.url).version).code == "tika-answer"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1:1", "http://", "http://127.0.0.1:port", "file:///etc"])
def test_an_address_that_is_none_of_a_server_is_refused(url: str) -> None:
    assert refused(lambda: registry_with(url)).code == "tika-url"


def test_a_password_in_the_address_is_never_said() -> None:
    error = refused(lambda: extracted(nobody().replace("http://", "http://user:geheim@"), documents.rtf()))
    assert "geheim" not in str(error)
    assert "geheim" not in str(error.params)


@pytest.mark.parametrize(
    "mime",
    ["application/zip", "application/x-7z-compressed", "image/png", "video/mp4", "application/x-msdownload"],
)
def test_archives_pictures_recordings_and_programs_are_not_for_tika(mime: str) -> None:
    assert extractor(nobody()).score(Identified("x", mime, "x", "x", None)) == 0


def test_open_document_and_e_books_are_told_by_the_type_they_name() -> None:
    found = identify(io.BytesIO(documents.odt()), "notice.odt")
    assert (found.mime, found.warning) == ("application/vnd.oasis.opendocument.text", None)
    assert identify(io.BytesIO(documents.odt()), "notice.docx").warning == "extension-mismatch"
