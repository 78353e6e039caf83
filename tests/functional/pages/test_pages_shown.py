"""How values are shown: documents, differences, times, sizes, parts of files."""

import hashlib
import io
import re
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.rendering import FOLDER
from web.showing.blocks import blocks_of
from web.showing.changes import MOST_LINES, compare
from web.showing.files import NoSuchRange, Part, disposition, part_of, policy_for, shown_inline, stream
from web.showing.sizes import size_of
from web.showing.times import Times
from web.words import Words

NOW = datetime(2026, 3, 27, 4, 0, tzinfo=UTC)
TEXTS = st.lists(st.text("甲乙丙，。\t 12", max_size=12), max_size=12).map("\n".join)


def test_lines_become_paragraphs_headings_and_tables() -> None:
    text = "项目公告\n一、招标条件\n本项目已批准。\n名称\t金额\n甲公司\t1.00\n特此公告。"
    blocks = blocks_of(text, "项目 公告")
    assert [block.kind for block in blocks] == ["heading", "paragraph", "table", "paragraph"]
    assert [[cell.text for cell in row] for row in blocks[2].rows] == [["名称", "金额"], ["甲公司", "1.00"]]


def test_a_row_of_one_cell_reaches_over_the_whole_table() -> None:
    rows = blocks_of("甲\t乙\t丙\n联合体\n丁\t戊\t己")[0].rows
    assert [[cell.span for cell in row] for row in rows] == [[1, 1, 1], [3], [1, 1, 1]]


def test_words_between_two_tables_keep_them_apart() -> None:
    blocks = blocks_of("甲\t乙\t丙\n联系方式\n丁\t戊")
    assert [block.kind for block in blocks] == ["table", "paragraph", "table"]


def test_lines_that_a_page_broke_are_whole_again() -> None:
    page = [
        "本招标项目已由清溪区行政审批服务局批准建设，项目业主为清溪区水务",
        "局，现对该项目施工进行公开招标。",
        "二、范围",
    ]
    assert [block.text for block in blocks_of("\n".join(page))] == [page[0] + page[1], "二、范围"]


@given(TEXTS)
def test_no_character_of_a_document_is_lost(text: str) -> None:
    shown = "".join(block.text + "".join(cell.text for row in block.rows for cell in row) for block in blocks_of(text))
    assert "".join(shown.split()) == "".join(text.split())


@given(TEXTS, TEXTS)
def test_a_difference_holds_both_texts(before: str, after: str) -> None:
    change = compare("正文", before, after)
    joined = {
        kind: ["".join(text for text, _ in line.pieces) for line in change.lines if line.kind == kind]
        for kind in ("added", "removed")
    }
    assert set(joined["removed"]) <= set(before.splitlines())
    assert set(joined["added"]) <= set(after.splitlines())
    assert change.changed == (before.splitlines() != after.splitlines())
    kept = sum(line.skipped or (line.kind == "same") for line in change.lines)
    assert kept + len(joined["added"]) == len(after.splitlines())


def test_a_long_text_is_compared_in_part_and_says_so() -> None:
    assert not compare("正文", "\n".join("甲" * (MOST_LINES + 1)), "").complete


@given(st.integers(0, 2_000), st.integers(0, 2_000), st.integers(1, 1_000))
def test_a_range_is_what_it_asks_for(start: int, end: int, size: int) -> None:
    content = bytes(range(256)) * 4
    try:
        part = part_of(f"bytes={start}-{end}", size)
    except NoSuchRange:
        assert start >= size or end < start
        return
    assert b"".join(stream(io.BytesIO(content[:size]), part)) == content[:size][start : end + 1]


