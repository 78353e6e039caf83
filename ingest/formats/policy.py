"""A centre's policy of formats: what follows from each, and how far it can be relied on for long keeping."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path

from archive.errors import InvalidInput
from archive.messages import catalogue
from ingest.formats import known
from ingest.formats.types import Identified

FORMAT_UNKNOWN = "format-unknown"
_NOBODY_KNOWS = frozenset({known.UNKNOWN, known.EMPTY})
_KEYS = frozenset({"name", "puids", "mimes", "action", "risk", "grounds", "basis"})
_UNNAMED = frozenset({"action", "risk", "grounds"})


class FormatAction(StrEnum):
    """What follows from a format: kept as it is; kept, with a copy for long keeping; a person decides; sent back."""

    PRESERVE = "preserve"
    DERIVE = "derive"
    ASK = "ask"
    REFUSE = "refuse"


class FormatRisk(StrEnum):
    """How likely it is that files of the format cannot be used one day."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


_CODES: Mapping[FormatAction, str | None] = {
    FormatAction.PRESERVE: None,
    FormatAction.DERIVE: "format-derive",
    FormatAction.ASK: "format-ask",
    FormatAction.REFUSE: "format-refused",
}


@dataclass(frozen=True)
class FormatRule:
    """What the policy says of some formats. `name` is for people; `grounds` are codes of the message catalogue.

    `basis` is the standard that names the format for archives, or `proposal` where the judgement is ours.
    """

    name: str
    puids: tuple[str, ...]
    mimes: tuple[str, ...]
    action: FormatAction
    risk: FormatRisk
    grounds: tuple[str, ...]
    basis: str


@dataclass(frozen=True)
class FormatDecision:
    """What follows from the format of one file.

    `code` is the message of it: None for what is kept as it is, `format-derive` for what is accepted with a copy to be
    made, `format-ask`, `format-refused`, and `format-unknown` for what nobody can identify. `rule` is the name of the
    entry that decided, "" where none did; `version` that of the policy.
    """

    action: FormatAction
    risk: FormatRisk
    code: str | None
    grounds: tuple[str, ...]
    rule: str
    version: str


class FormatPolicy:
    """The rules of a centre. `version` names them in everything decided by them."""

    def __init__(self, version: str, rules: Iterable[FormatRule], otherwise: FormatRule) -> None:
        self.version = version
        self.rules = tuple(rules)
        self._otherwise = otherwise
        self._by_puid = {puid: rule for rule in self.rules for puid in rule.puids}
        self._by_mime = {mime: rule for rule in self.rules for mime in rule.mimes}

    def decide(self, identified: Identified) -> FormatDecision:
        """What follows from a format: by its PRONOM identifier, then by its MIME type, then as for all others."""
        rule = self._by_puid.get(identified.puid or "") or self._by_mime.get(identified.mime)
        if rule is None and identified.puid is None and identified.mime in _NOBODY_KNOWS:
            return self._decision(self._otherwise, FORMAT_UNKNOWN)
        rule = rule or self._otherwise
        return self._decision(rule, _CODES[rule.action])

    def _decision(self, rule: FormatRule, code: str | None) -> FormatDecision:
        return FormatDecision(rule.action, rule.risk, code, rule.grounds, rule.name, self.version)


def parse_format_policy(text: str) -> FormatPolicy:
    """A policy from its TOML.

    Raises:
        InvalidInput: `format-policy-invalid`, with the entry and what is wrong with it.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid("TOML", str(error)) from error
    if unknown := sorted(set(document) - {"version", "otherwise", "formats"}):
        raise _invalid("TOML", f"unknown key {unknown[0]}")
    version, formats, otherwise = (document.get(key) for key in ("version", "formats", "otherwise"))
    if not isinstance(version, str) or not version:
        raise _invalid("version", "missing")
    if not isinstance(formats, list) or not all(isinstance(table, dict) for table in formats):
        raise _invalid("formats", "not a list of tables")
    if not isinstance(otherwise, dict) or set(otherwise) != _UNNAMED:
        raise _invalid("otherwise", "needs action, risk and grounds, and nothing else")
    rules = [_rule(table, f"formats[{number}]") for number, table in enumerate(formats, 1)]
    _require_once(rules)
    return FormatPolicy(version, rules, _rule({**otherwise, "name": "", "basis": ""}, "otherwise"))


def read_format_policy(path: Path | None) -> FormatPolicy:
    """The policy of a centre in the file `path`; None is the one that comes with the archive.

    Raises:
        InvalidInput: `format-policy-invalid`, the file cannot be read or is no such policy.
    """
    if path is None:
        return default_format_policy()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _invalid(str(path), type(error).__name__) from error
    return parse_format_policy(text)


@cache
def default_format_policy() -> FormatPolicy:
    """The policy that comes with the archive."""
    return parse_format_policy(resources.files(__package__).joinpath("policy.toml").read_text(encoding="utf-8"))


def _rule(table: Mapping[str, object], place: str) -> FormatRule:
    name = table.get("name")
    place = f"{place} {name}" if name else place
    if unknown := sorted(set(table) - _KEYS):
        raise _invalid(place, f"unknown key {unknown[0]}")
    if not isinstance(name, str) or not isinstance(table.get("basis"), str):
        raise _invalid(place, "name and basis must be texts")
    puids, mimes, grounds = (_texts(table.get(key, []), place, key) for key in ("puids", "mimes", "grounds"))
    if name and not puids and not mimes:
        raise _invalid(place, "neither puids nor mimes")
    if not grounds:
        raise _invalid(place, "no grounds")
    if missing := [code for code in grounds if code not in catalogue()]:
        raise _invalid(place, f"no message {missing[0]}")
    try:
        action, risk = FormatAction(str(table.get("action"))), FormatRisk(str(table.get("risk")))
    except ValueError as error:
        raise _invalid(place, str(error)) from error
    return FormatRule(name, puids, mimes, action, risk, grounds, str(table["basis"]))


def _texts(value: object, place: str, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise _invalid(place, f"{key} must be a list of texts")
    return tuple(value)


def _require_once(rules: Iterable[FormatRule]) -> None:
    seen: dict[str, str] = {}
    for rule in rules:
        for identifier in (*rule.puids, *rule.mimes):
            if identifier in seen:
                raise _invalid(rule.name, f"{identifier} stands in {seen[identifier]} too")
            seen[identifier] = rule.name


def _invalid(place: str, detail: str) -> InvalidInput:
    return InvalidInput("format-policy-invalid", place=place, detail=detail)
