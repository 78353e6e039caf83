"""Time comes from a clock that is handed in.

Retention periods, statutory time limits, release moments and leases all depend on "now". Code that asks the machine
itself cannot be tested at midnight on 31 December, and two questions in one transaction get two answers. Durations are
another matter: `time.monotonic` and `time.perf_counter` are free to use.
"""

import ast

from tests.architecture.source import Source, Violation, dotted, line

_ALLOWED = {"archive/clock.py", "archive/ids.py"}
_ENDINGS = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "time.ctime",
)
_FROM_TIME = {"time", "time_ns", "localtime", "gmtime", "ctime"}


def check(source: Source) -> list[Violation]:
    """Product code does not ask the machine for the date or the time of day."""
    if not source.is_product or str(source.path) in _ALLOWED:
        return []
    return [
        Violation(source.path, line(node), "asks the machine for the time; take a Clock")
        for node in ast.walk(source.tree)
        if _asks(node)
    ]


def _asks(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        name = dotted(node)
        return name in _ENDINGS or name.endswith(tuple(f".{ending}" for ending in _ENDINGS))
    return (
        isinstance(node, ast.ImportFrom)
        and node.module == "time"
        and any(alias.name in _FROM_TIME for alias in node.names)
    )
