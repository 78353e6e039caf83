"""What is in force now: the policy, the checks built for it, and the fingerprint of both with the tools behind them.

Whatever would make the same document come out otherwise changes the fingerprint: another policy, another version of a
rule, another policy of formats, another trust list, another version of a library that looks into files. What changes
every day, as the definitions of a virus scanner, stands in the evidence of the result instead.
"""

import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Final

from archive.clock import Clock
from archive.db.uow import Database
from archive.ledger.canonical import JSON, dump
from ingest.checks.gate import Policy, default_policy, parse_policy
from ingest.checks.types import Check
from ingest.verdicts.repository import Connection, PolicyRepository

_TOOLS: Final = ("av", "cryptography", "lxml", "olefile", "pikepdf", "pillow", "pyhanko", "pygfried", "pypdfium2")

_NONE: Final[Mapping[str, str]] = MappingProxyType({})

Checks = Callable[[Policy], Sequence[Check]]
"""Builds the checks of single items with the limits and lists of a policy."""


@dataclass(frozen=True)
class InForce:
    """A policy with the checks of items built for it."""

    policy: Policy
    checks: tuple[Check, ...]
    tools: Mapping[str, str]
    fingerprint: str


class Rules:
    """Knows what is in force. The checks of the last policy asked for are kept.

    `data` are the versions of what the checks are given beside the policy, such as the trust list, by name.
    """

    def __init__(self, database: Database, clock: Clock, build: Checks, data: Mapping[str, str] = _NONE) -> None:
        self._database = database
        self._clock = clock
        self._build = build
        self._data = data
        self._built: InForce | None = None

    def now(self) -> InForce:
        """The policy that holds now, and what belongs to it.

        Raises:
            Unavailable: the database does not answer.
        """
        with self._database.reading() as connection:
            policy = policy_at(connection, self._clock.now())
        built = self._built
        if built is None or built.policy != policy:
            checks, tools = tuple(self._build(policy)), installed_tools()
            versions = {each.code: each.version for each in checks}
            built = InForce(policy, checks, tools, fingerprint(policy, versions, self._data))
            self._built = built
        return built


def policy_at(connection: Connection, now: datetime) -> Policy:
    """The policy that holds at `now`: the centre's own, or the one that comes with the archive."""
    stored = PolicyRepository(connection).in_force(now)
    return default_policy() if stored is None else _parsed(stored.text)


def fingerprint(policy: Policy, rules: Mapping[str, str], data: Mapping[str, str] = _NONE) -> str:
    """SHA-256, in hexadecimal, over the policy and the versions of `rules` by code, other `data` and tools."""
    body: dict[str, JSON] = {
        "policy": policy.version,
        "rules": dict(rules),
        "data": dict(data),
        "tools": dict(installed_tools()),
    }
    return hashlib.sha256(dump(body)).hexdigest()


@cache
def installed_tools() -> Mapping[str, str]:
    """The libraries that look into files, with the versions that are installed; one that is not there has none."""
    found = {"python": platform.python_version()}
    for name in _TOOLS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


@cache
def _parsed(text: str) -> Policy:
    return parse_policy(text)
