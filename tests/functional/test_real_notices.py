"""Real notices through the whole archive: every row accounted for, nothing twice, nobody's data shown to the public.

The rows hold personal data: messages name ids only.
"""

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from classifiers.personal_data import PersonalKind, detect
from tests.functional.command_line import called, juanzong

pytestmark = pytest.mark.slow

FILES = {"jiangxi_ggzy.jsonl": 62, "yichang_ggzy_html.jsonl": 200}
NEVER_PUBLIC = {PersonalKind.MOBILE, PersonalKind.ID_CARD}
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@pytest.fixture(scope="session")
def notices(shared_data: Path) -> Path:
    folder = shared_data / "notices"
    if not all((folder / name).is_file() for name in FILES):
        pytest.skip("needs ../shared/data/notices")
    return folder


def take_in(home: Path, file: Path) -> Any:
    ran = called("import", file, "--connector", "notices", "--home", home, "--json")
    assert ran.code == 0, ran.err
    return ran.value


@pytest.fixture(scope="session")
def home(once: Callable[[str, Callable[[Path], None]], Path], notices: Path) -> Path:
    """The home after both files and a run. Not to be changed."""

    def fill(folder: Path) -> None:
        assert called("init", "--home", folder).code == 0
        for name, rows in FILES.items():
            summary = take_in(folder, notices / name)
            assert (summary["received"], summary["captured"]) == (rows, rows)
            assert summary["refused"] == []
        ran = juanzong("run", "--home", folder, "--json")
        assert ran.code == 0, ran.err

    return once("real-notices", fill)


@pytest.fixture(scope="session")
def public_hits(home: Path) -> list[dict[str, Any]]:
    """Everything the public can find, page by page."""
    hits: list[dict[str, Any]] = []
    while True:
        page = called("search", "", "--size", "100", "--offset", str(len(hits)), "--home", home, "--json").value
        hits += page["hits"]
        if len(hits) >= page["total"]:
            return hits


def test_every_row_is_accounted_for(home: Path) -> None:
    status = called("status", "--home", home, "--json").value
    assert sum(status["records"].values()) == sum(FILES.values())
    at_work = ("captured", "checked", "classified")
    assert [status["records"][state] for state in at_work] == [0, 0, 0]
    assert status["review"] == status["records"]["waiting"]
    assert status["returned"] == status["records"]["returned"]
    assert status["jobs"] == {"pending": 0, "failed": []}
    assert status["index"] == {"lag": 0}
    assert status["ledger"]["size"] == status["ledger"]["published"]
    everything = called("search", "", "--as", "system", "--home", home, "--json").value["total"]
    assert everything == sum(FILES.values())


def test_most_are_filed_without_a_person(home: Path) -> None:
    records = called("status", "--home", home, "--json").value["records"]
    assert records["placed"] + records["filed"] >= 0.9 * sum(FILES.values())


def test_a_second_import_changes_nothing(home: Path, notices: Path) -> None:
    before = called("status", "--home", home, "--json").value
    for name, rows in FILES.items():
        summary = take_in(home, notices / name)
        assert (summary["received"], summary["captured"], summary["unchanged"]) == (rows, 0, rows)
    assert called("status", "--home", home, "--json").value == before


def test_the_archive_is_sound_afterwards(home: Path) -> None:
    ran = called("fsck", "--home", home, "--json")
    assert (ran.code, ran.value["findings"]) == (0, [])


def test_the_public_finds_candidate_publicities_of_both_sources(home: Path) -> None:
    found = called("search", "中标候选人", "--as", "public", "--size", "100", "--home", home, "--json").value
    assert found["total"] > 0
    sources = {called("show", hit["record"], "--home", home, "--json").value["source"] for hit in found["hits"][:60]}
    assert sources == {f"notices:{Path(name).stem}" for name in FILES}


def test_hits_show_the_public_no_personal_data(public_hits: list[dict[str, Any]]) -> None:
    assert public_hits
    leaking = [
        hit["record"] for hit in public_hits if _tells("\n".join([hit["title"], hit["snippet"], hit["project"] or ""]))
    ]
    assert leaking == []


def test_shown_texts_show_the_public_no_personal_data(home: Path, public_hits: list[dict[str, Any]]) -> None:
    leaking = []
    for hit in public_hits:
        shown = called("show", hit["record"], "--home", home, "--json")
        names = [component["name"] for component in shown.value["components"]]
        if _tells("\n".join([shown.value["title"], shown.value["text"], *names])):
            leaking.append(shown.value["external_id"])
    assert leaking == []


def test_the_check_itself_can_fail(home: Path) -> None:
    hits = called("search", "", "--as", "system", "--size", "100", "--home", home, "--json").value["hits"]
    texts = (called("show", hit["record"], "--as", "system", "--home", home, "--json").value for hit in hits)
    assert any(_tells(shown["text"]) for shown in texts)


def _tells(text: str) -> bool:
    """Whether there is a mobile or identity number, as masking sees it or as a second, cruder look does."""
    if any(found.kind in NEVER_PUBLIC for found in detect(text)):
        return True
    plain = unicodedata.normalize("NFKC", text)
    mobile = re.search(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])", plain)
    return mobile is not None or any(_is_id_card(number) for number in re.findall(r"[0-9]{17}[0-9Xx]", plain))


def _is_id_card(number: str) -> bool:
    """GB 11643: the check character of an identity number, by ISO 7064 MOD 11-2."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number, strict=False))
    return number[6:8] in {"19", "20"} and "10X98765432"[total % 11] == number[17].upper()
