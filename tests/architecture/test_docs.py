"""Documentation that lists things lists all of them and nothing else.

A page lists a thing in the first column of a table, in backticks. Links between pages lead somewhere.
"""

import ast
import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.evidence.codes import CODES
from archive.known_settings import SETTINGS
from archive.ledger.types import EventType
from archive.messages import catalogue
from ingest.checks.gate import default_policy
from ingest.pipeline.graph import STEPS
from tests.architecture.source import ROOT, dotted, sources

_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def _listed(page: str, shape: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return sorted(name for name in _ROW.findall(text) if re.fullmatch(shape, name))


def _generated() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pages: Callable[[], dict[str, str]] = module.pages
    return pages()


@pytest.mark.parametrize("page", ["settings.md", "errors.md"])
def test_a_generated_page_is_what_the_program_says_now(page: str) -> None:
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == _generated()[page], "run make docs"


def test_every_setting_is_listed_once() -> None:
    assert _listed("settings.md", "ARCHIVE_.*") == sorted(setting.name for setting in SETTINGS)


def test_every_message_is_listed_once() -> None:
    assert _listed("errors.md", ".*") == sorted(catalogue())


def test_every_ledger_event_is_listed_once() -> None:
    assert _listed("ledger.md", r"[a-z_]+\.[a-z_]+") == sorted(EventType)


def test_every_ledger_event_is_written_by_somebody() -> None:
    names = {
        node.attr
        for source in sources()
        if source.is_product
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and dotted(node.value).rsplit(".", 1)[-1] == "EventType"
    }
    assert sorted(set(EventType.__members__) - names) == []


def test_every_step_of_the_pipeline_is_listed_once() -> None:
    assert _listed("pipeline.md", "[a-z]+") == sorted(step.name for step in STEPS)


def test_every_check_is_listed_once() -> None:
    assert _listed("pipeline.md", r"[A-Z]{2}-\d+-\d+") == sorted(default_policy().rules)


def test_every_finding_of_the_verifier_is_listed_once() -> None:
    files = r"(?!.*\.(json|jsonl|txt|note|key)$)"
    assert _listed("evidence-bundle.md", files + r"[a-z]+\.[a-z0-9-]+") == sorted(CODES)


def test_every_decision_record_is_in_their_list() -> None:
    folder = ROOT / "docs/decisions"
    records = sorted(file.name for file in folder.glob("0*.md"))
    assert re.findall(r"\]\((0[^)]+)\)", (folder / "README.md").read_text(encoding="utf-8")) == records


@pytest.mark.parametrize("record", sorted((ROOT / "docs/decisions").glob("0*.md")), ids=lambda file: file.stem)
def test_a_decision_record_has_its_five_parts_on_one_page(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    parts = ("**Context.**", "**Decision.**", "**Consequences.**", "**Alternatives.**", "**Enforced by**")
    assert [part for part in parts if text.count(part) != 1] == []
    assert text.count("\n") <= 60


@pytest.mark.parametrize(
    "page",
    sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]),
    ids=lambda file: file.relative_to(ROOT).as_posix(),
)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert broken == []


def test_both_readmes_show_the_same_commands() -> None:
    english, chinese = (
        _ROW.findall((ROOT / name).read_text(encoding="utf-8")) for name in ("README.md", "README.zh-CN.md")
    )
    assert english == chinese
    assert len(english) > 20
