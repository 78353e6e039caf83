"""Loading a plan from its data files, with everything checked before anybody works by it."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from archive.authorization import AccessLevel
from archive.errors import NotFound
from archive.plan.reading import Source
from archive.plan.types import Channel, DocumentClass, End, NumberTemplate, Outcome, Plan, Region, Retention, Segment

DEFAULT_PLAN = "national-2026-1"

_COLUMNS = (
    "code",
    "category",
    "trades",
    "stage_no",
    "stage",
    "doc_type",
    "aliases",
    "data_nos",
    "file_codes",
    "carrier",
    "retention",
    "basis",
    "access_level",
    "public_after",
)
_CLASS_CODE = re.compile(r"[A-Z]{2}\.[0-9]{2}\.[0-9]{2}")
_CARRIERS = frozenset({"text", "data", "av"})
_LEVELS = frozenset(level.value for level in AccessLevel)
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
_FIXED_RELEASES = frozenset(
    {
        "on_publish",
        "never",
        "decision_published_redacted",
        "field_scope",
        "field_SCOPE=1",
        "on_publish_if_public_service",
        "on_publish_if_notice",
        "case_redacted",
    }
)
_RELEASE = re.compile(
    r"(?:event:(?P<event>[a-z_]+)(?:>(?:public|internal|restricted|partial))?"
    r"|T\+[0-9]+(?:wd|d):(?P<delayed>[a-z_]+)>public_redacted)"
)
_NUMBER_SOURCES = frozenset({"fonds", "trade_letter", "region", "year", "retention", "number", "text"})


def load_plan(plan_id: str = DEFAULT_PLAN) -> Plan:
    """The plan with this id, read once and checked whole.

    Raises:
        NotFound: there is no such plan.
        InvalidInput: a data file is damaged; the error names file and line.
    """
    return _shipped(plan_id)


@cache
def _shipped(plan_id: str) -> Plan:
    shipped = resources.files("archive.plan") / "data"
    if plan_id not in {entry.name for entry in shipped.iterdir()}:
        raise NotFound("plan-unknown", plan=plan_id)
    return read_plan(shipped / plan_id)


def read_plan(folder: Traversable) -> Plan:
    """The plan whose data files lie in `folder`.

    Raises:
        InvalidInput: a file is missing or damaged; the error names file and line.
    """
    head = Source(folder, "plan.toml")
    about = head.toml()
    head.check_keys(about, frozenset({"id", "version", "name", "status", "trades"}), frozenset())
    trades = {letter: head.text_of(about["trades"], letter) for letter in about["trades"]}
    terms, starts = _retention(Source(folder, "retention.toml"), trades)
    ends_source = Source(folder, "end_events.toml")
    ends_data = ends_source.toml()
    events = frozenset(ends_source.texts_of(ends_data, "release_events"))
    classes = _scheme(Source(folder, "scheme.csv"), trades, terms, events)
    sources = Source(folder, "sources.toml")
    channels, categories, sites = _sources(sources, classes, trades)
    regions, default_fonds = _regions(Source(folder, "regions.toml"))
    return Plan(
        id=head.text_of(about, "id"),
        version=head.text_of(about, "version"),
        classes=classes,
        retentions=terms,
        starts=starts,
        numbers=_numbers(Source(folder, "numbering.toml")),
        completeness=_completeness(Source(folder, "completeness.toml"), classes, trades),
        ends_by_class=_ends(ends_source, ends_data, classes, events),
        channels=channels,
        categories=categories,
        sites=sites,
        regions=regions,
        default_fonds=default_fonds,
        trade_names=trades,
    )


def _retention(source: Source, trades: Mapping[str, str]) -> tuple[dict[str, Retention], dict[str, str]]:
    data = source.toml()
    source.check_keys(data, frozenset({"term", "start"}), frozenset())
    terms: dict[str, Retention] = {}
    for table in source.tables(data, "term"):
        source.check_keys(table, frozenset({"code", "name"}), frozenset({"years"}))
        code, years = source.text_of(table, "code"), table.get("years")
        if code in terms:
            raise source.duplicate("code", f'"{code}"')
        if years is not None and (not isinstance(years, int) or years < 1):
            raise source.bad_value("years", repr(years), "a whole number from 1", line=source.line(f'"{code}"'))
        terms[code] = Retention(code=code, name=source.text_of(table, "name"), years=years)
    source.check_keys(data["start"], frozenset({"*"}), frozenset(trades))
    return terms, {trade: source.text_of(data["start"], trade) for trade in data["start"]}


def _scheme(
    source: Source, trades: Mapping[str, str], terms: Mapping[str, Retention], events: frozenset[str]
) -> dict[str, DocumentClass]:
    classes: dict[str, DocumentClass] = {}
    for line, row in source.rows(_COLUMNS):
        code = row["code"]
        if code in classes:
            raise source.duplicate("code", code, line=line)
        if not _CLASS_CODE.fullmatch(code):
            raise source.bad_value("code", code, _CLASS_CODE.pattern, line=line)
        _one_of(source, row, "carrier", _CARRIERS, line)
        _one_of(source, row, "retention", terms, line)
        _one_of(source, row, "access_level", _LEVELS, line)
        _check_release(source, row["public_after"], events, line)
        letters = _split(row["trades"])
        for letter in letters:
            _one_of(source, {"trades": letter}, "trades", trades, line)
        for key in ("doc_type", "basis", "stage"):
            if not row[key]:
                raise source.bad_value(key, "", "text", line=line)
        classes[code] = _class(row, letters)
    return classes


def _class(row: Mapping[str, str], letters: tuple[str, ...]) -> DocumentClass:
    return DocumentClass(
        code=row["code"],
        category=row["category"],
        trades=letters,
        stage_order=row["stage_no"],
        stage=row["stage"],
        doc_type=row["doc_type"],
        aliases=_split(row["aliases"]),
        data_nos=_split(row["data_nos"]),
        file_codes=_split(row["file_codes"]),
        carrier=row["carrier"],
        retention=row["retention"],
        basis=row["basis"],
        access_level=AccessLevel(row["access_level"]),
        public_after=row["public_after"],
    )


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def _one_of(source: Source, row: Mapping[str, str], key: str, allowed: Iterable[str], line: int) -> None:
    if row[key] not in allowed:
        raise source.bad_value(key, row[key], " | ".join(sorted(allowed)), line=line)


def _check_release(source: Source, token: str, events: frozenset[str], line: int) -> None:
    if token in _FIXED_RELEASES:
        return
    match = _RELEASE.fullmatch(token)
    if match is None or (match["event"] or match["delayed"]) not in events:
        raise source.bad_value("public_after", token, "a token of STANDARDS D4", line=line)


def _numbers(source: Source) -> NumberTemplate:
    data = source.toml()
    source.check_keys(data, frozenset({"volume", "item"}), frozenset())
    volume = _segments(source, data, "volume", _NUMBER_SOURCES)
    item = _segments(source, data, "item", frozenset({"item", "text"}))
    for needed, segments in (("number", volume), ("item", item)):
        if needed not in {segment.source for segment in segments}:
            raise source.bad_value("source", "", needed)
    return NumberTemplate(volume=volume, item=item)


def _segments(source: Source, data: Mapping[str, Any], key: str, allowed: frozenset[str]) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    for table in source.tables(data, key):
        source.check_keys(table, frozenset({"source"}), frozenset({"regex", "sep", "text", "width", "pad"}))
        name = source.text_of(table, "source")
        line = source.line(f'"{name}"')
        _one_of(source, {"source": name}, "source", allowed, line)
        if name != "text" and name in {segment.source for segment in segments}:
            raise source.duplicate("source", f'"{name}"')
        regex = source.text_of(table, "regex", "" if name == "text" else None)
        try:
            re.compile(regex)
        except re.error as error:
            raise source.bad_value("regex", regex, "a regular expression", line=line) from error
        pad, width = source.text_of(table, "pad", "0"), table.get("width", 0)
        if not isinstance(width, int) or width < 0 or len(pad) != 1:
            raise source.bad_value("width", f"{width!r} {pad!r}", "a whole number and one character", line=line)
        sep, text = source.text_of(table, "sep", ""), source.text_of(table, "text", "")
        segments.append(Segment(source=name, regex=regex, sep=sep, text=text, width=width, pad=pad))
    return tuple(segments)


def _completeness(
    source: Source, classes: Mapping[str, DocumentClass], trades: Mapping[str, str]
) -> dict[tuple[str, Outcome], tuple[str, ...]]:
    data = source.toml()
    source.check_keys(data, frozenset({"rule"}), frozenset())
    rules: dict[tuple[str, Outcome], tuple[str, ...]] = {}
    for table in source.tables(data, "rule"):
        source.check_keys(table, frozenset({"trade", "outcome", "required"}), frozenset())
        trade, outcome = source.text_of(table, "trade"), source.text_of(table, "outcome")
        _one_of(source, {"trade": trade}, "trade", trades, source.line(f'"{trade}"'))
        _one_of(source, {"outcome": outcome}, "outcome", _OUTCOMES, source.line(f'"{outcome}"'))
        if (trade, Outcome(outcome)) in rules:
            raise source.duplicate("trade, outcome", f"{trade}, {outcome}")
        required = source.texts_of(table, "required")
        for code in required:
            if code not in classes or (classes[code].trades and trade not in classes[code].trades):
                raise source.unknown_reference("class", code)
        rules[trade, Outcome(outcome)] = required
    for trade in trades:
        for outcome in sorted(_OUTCOMES):
            if (trade, Outcome(outcome)) not in rules:
                raise source.bad_value("rule", f"{trade}, {outcome}", "a rule for every trade and outcome")
    return rules


def _ends(
    source: Source, data: Mapping[str, Any], classes: Mapping[str, DocumentClass], events: frozenset[str]
) -> dict[str, End]:
    source.check_keys(data, frozenset({"release_events", "end"}), frozenset())
    ends: dict[str, End] = {}
    for table in source.tables(data, "end"):
        source.check_keys(table, frozenset({"class"}), frozenset({"outcome", "events", "when"}))
        code = source.text_of(table, "class")
        if code not in classes:
            raise source.unknown_reference("class", code)
        if code in ends:
            raise source.duplicate("class", f'"{code}"')
        when = table.get("when", {})
        for value in [*when.values(), *([table["outcome"]] if "outcome" in table else [])]:
            _one_of(source, {"outcome": value}, "outcome", _OUTCOMES, source.line(f'"{code}"'))
        stands_for = source.texts_of(table, "events")
        for event in stands_for:
            if event not in events:
                raise source.unknown_reference("event", event)
        ends[code] = End(
            class_code=code,
            outcome=Outcome(table["outcome"]) if "outcome" in table else None,
            events=stands_for,
            when=tuple((word, Outcome(outcome)) for word, outcome in when.items()),
        )
    return ends


def _sources(
    source: Source, classes: Mapping[str, DocumentClass], trades: Mapping[str, str]
) -> tuple[dict[str, Channel], dict[str, str], tuple[tuple[str, str], ...]]:
    data = source.toml()
    source.check_keys(data, frozenset({"channel", "category", "site"}), frozenset())
    channels: dict[str, Channel] = {}
    for table in source.tables(data, "channel"):
        source.check_keys(table, frozenset({"label", "name"}), frozenset({"class", "trade"}))
        label, code, trade = source.text_of(table, "label"), table.get("class"), table.get("trade")
        if label in channels:
            raise source.duplicate("label", f'"{label}"')
        if code is not None and code not in classes:
            raise source.unknown_reference("class", str(code))
        if trade is not None and trade not in trades:
            raise source.unknown_reference("trade", str(trade))
        channels[label] = Channel(label=label, name=source.text_of(table, "name"), class_code=code, trade=trade)
    sites: list[tuple[str, str]] = []
    for table in source.tables(data, "site"):
        source.check_keys(table, frozenset({"word", "trade"}), frozenset())
        sites.append((source.text_of(table, "word"), source.text_of(table, "trade")))
    categories = {label: source.text_of(data["category"], label) for label in data["category"]}
    for trade in (*categories.values(), *(trade for _, trade in sites)):
        if trade not in trades:
            raise source.unknown_reference("trade", trade)
    return channels, categories, tuple(sites)


def _regions(source: Source) -> tuple[dict[str, Region], str]:
    data = source.toml()
    source.check_keys(data, frozenset({"region", "default_fonds", "fonds_status"}), frozenset())
    regions: dict[str, Region] = {}
    for table in source.tables(data, "region"):
        source.check_keys(table, frozenset({"code", "name", "aliases"}), frozenset({"fonds"}))
        code = source.text_of(table, "code")
        if not re.fullmatch(r"[0-9]{6}", code):
            raise source.bad_value("code", code, "six digits", line=source.line(f'"{code}"'))
        if code in regions:
            raise source.duplicate("code", f'"{code}"')
        name, aliases = source.text_of(table, "name"), source.texts_of(table, "aliases")
        fonds = source.text_of(table, "fonds") if "fonds" in table else None
        regions[code] = Region(code=code, name=name, aliases=aliases, fonds=fonds)
    return regions, source.text_of(data, "default_fonds")
