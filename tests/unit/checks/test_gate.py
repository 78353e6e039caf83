import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.messages import catalogue
from ingest.checks.engine import build_checks, run_checks
from ingest.checks.gate import Action, Cover, Policy, Rule, Verdict, default_policy, gate, parse_policy
from ingest.checks.items import items
from ingest.checks.types import Check, Checked, CheckResult, Finding, Nature, passed
from ingest.formats.policy import default_format_policy
from ingest.outcomes import Outcome
from tests.unit.checks.items import component, item
from tests.unit.extractors import documents

COMPONENTS = ("cmp_1", "cmp_2")
SECRET = "13900000000"


def all_checks() -> tuple[Check, ...]:
    return build_checks(default_policy(), default_format_policy())


def verdict(checks: Sequence[Check], checked: Checked) -> Verdict:
    ids = [part.id for part in checked.components]
    return gate(run_checks(checks, checked), default_policy(), ids)


def result(code: str, component_id: str | None, outcome: Outcome, reason: str | None = None) -> CheckResult:
    return CheckResult(code, Nature.INTEGRITY, component_id, outcome, reason, {}, "1", 0.1)


def policy(**rules: Rule) -> Policy:
    return Policy("t", rules, 500)


def rule(action: Action = Action.BLOCK, *covers: Cover, **reasons: Action) -> Rule:
    return Rule(Nature.INTEGRITY, action, frozenset(covers or {Cover.ITEM}), reasons)


class Crashing:
    code = "GD-2-4"
    nature = Nature.INTEGRITY
    version = "1"

    def run(self, item: Checked) -> Iterator[Finding]:
        yield passed()
        raise RuntimeError(SECRET + item.title)


def test_a_sound_item_opens_the_gate_with_what_was_not_scanned_on_record() -> None:
    found = verdict(all_checks(), item())
    assert found.open, (found.blocking, found.asks)
    assert {one.code for one in found.warnings} == {"GD-3-5", "GD-4-2"}
    assert {one.outcome for one in found.warnings} == {Outcome.NOT_CHECKED}


@pytest.mark.parametrize("number", range(23))
def test_taking_any_check_away_shuts_the_gate(number: int) -> None:
    checks = all_checks()
    assert len(checks) == 23
    left = checks[:number] + checks[number + 1 :]
    found = verdict(left, item())
    warns = default_policy().rules[checks[number].code].action is Action.WARN
    assert found.open is warns
    shut = found.blocking + found.asks
    if warns:
        shut = tuple(one for one in found.warnings if one.reason_code == "check-missing")
    assert {(one.code, one.reason_code) for one in shut} == {(checks[number].code, "check-missing")}


def test_no_results_open_nothing() -> None:
    assert not gate((), default_policy(), ()).open
    assert not gate((), default_policy(), COMPONENTS).open


def test_a_crash_is_not_checked_and_keeps_the_record_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    checks = [Crashing() if check.code == "GD-2-4" else check for check in all_checks()]
    with caplog.at_level(logging.ERROR):
        results = run_checks(checks, item())
    crashed = [one for one in results if one.code == "GD-2-4"]
    assert [(one.outcome, one.reason_code) for one in crashed] == [(Outcome.NOT_CHECKED, "check-crashed")]
    assert "GD-2-4" in caplog.text
    assert SECRET not in caplog.text
    assert not gate(results, default_policy(), COMPONENTS).open
    assert len({one.code for one in results}) == 23


@pytest.mark.parametrize(
    ("content", "name", "codes"),
    [
        (documents.pdf()[:1_500], "a.pdf", {"GD-3-4"}),
        (b"", "a.pdf", {"GD-2-7", "GD-3-4"}),
        (documents.changed_pdf(documents.pdf(), owner="o", user="u"), "a.pdf", {"GD-3-4", "GD-3-8"}),
        (
            documents.with_declared_size(documents.docx_file(), "word/document.xml", 9, local=False),
            "a.docx",
            {"GD-3-4", "GD-3-8"},
        ),
        ("公告".encode() + b"\xff\xff", "a.html", {"GD-3-4"}),
    ],
)
def test_bad_files_are_sent_back(content: bytes, name: str, codes: set[str]) -> None:
    found = verdict(all_checks(), item(component(content, name)))
    assert not found.open
    assert {one.code for one in found.blocking} == codes


