"""What watches the archive knows every metric and no other: the page, the dashboard, the rules."""

import json
import re
from collections.abc import Iterator
from typing import Any

from archive.messages import catalogue
from ingest.watching.families import FAMILIES
from tests.architecture.source import ROOT

_LABELS = {family.name: set(family.labels) for family in FAMILIES}
_NAME = re.compile(r"juanzong_[a-z_]+")
_GROUPED = re.compile(r"by \(([a-z, ]+)\) \(\s*(?:delta\()?(juanzong_[a-z_]+)")
_RULE = re.compile(
    r"      - alert: (?P<name>Juanzong[A-Za-z]+)\n"
    r"        expr: '(?P<expr>[^'\n]+)'\n"
    r"        for: \d+[mh]\n"
    r"        labels:\n          severity: (?:critical|warning|info)\n"
    r"        annotations:\n"
    r'          summary_zh: "(?P<summary_zh>[^"\n]+)"\n'
    r'          summary_en: "(?P<summary_en>[^"\n]+)"\n'
    r'          do_zh: "(?P<do_zh>[^"\n]+)"\n'
    r'          do_en: "(?P<do_en>[^"\n]+)"\n'
)
_HAN = re.compile(r"[\u4e00-\u9fff]")


def _rules() -> list[re.Match[str]]:
    """The rules, read without a YAML reader: the file keeps to one form, and anything else in it fails here."""
    text = (ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8")
    head, body = text.split("    rules:\n", 1)
    assert re.fullmatch(r"#[^\n]*\ngroups:\n  - name: juanzong\n", head)
    assert _RULE.sub("", body) == ""
    return list(_RULE.finditer(body))


def _panels() -> Iterator[dict[str, Any]]:
    board = json.loads((ROOT / "deploy/grafana/juanzong.json").read_text(encoding="utf-8"))
    yield from board["panels"]


def _asked() -> list[str]:
    return [target["expr"] for panel in _panels() for target in panel["targets"]]


def test_every_metric_is_listed_once_with_its_labels() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(juanzong_[a-z_]+)` \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    known = [(family.name, ", ".join(family.labels) or "–", family.meaning) for family in FAMILIES]
    assert listed == known


def test_no_page_names_a_metric_that_does_not_exist() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        assert set(_NAME.findall(page.read_text(encoding="utf-8"))) <= set(_LABELS), page


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    assert {name for expr in _asked() for name in _NAME.findall(expr)} == set(_LABELS)


def test_no_two_panels_of_the_dashboard_lie_on_one_another() -> None:
    cells = [
        (x, y)
        for panel in _panels()
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_the_rules_name_only_metrics_that_exist() -> None:
    names = {name for rule in _rules() for name in _NAME.findall(rule["expr"])}
    assert names <= set(_LABELS)
    assert len(names) >= 10


def test_dashboard_and_rules_group_only_by_labels_that_the_metric_has() -> None:
    for expr in [*_asked(), *(rule["expr"] for rule in _rules())]:
        assert expr.count("(") == expr.count(")")
        for labels, name in _GROUPED.findall(expr):
            assert set(labels.split(", ")) <= _LABELS[name], expr


def test_every_alert_tells_in_both_languages_what_is_wrong_and_what_to_do() -> None:
    for rule in _rules():
        for key in ("summary_zh", "do_zh"):
            assert _HAN.search(rule[key]), rule["name"]
        for key in ("summary_en", "do_en"):
            assert not _HAN.search(rule[key]), rule["name"]


def test_every_alert_is_listed_once() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(Juanzong[A-Za-z]+)` \|", page, re.MULTILINE) == [rule["name"] for rule in _rules()]


def test_the_answers_of_a_part_that_fails_are_in_the_catalogue() -> None:
    assert {"part-slow", "part-broken", "traces-missing"} <= set(catalogue())
