"""The words of the pages: all there, all used, in both languages alike."""

import re
from string import Formatter

import pytest

from archive.authorization import AccessLevel
from archive.ledger.types import EventType
from archive.plan.service import load_plan
from archive.plan.types import Outcome as Ending
from archive.records.types import ComponentRole, RecordState, VersionReason
from archive.volumes.types import VolumeState
from ingest.checks.types import Nature
from ingest.outcomes import Outcome
from ingest.pipeline.graph import STEPS
from ingest.sources.health import SourceState
from ingest.sources.samples import Ending as PreviewEnding
from ingest.types import Status
from ingest.uploads.types import UploadState
from search.types import Sort
from web.rendering import FOLDER
from web.words import Words, catalogue

KINDS = {
    "state": RecordState,
    "volume-state": VolumeState,
    "event": EventType,
    "role": ComponentRole,
    "reason": VersionReason,
    "level": AccessLevel,
    "nature": Nature,
    "outcome": Outcome,
    "status": Status,
    "ending": Ending,
    "sort": Sort,
    "source-state": SourceState,
    "ending-of-preview": PreviewEnding,
    "upload-state": UploadState,
}
NAMED_BY_VALUE = {
    *KINDS,
    "step",
    "trade",
    "connector",
    "origin",
    "field-name",
    "status-title",
    "receipt",
    "becomes",
    "source-done",
}


def _sources() -> str:
    files = [file for file in FOLDER.rglob("*") if file.suffix in {".html", ".py"} and "cli" not in file.parts]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_value_has_a_name(kind: str) -> None:
    assert [value for value in KINDS[kind] if f"{kind}.{value}" not in catalogue()] == []


def test_every_step_and_every_trade_has_a_name() -> None:
    assert [step.name for step in STEPS if f"step.{step.name}" not in catalogue()] == []
    assert [letter for letter in load_plan().trade_names if f"trade.{letter}" not in catalogue()] == []


def test_every_wording_a_page_asks_for_is_there() -> None:
    asked = set(re.findall(r"(?:say|words)\(\s*['\"]([a-z0-9-]+\.[a-z0-9-]+)['\"]", _sources()))
    assert len(asked) > 100
    assert sorted(asked - set(catalogue())) == []


def test_every_wording_is_asked_for_somewhere() -> None:
    sources = _sources()
    unused = [
        key
        for key in catalogue()
        if key.split(".")[0] not in NAMED_BY_VALUE
        and f'"{key}"' not in sources
        and f"'{key}'" not in sources
        and not key.startswith(("nav.", "time."))
    ]
    assert unused == []


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same() -> None:
    texts = catalogue()
    assert [key for key, both in texts.items() if _places(both["zh"]) != _places(both["en"])] == []
    assert [key for key, both in texts.items() if not both["zh"].strip()] == []
    assert [key for key, both in texts.items() if re.search(r"[\u4e00-\u9fff]", both["en"])] == []


def test_an_unknown_value_is_shown_as_it_is_and_an_unknown_wording_is_a_mistake() -> None:
    words = Words("zh")
    assert words.name("state", "elsewhere") == "elsewhere"
    with pytest.raises(KeyError):
        words("nowhere.at-all")
