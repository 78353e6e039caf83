"""What changes on a page at every visit: told once, it makes no versions, and no expression holds a reading up."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from archive.errors import InvalidInput
from ingest.connectors.portal.noise import Noise
from ingest.simulator import portal_faces
from ingest.simulator.port import Site
from tests.small_archive import SmallArchive
from tests.small_portal import SmallPortal, page
from tests.unit.connectors.test_portal_dialects import far, files

HOURS = timedelta(hours=1)
VISITS = r"浏览次数：\d{1,9}"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page bears a number that grows at each visit."""
    visits, plain = count(1), portal_faces.epoint_page

    def shown(site: Site, infoid: str) -> str | None:
        found = plain(site, infoid)
        return found and found.replace("</body>", f"<i>浏览次数：{next(visits)}</i></body>")

    monkeypatch.setattr(portal_faces, "epoint_page", shown)


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize(("expressions", "versions"), [([], 3), ([VISITS], 1)])
def test_a_counter_of_visits_makes_no_version_where_it_is_told_to_be_noise(
    archive: SmallArchive, expressions: list[str], versions: int
) -> None:
    portal = SmallPortal(page("n1"))
    source = far(archive, portal, "epoint", noise=Noise(expressions))
    for _ in range(3):
        source.sync()
        archive.clock.advance(7 * HOURS)
    assert archive.record("n1").version == versions


@pytest.mark.usefixtures("counted")
def test_what_is_kept_is_what_came_and_a_true_change_is_a_version(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"))
    source = far(archive, portal, "epoint", noise=Noise([VISITS]))
    source.sync()
    assert "浏览次数：1<".encode() in files(archive, "n1")["notice.html"]
    archive.clock.advance(7 * HOURS)
    portal.pages["n1"]["infocontent"] = "<p>更正</p>"
    assert source.sync().new_versions == 1
    assert "浏览次数：2<".encode() in files(archive, "n1")["notice.html"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_noise_is_taken_out_wherever_it_stands_and_nothing_else(encoding: str) -> None:
    text = "甲" * 511 + "浏览次数：123456789" + "乙" * 600 + "浏览次数：7丙"
    assert Noise([VISITS]).without(text.encode(encoding)).decode(encoding) == "甲" * 511 + "乙" * 600 + "丙"


def test_what_no_encoding_reads_is_compared_byte_by_byte() -> None:
    assert Noise(["[0-9]{1,3}"]).without(b"\xff\xff12\xff") == b"\xff\xff\xff"


@pytest.mark.parametrize(
    "expression",
    ["", r"\d+", "a*", "(a)", "a|b", "a{1,2}{3}", r"(?=a)", r"\1", "[", "a{0,3}", "x" * 301, "a{9}{", ".{1,999}" * 2],
)
def test_an_expression_without_a_bound_is_refused(expression: str) -> None:
    with pytest.raises(InvalidInput, match="source-option-unusable"):
        Noise([expression])


def test_too_many_expressions_are_refused() -> None:
    with pytest.raises(InvalidInput, match="source-option-unusable"):
        Noise(["a"] * 21)


def test_a_page_that_takes_too_long_counts_as_it_is() -> None:
    ticks = count(0, 1)
    body = b"x" * 10_000
    assert Noise(["x"], now=lambda: float(next(ticks))).without(body) == body
