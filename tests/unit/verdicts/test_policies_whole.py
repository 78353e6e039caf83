"""A slip of the pen in a policy opens nothing: what it leaves out or misspells is refused by name."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from archive.errors import Conflict, InvalidInput
from ingest.checks.gate import default_policy, default_text
from ingest.checks.wholeness import require_whole
from ingest.verdicts.policies import read_policy
from tests.small_archive import ARCHIVIST, SmallArchive

SHIPPED = default_text()
FOR = '\n[[for]]\nclasses = ["GC.06*"]\n'


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def changed(rule: str, before: str, after: str) -> str:
    """The shipped policy with one word of one rule changed."""
    head, mark, tail = SHIPPED.partition(f"[rules.{rule}]")
    assert mark
    assert before in tail
    return head + mark + tail.replace(before, after, 1)


def test_the_shipped_policy_is_whole() -> None:
    require_whole(default_policy())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (SHIPPED.replace("rules.GD-4-2", "rules.GD-4-22"), "no such checks: GD-4-22"),
        (SHIPPED.replace("rules.GD-4-2", "rules.GD-4-22"), "checks without a rule: GD-4-2"),
        (changed("GD-4-2", '"component"', '"item"'), "GD-4-2: covers lacks component"),
        (changed("GD-4-2", 'nature = "security"', 'nature = "security"\nphase = "keeping"'), "GD-4-2: phase is filing"),
        (changed("GD-4-2", '"security"', '"usability"'), "GD-4-2: nature is security"),
        (changed("JZ-4-1", '"pdf-launch"', '"pdf-lanuch"'), "JZ-4-1: no such reasons: pdf-lanuch"),
        (changed("GD-1-14", '"block"', '"warn"'), "GD-1-14: always blocks"),
        (changed("GD-1-14", '"block"', '"block"\nnot_checked = "ask"'), "GD-1-14: always blocks"),
        (SHIPPED + f'{FOR}[for.rules.GD-1-14]\naction = "ask"\n', "GD-1-14: always blocks"),
        (SHIPPED + f'{FOR}[for.rules.GD-4-2]\nreasons = {{ "virus-fuond" = "block" }}\n', "virus-fuond"),
        (SHIPPED + '\n[[for]]\nclasses = [" GC.06*"]\n[for.rules.GD-4-2]\naction = "ask"\n', "blank"),
        (SHIPPED.replace("title_characters = 500", "title_characters = -1"), "title_characters"),
        (SHIPPED.replace("[limits]", "[limits]\nfile_size = 3"), "unknown words: file_size"),
        (SHIPPED.replace('"2026.3"', '""'), "version"),
        (SHIPPED.replace('"2026.3"', f'"{"v" * 65}"'), "version"),
    ],
)
def test_a_slip_is_named_and_nothing_is_set(text: str, word: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_policy(text)
    assert caught.value.code == "check-policy-malformed"
    assert word in str(caught.value.params["detail"])


def test_a_day_that_has_passed_at_the_centre_has_passed_though_it_goes_on_elsewhere(archive: SmallArchive) -> None:
    # One o'clock in the morning of the second of June in Beijing is still the first in Greenwich.
    archive.clock.advance(datetime(2026, 6, 1, 17, 0, tzinfo=UTC) - archive.clock.now())
    policies, zone = archive.ingest.verdicts.policies, timezone(timedelta(hours=8))
    text = SHIPPED.replace('"2026.3"', '"centre.1"')
    with pytest.raises(Conflict) as caught:
        policies.set(ARCHIVIST, text, datetime(2026, 6, 1, tzinfo=zone), "试行")
    assert caught.value.code == "check-policy-in-the-past"
    assert policies.set(ARCHIVIST, text, datetime(2026, 6, 2, tzinfo=zone), "试行").version == "centre.1"
