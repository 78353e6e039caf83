"""Authenticity (真实性): values of metadata lie within their ranges, are plausible, agree and are not repeated."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from ingest.checks.ranges import Rule, Values, values
from ingest.checks.types import (
    Checked,
    Finding,
    Nature,
    element_name,
    failed,
    not_applicable,
    not_checked,
    passed,
    seen,
)

_FEN = 100


class ValueRanges:
    """GD-1-4: elements with a value range (regions, trades, code lists of the data specification) keep to it.

    An item without any such element has nothing to be compared.
    """

    code = "GD-1-4"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, item: Checked, /) -> Iterator[Finding]:
        known = values()
        named = {element: value for element in known.ranges if (value := item.fields.get(element, "").strip())}
        outside = [element for element, value in named.items() if not known.ranges[element].holds(value)]
        evidence = {"elements": sorted(named), "ranges": known.version}
        if outside:
            within = known.ranges[outside[0]]
            yield seen(failed("value-out-of-range", element=_called(outside[0], known), basis=within.basis), evidence)
        elif named:
            yield seen(passed(), evidence)
        else:
            yield not_applicable(None, "no-such-element")


class PlausibleValues:
    """GD-1-5: the year can be true, dates follow each other as the procedure demands, amounts are amounts."""

    code = "GD-1-5"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, item: Checked, /) -> Iterator[Finding]:
        known = values()
        if item.now is None:
            yield not_checked("check-moment-missing")
            return
        finding = _published(item, item.now, known) or _ordered(item, known) or _amounts(item, known)
        compared = [name for name in (*_dated(known), *known.amounts) if item.fields.get(name)]
        evidence = {"elements": ["published", *sorted(set(compared))], "ranges": known.version}
        yield seen(finding or passed(), evidence)


class ElementsAgree:
    """GD-1-9: elements that say the same thing say the same. The number is known, the rules are a proposal of ours."""

    code = "GD-1-9"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, item: Checked, /) -> Iterator[Finding]:
        known = values()
        judged = {rule: _agrees(rule, item) for rule in known.rules}
        looked = [rule.id for rule, agrees in judged.items() if agrees is not None]
        broken = [rule for rule, agrees in judged.items() if agrees is False]
        if broken:
            left, right = broken[0].left.element, broken[0].right.element
            finding = failed("elements-disagree", left=element_name(left), right=element_name(right))
            yield seen(finding, {"rules": looked, "broken": [rule.id for rule in broken]})
        elif looked:
            yield seen(passed(), {"rules": looked})
        else:
            yield not_applicable(None, "no-such-element")


class NotRepeated:
    """GD-1-8: no other item has the same title, the same publication and the same main document."""

    code = "GD-1-8"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, item: Checked, /) -> Iterator[Finding]:
        if item.duplicates is None:
            yield not_checked("duplicates-not-counted")
        elif item.duplicates:
            yield seen(failed("item-repeated", count=item.duplicates), {"count": item.duplicates})
        else:
            yield seen(passed(), {"count": 0})


def _called(element: str, known: Values) -> str:
    return f"{known.ranges[element].name} {element}"


def _published(item: Checked, now: datetime, known: Values) -> Finding | None:
    published = item.published
    if published is None or published.tzinfo is None:
        return None  # that there has to be one, and with a zone, are checks of their own
    if published > now + timedelta(hours=known.future_hours):
        return failed("value-implausible", element=element_name("published"), why="未来 future")
    if published.year < known.earliest:
        return failed("value-implausible", element=element_name("published"), why=f"< {known.earliest}")
    return None


def _dated(known: Values) -> list[str]:
    return [name for order in known.orders for name in (order.before, order.after)]


def _ordered(item: Checked, known: Values) -> Finding | None:
    moments = {name: _moment(item.fields.get(name, "")) for name in _dated(known)}
    for order in known.orders:
        first, second = moments[order.before], moments[order.after]
        if first is not None and second is not None and second.date() < first.date():
            return failed("dates-out-of-order", before=element_name(order.before), after=element_name(order.after))
    return None


def _moment(text: str) -> datetime | None:
    """A moment as ISO 8601 writes it, without its zone: days are compared, as the procedure counts them."""
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return None


def _amounts(item: Checked, known: Values) -> Finding | None:
    for element in sorted(known.amounts):
        text = item.fields.get(element, "").strip()
        if not text:
            continue
        amount = _amount(text)
        most = known.amount_most * (_FEN if element.endswith("_fen") else 1)
        if amount is None or not 0 <= amount <= most:
            return failed("value-implausible", element=element_name(element), why=f"0…{most}")
    return None


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _agrees(rule: Rule, item: Checked) -> bool | None:
    """Whether the rule holds, None where the item has not both elements."""
    left, right = rule.left.of(item.fields), rule.right.of(item.fields)
    if left is None or right is None:
        return None
    if rule.kind == "equal":
        return left == right
    amounts = _amount(left), _amount(right)
    if amounts[0] is None or amounts[1] is None:
        return None
    return amounts[0] <= amounts[1]