@pytest.mark.parametrize("asked", [None, "", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes=１-２"])
def test_what_is_no_single_range_is_answered_whole(asked: str | None) -> None:
    assert part_of(asked, 10) == Part(0, 10, whole=True)


@pytest.mark.parametrize(("asked", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-0", 0), ("bytes=5-2", 10)])
def test_a_range_outside_is_refused(asked: str, size: int) -> None:
    with pytest.raises(NoSuchRange):
        part_of(asked, size)


def test_names_of_files_survive_in_headers() -> None:
    header = disposition('评标"报告\r\n.pdf', inline=False)
    encoded = "%E8%AF%84%E6%A0%87%22%E6%8A%A5%E5%91%8A__.pdf"
    assert header == f"attachment; filename=\"_______.pdf\"; filename*=UTF-8''{encoded}"


@pytest.mark.parametrize(
    "media_type", ["image/svg+xml", "application/xhtml+xml", "text/xml", "application/zip", "", "x"]
)
def test_what_could_act_is_only_handed_over(media_type: str) -> None:
    assert not shown_inline(media_type)
    assert policy_for(media_type).startswith("sandbox")


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=5), "刚刚"),
        (timedelta(minutes=59), "59 分钟前"),
        (timedelta(hours=3), "3 小时前"),
        (timedelta(days=-3), "还有 3 天"),
        (timedelta(days=61), "2 个月前"),
        (timedelta(days=800), "2 年前"),
    ],
)
def test_distances_in_time(distance: timedelta, words: str) -> None:
    times = Times(ZoneInfo("Asia/Shanghai"), NOW, Words("zh"))
    assert times.relative(NOW - distance) == words


def test_moments_are_shown_in_the_zone_of_the_centre() -> None:
    times = Times(ZoneInfo("Asia/Shanghai"), NOW, Words("zh"))
    shown = times.moment(datetime(2026, 3, 26, 16, 30, tzinfo=UTC))
    assert ">2026-03-27 00:30</time>" in shown
    assert 'title="11 小时前' in shown
    assert times.text("2026-03-26T16:30:00+00:00") == shown
    assert times.text("<b>2026") == "&lt;b&gt;2026"
    assert "时间未知" in times.moment(None)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (3 << 30, "3.0 GB"), (5 << 40, "5.0 TB")]
)
def test_sizes(size: int, text: str) -> None:
    assert size_of(size) == text


def _luminance(colour: str) -> float:
    full = colour.lstrip("#") if len(colour) == 7 else "".join(2 * digit for digit in colour.lstrip("#"))
    parts = [int(full[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(scheme: int) -> None:
    css = (FOLDER / "static/style.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block))
    grounds = {
        "ink": ("paper", "surface", "soft", "blue-soft", "green-soft", "red-soft", "amber-soft", "mark"),
        "faint": ("paper", "surface", "soft", "blue-soft", "amber-soft", "red-soft"),
        "blue": ("paper", "surface", "blue-soft", "mark"),
        "green": ("green-soft",),
        "amber": ("amber-soft", "paper"),
        "red": ("red-soft", "paper", "surface"),
        "grey": ("grey-soft", "surface"),
        "seal": ("paper", "surface"),
        "surface": ("blue",),
    }
    weak = []
    for text, places in grounds.items():
        for place in places:
            light, dark = sorted((_luminance(colours[text]), _luminance(colours[place])), reverse=True)
            if (light + 0.05) / (dark + 0.05) < 4.5:  # WCAG 2.2, 1.4.3, level AA
                weak.append(f"{text} on {place}: {(light + 0.05) / (dark + 0.05):.2f}")
    assert weak == []


def _digits(seed: str, width: int) -> str:
    """Digits without a pattern, the same every time."""
    pieces = (hashlib.sha256(f"{seed} {n}".encode()).hexdigest() for n in range(width // 60 + 1))
    return "".join(str(int(piece, 16))[:60] for piece in pieces)[:width]


@pytest.mark.parametrize(("lines", "width"), [(MOST_LINES, 1), (MOST_LINES, 0), (300, 1_900)])
def test_comparing_texts_of_few_different_characters_is_bounded_work(lines: int, width: int) -> None:
    before, after = ([f"{_digits(f'{side}{n}', width)}\t合格" for n in range(lines)] for side in "ab")
    started = time.process_time()
    change = compare("正文", "\n".join(before), "\n".join(after))
    assert time.process_time() - started < 20  # unbounded work takes minutes
    added = ["".join(text for text, _ in line.pieces) for line in change.lines if line.kind == "added"]
    assert len(added) + sum(line.skipped or (line.kind == "same") for line in change.lines) == lines
