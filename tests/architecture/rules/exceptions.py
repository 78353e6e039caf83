"""Whoever catches everything says why.

`except Exception` that goes on turns a failure into a success: an error becomes an empty list, a check that crashed
becomes a check that passed. In the few places where everything must be caught (one bad item may not stop a sweep; a
worker must store what went wrong) the reason stands on the same line, so that a reader can judge it. A handler that
tidies up and raises the same error again hides nothing and needs no reason.
"""

import ast
import re

from tests.architecture.source import Source, Violation, dotted, line

_BROAD = {"Exception", "BaseException"}
_SUPPRESSION = re.compile(r"noqa(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?")


def check(source: Source) -> list[Violation]:
    """Bare `except`, `except Exception` and `suppress(Exception)` carry a reason in a comment on their line."""
    lines = source.text.splitlines()
    return [
        Violation(source.path, line(node), "catches everything without saying why on the same line")
        for node in ast.walk(source.tree)
        if _catches_all(node) and not _has_reason(lines[line(node) - 1])
    ]


def _catches_all(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        return (node.type is None or _is_broad(node.type)) and not _raises_again(node)
    return (
        isinstance(node, ast.Call)
        and dotted(node.func) in {"suppress", "contextlib.suppress"}
        and any(_is_broad(argument) for argument in node.args)
    )


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    leaves = any(isinstance(node, ast.Return | ast.Break | ast.Continue) for node in ast.walk(handler))
    return isinstance(last, ast.Raise) and last.exc is None and not leaves


def _is_broad(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return any(_is_broad(element) for element in node.elts)
    return dotted(node) in _BROAD


def _has_reason(text: str) -> bool:
    _, _, comment = text.partition("#")
    words = re.findall(r"\w+", _SUPPRESSION.sub("", comment))
    return len(words) >= 3
