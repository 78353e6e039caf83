"""Items of a volume are looked into once, and what was said is kept."""

from collections.abc import Iterator

import pytest

from archive.errors import Unavailable
from ingest.checks.authenticity import Consistency
from ingest.checks.integrity import ContentPresent
from ingest.checks.looking import look
from ingest.checks.types import Checked, Finding, Nature, passed
from ingest.checks.volume_contents import EveryItem
from ingest.checks.volume_kept import Catalogued, SampleOpened
from ingest.outcomes import Outcome
from tests.unit.checks.volumes import SOUND


class Breaks:
    """A check that breaks with an error of its own, or because the store is away."""

    code = "GD-3-4"
    nature = Nature.USABILITY
    version = "1"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def run(self, item: Checked, /) -> Iterator[Finding]:
        del item
        raise self._error


def test_every_check_that_looks_into_items_is_made_and_no_other() -> None:
    said = look(SOUND, [EveryItem(Consistency()), SampleOpened(ContentPresent()), Catalogued()])
    assert [each.outcome for each in said(Consistency())] == [Outcome.PASS] * 2
    assert {each.outcome for each in said(ContentPresent())} == {Outcome.PASS}


def test_what_was_not_made_is_not_checked() -> None:
    assert [each.outcome for each in look(SOUND, [Catalogued()])(Consistency())] == [Outcome.NOT_CHECKED]


def test_a_check_that_breaks_over_one_item_has_not_checked_it() -> None:
    check = Breaks(ValueError("secret"))
    (finding,) = look(SOUND, [EveryItem(check)])(check)
    assert (finding.outcome, finding.reason_code) == (Outcome.NOT_CHECKED, "check-crashed")


def test_a_store_that_is_away_ends_the_looking() -> None:
    with pytest.raises(Unavailable):
        look(SOUND, [EveryItem(Breaks(Unavailable("store-unavailable")))])


class Silent:
    """A check that speaks of the first file only, or of nothing."""

    code = "GD-3-4"
    nature = Nature.USABILITY
    version = "1"

    def __init__(self, files: int) -> None:
        self._files = files

    def run(self, item: Checked, /) -> Iterator[Finding]:
        yield from (passed(component.id) for component in item.components[: self._files])


@pytest.mark.parametrize("files", [0, 1])
def test_a_check_that_leaves_a_file_out_has_not_checked_it(files: int) -> None:
    check = Silent(files)
    left = [each for each in look(SOUND, [EveryItem(check)])(check) if each.outcome is not Outcome.PASS]
    assert [each.component for each in left] == [part.id for part in SOUND.components[files:]]
    assert {(each.outcome, each.reason_code) for each in left} == {(Outcome.NOT_CHECKED, "check-missing")}
