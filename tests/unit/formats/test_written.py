"""Text that does something once a spreadsheet, a player or a parser opens it, and circling pictures."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect
from ingest.formats.tiff import circles
from ingest.formats.written import Written
from ingest.outcomes import Outcome
from tests.unit.formats.looking import codes, looked


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "=cmd|'/c calc'!A1",
        "@SUM(A1)",
        '"=HYPERLINK(""http://198.51.100.7"")"',
        "+cmd|' /c x'!A0",
        "-2+3+cmd|'x'!A",
    ],
)
def test_a_cell_that_a_spreadsheet_runs_is_told_and_passes(cell: str) -> None:
    for line in (f"{cell},1", f"名称,{cell}", f"名称\t{cell}\t"):
        content = f"名称,金额\r\n{line}\r\n".encode()
        assert codes(content, Aspect.ACTIVE, Outcome.PASS) == {"text-formulas"}


@pytest.mark.parametrize(
    "text",
    [
        "甲,-5\n乙,+86-10-1234\n",
        "======\n------\n",
        "- 第一项(甲)\n- 第二项\n",
        "a=b\n单价 = 3\n",
        "招标人@example.org\n",
        "==a==\n",
    ],
)
def test_signs_of_everyday_are_no_formulas(text: str) -> None:
    assert codes(text.encode(), Aspect.ACTIVE, Outcome.PASS) == set()


def test_json_is_followed_as_deep_as_anybody_nests_it() -> None:
    for depth, outcome in ((200, Outcome.PASS), (201, Outcome.FAIL)):
        content = b'{"a": ' * (depth - 1) + b'["\\"[[["]' + b"}" * (depth - 1)
        assert codes(content, Aspect.STRUCTURE, outcome) == ({"json-too-deep"} if outcome is Outcome.FAIL else set())
    assert codes(b'["' + b"[" * 5_000 + b'"]', Aspect.STRUCTURE, Outcome.PASS) == set()


@pytest.mark.parametrize(
    "name", ["file:///etc/passwd", "/etc/passwd", "C:\\a.wav", "\\\\198.51.100.7\\a", "../../a.ts"]
)
def test_a_playlist_that_names_files_of_the_machine_fails(name: str) -> None:
    for content in (f"#EXTM3U\n#EXTINF:9,\n{name}\n", f"[playlist]\nFile1={name}\nNumberOfEntries=1\n"):
        assert codes(content.encode(), Aspect.ACTIVE, Outcome.FAIL) == {"playlist-local-files"}


def test_a_playlist_of_what_lies_beside_it_is_told() -> None:
    content = (
        b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="http://198.51.100.7/k"\n#EXTINF:9,\na-1.ts\na-2.ts\n#EXT-X-ENDLIST\n'
    )
    assert codes(content, Aspect.ACTIVE, Outcome.PASS) == {"playlist-loads"}


def _told(pieces: list[str]) -> object:
    written, findings = Written(), Findings("text")
    for piece in pieces:
        written.feed(piece)
    written.tell(findings)
    return findings.conclude()


@given(st.text(alphabet='=@+-,\n ab(|[{"\\', max_size=300), st.integers(1, 20))
def test_it_does_not_matter_how_text_is_cut(text: str, step: int) -> None:
    assert _told([text]) == _told([text[start : start + step] for start in range(0, len(text), step)])


def test_a_page_that_leaves_by_itself_is_told_and_one_that_reloads_is_not() -> None:
    for content, expected in (
        ("0;url=http://198.51.100.7/", {"page-redirects"}),
        ("5; URL='b.html'", {"page-redirects"}),
        ("30", set()),
    ):
        page = f'<html><head><meta http-equiv="Refresh" content="{content}"></head><body>a</body></html>'.encode()
        assert codes(page, Aspect.ACTIVE, Outcome.PASS) == expected


def _tiff(order: str, *, big: bool, following: int) -> bytes:
    mark = {"<": b"II", ">": b"MM"}[order]
    if big:
        head = mark + struct.pack(f"{order}3HQ", 43, 8, 0, 16)
        return head + struct.pack(f"{order}Q", 0) + struct.pack(f"{order}Q", following)
    return mark + struct.pack(f"{order}HL", 42, 8) + struct.pack(f"{order}HL", 0, following) + bytes(8)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_directories_that_come_back_are_a_circle_in_either_order(order: str, *, big: bool) -> None:
    first = 16 if big else 8
    for following, expected in ((first, True), (0, False), (10_000, False)):
        assert looked(_tiff(order, big=big, following=following))
        assert circles(io.BytesIO(_tiff(order, big=big, following=following))) is expected
