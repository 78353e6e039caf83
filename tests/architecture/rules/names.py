"""A module is named for its subject.

`utils`, `helpers` and `common` say nothing about what is inside, so everything fits, nobody owns it, and everything
imports it. A small function lives with its only caller; one with many callers has a subject, and the subject has a
name.
"""

from tests.architecture.source import Source, Violation

_FORBIDDEN = {"util", "utils", "helper", "helpers", "common", "misc", "lib", "libs", "tools", "shared", "stuff"}


def check(source: Source) -> list[Violation]:
    """No module or package, test ones included, has a name that says nothing."""
    parts = [*source.path.parts[:-1], source.path.stem]
    names = {word for part in parts for word in (part, *part.split("_"))}
    return [Violation(source.path, 1, f"'{name}' names no subject") for name in sorted(names & _FORBIDDEN)]
