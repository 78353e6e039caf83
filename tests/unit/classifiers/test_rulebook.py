"""The rules themselves: consistent with each other and with the plan."""

from dataclasses import replace

import pytest

from archive.errors import InvalidInput
from archive.plan.service import load_plan
from classifiers.rulebook import rulebook, vocabulary


def test_no_full_type_name_belongs_to_two_kinds() -> None:
    words = [word for kind in rulebook().kinds for word in kind.strong]
    assert sorted(words) == sorted(set(words))


def test_no_label_belongs_to_two_kinds() -> None:
    labels = [label for kind in rulebook().kinds for label in kind.labels]
    assert sorted(labels) == sorted(set(labels))


def test_every_class_of_a_rule_belongs_to_the_trade_it_stands_under() -> None:
    plan = load_plan()
    for kind in rulebook().kinds:
        for trade, code in kind.classes.items():
            assert trade == "*" or trade in plan.classes[code].trades, (kind.id, trade, code)


def test_weights_lie_between_nothing_and_certainty() -> None:
    weights = rulebook().weights
    assert all(0 < value < 1 for name, value in weights.items() if not name.startswith("decide."))
    assert weights["class.label"] > weights["decide.accept"] > weights["class.body_head"]


def test_every_trade_with_words_is_a_trade_of_the_plan() -> None:
    assert {trade.letter for trade in rulebook().trades} == set(load_plan().trade_names)


def test_a_plan_that_lacks_a_class_of_the_rules_is_refused() -> None:
    plan = load_plan()
    smaller = replace(plan, classes={code: cls for code, cls in plan.classes.items() if code != "GC.06.01"})
    with pytest.raises(InvalidInput, match="classify-rules-class"):
        vocabulary(smaller)
