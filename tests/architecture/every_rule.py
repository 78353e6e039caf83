"""The list of the house rules, so that a rule nobody runs is noticed."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.architecture.rules import (
    codes,
    colour,
    commits,
    environment,
    exceptions,
    names,
    places,
    scopes,
    secrets,
    sizes,
    suppressions,
    time,
)
from tests.architecture.source import Source, Violation

Rule = Callable[[Source], list[Violation]]

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "codes": codes.check,
        "colour": colour.check,
        "commits": commits.check,
        "environment": environment.check,
        "exceptions": exceptions.check,
        "names": names.check,
        "places": places.check,
        "scopes": scopes.check,
        "secrets": secrets.check,
        "sizes": sizes.check,
        "suppressions": suppressions.check,
        "time": time.check,
    }
)