def test_a_title_of_ten_thousand_characters_is_sent_back() -> None:
    found = verdict(all_checks(), item(title="长" * 10_000))
    assert [one.code for one in found.blocking] == ["GD-1-2"]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (documents.pdf(), "a.docx", "GD-1-10"),
        (documents.zipped({"a": b"x"}), "a.zip", "GD-3-3"),
        (documents.changed_pdf(documents.pdf(), owner="o"), "a.pdf", "GD-3-8"),
    ],
)
def test_doubtful_files_wait_for_a_person(content: bytes, name: str, code: str) -> None:
    found = verdict(all_checks(), item(component(content, name)))
    assert not found.open
    assert not found.blocking
    assert code in {one.code for one in found.asks}


def test_active_content_is_told_and_sends_nothing_back() -> None:
    found = verdict(all_checks(), item(component(documents.changed_pdf(documents.pdf(), javascript=True))))
    assert not found.blocking
    assert "JZ-4-1" in {one.code for one in (*found.asks, *found.warnings)}


def test_a_check_the_policy_does_not_name_blocks() -> None:
    failing = result("NEW", None, Outcome.FAIL)
    assert gate([failing], policy(), ()).blocking == (failing,)


def test_one_bad_result_among_good_ones_counts() -> None:
    results = [result("A", None, Outcome.PASS), result("A", None, Outcome.FAIL)]
    assert not gate(results, policy(A=rule()), ()).open


def test_every_component_must_be_covered() -> None:
    rules = policy(A=rule(Action.BLOCK, Cover.COMPONENT))
    one = result("A", "cmp_1", Outcome.PASS)
    assert gate([one], rules, ["cmp_1"]).open
    found = gate([one], rules, COMPONENTS)
    assert [(missing.component, missing.reason_code) for missing in found.blocking] == [("cmp_2", "check-missing")]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from([None, "cmp_1"]), st.sampled_from(Outcome)), max_size=8)
)
def test_the_gate_opens_only_on_good_outcomes_for_everything(said: list[tuple[str, str | None, Outcome]]) -> None:
    rules = policy(A=rule(Action.BLOCK, Cover.ITEM, Cover.COMPONENT), B=rule(Action.BLOCK, Cover.ITEM))
    results = [result(code, part, outcome) for code, part, outcome in said]
    good = {Outcome.PASS, Outcome.NOT_APPLICABLE}
    covered = {("A", None), ("A", "cmp_1"), ("B", None)} <= {(code, part) for code, part, _ in said}
    expected = covered and all(outcome in good for _, _, outcome in said)
    assert gate(results, rules, ["cmp_1"]).open is expected


def test_reasons_change_the_action() -> None:
    rules = policy(A=rule(Action.BLOCK, Cover.ITEM, soft=Action.WARN, doubt=Action.ASK))
    assert gate([result("A", None, Outcome.FAIL, "soft")], rules, ()).open
    assert gate([result("A", None, Outcome.FAIL, "doubt")], rules, ()).asks
    assert gate([result("A", None, Outcome.FAIL, "other")], rules, ()).blocking


def test_the_shipped_policy_covers_every_check_and_speaks_both_languages() -> None:
    shipped = default_policy()
    demanded = {code for code, rule in shipped.rules.items() if rule.covers & {Cover.ITEM, Cover.COMPONENT}}
    assert demanded == {check.code for check in all_checks()}
    assert set(shipped.rules) == set(items()) <= set(catalogue())
    reasons = {reason for one in shipped.rules.values() for reason in one.reasons}
    assert reasons <= set(catalogue())
    assert all(check.nature == shipped.rules[check.code].nature for check in all_checks())


HALF = 'version="1"\n[limits]\ntitle_characters=1\n[rules.A]\n'


@pytest.mark.parametrize(
    "text",
    ["", "version = 1", f'{HALF}action="open"', f'{HALF}nature="integrity"\naction="warn"\ncovers=[]'],
)
def test_half_a_policy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"policy|open"):
        parse_policy(text)


def test_results_carry_version_and_time() -> None:
    results = run_checks(all_checks(), replace(item(), announced=()))
    assert all(one.rule_version and one.milliseconds >= 0 for one in results)
