"""Real spreadsheets and real rows, all of them: what came in is captured, unchanged or refused with a reason.

The rows hold personal data: messages name ids and counts only.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ingest.types import Summary
from tests.small_archive import SmallArchive, adds_up

pytestmark = pytest.mark.slow

WORKBOOKS: Mapping[str, tuple[int, int]] = {
    "output_0d25576b-be0c-4dea-8c7f-f43c36981c8b.xlsx": (63, 27),
    "output_4ef25c0a-7b4a-44fd-ad4c-71cb237ac07d.xlsx": (44, 22),
    "output_64fb32ff-2923-4ca1-bd54-7380223f9efd.xlsx": (67, 35),
    "output_8214d9f9-a3f4-4ad5-a3a3-196fe8cd2e66.xlsx": (21, 0),
    "output_c2b32c35-8fb6-45c5-9529-5085a95634fa.xlsx": (42, 21),
    "output_e8487cc6-3f10-411c-a7c8-4589740eb588.xlsx": (40, 25),
    "output_f738257c-f2fc-47e5-9a75-e2917a7197dc.xlsx": (40, 25),
    "shandong_intention_data.xlsx": (79, 34),
}
"""Rows below the heading, and how many of them stand in other columns than they should."""

NOTICES: Mapping[str, tuple[int, dict[str, int]]] = {
    "caib_penalties.jsonl": (181, {}),
    "ccgp_titles.jsonl": (0, {"row-without-content": 349}),
    "ggzy_2021_text.jsonl": (7, {}),
    "jiangxi_ggzy.jsonl": (62, {}),
    "jianyu_snippets.jsonl": (603, {"row-without-content": 347}),
    "scu_html_2014_2017.jsonl": (54, {}),
    "shandong_intentions.jsonl": (10, {"row-table-shifted": 30}),
    "yichang_ggzy_fields.jsonl": (1845, {}),
    "yichang_ggzy_html.jsonl": (200, {}),
}
"""Lines that are captured, and how many are refused: titles without a text, and tables with shifted lines."""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def take_in(archive: SmallArchive, connector: str, path: Path) -> Summary:
    archive.ingest.sources.register(path.stem, connector, str(path))
    summary = archive.ingest.intake.sync(path.stem, archive.ingest.opener)[0]
    assert adds_up(summary)
    return summary


def said(summary: Summary) -> dict[str, object]:
    codes = Counter(refused["code"] for refused in summary.refused)
    return {"rows": summary.received, "captured": summary.captured, "unchanged": summary.unchanged, **codes}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_every_row_of_a_workbook_is_captured_or_refused(archive: SmallArchive, shared_data: Path, name: str) -> None:
    path = shared_data / "portal_raw" / "shandong_xlsx" / name
    if not path.is_file():
        pytest.skip("needs ../shared/data/portal_raw/shandong_xlsx")
    rows, shifted = WORKBOOKS[name]
    first = said(take_in(archive, "sheets", path))
    expected = {"rows": rows, "captured": rows - shifted, "unchanged": 0}
    assert first == (expected | {"row-columns-shifted": shifted} if shifted else expected)
    again = said(take_in(archive, "sheets", path))
    assert (again["captured"], again["unchanged"]) == (0, rows - shifted)
    assert len(archive.records()) == rows - shifted


@pytest.mark.parametrize("name", NOTICES)
def test_every_line_of_a_file_is_captured_or_refused(archive: SmallArchive, shared_data: Path, name: str) -> None:
    path = shared_data / "notices" / name
    if not path.is_file():
        pytest.skip("needs ../shared/data/notices")
    captured, refused = NOTICES[name]
    rows = captured + sum(refused.values())
    assert said(take_in(archive, "notices", path)) == {"rows": rows, "captured": captured, "unchanged": 0, **refused}
    again = {"rows": rows, "captured": 0, "unchanged": captured, **refused}
    assert said(take_in(archive, "notices", path)) == again
