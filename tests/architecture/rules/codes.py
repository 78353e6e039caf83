"""What is said to people can be looked up and searched for.

An error code that is not in the message catalogue reaches a person as a bare word. A code put together from pieces
cannot be found by searching for it, neither in the sources by the developer nor in the documentation by the operator.
So codes are literals, and every literal has its sentences.
"""

import ast
import re
from functools import cache

from archive.messages import catalogue
from tests.architecture.source import Source, Violation, dotted, sources

_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_SPOKEN = {"code", "reason"}


@cache
def error_classes() -> frozenset[str]:
    """The names of the error tree, wherever its branches grow."""
    names = {"ArchiveError"}
    bases = {
        node.name: {dotted(base).rsplit(".", 1)[-1] for base in node.bases}
        for source in sources()
        if source.is_product
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
    }
    while grown := {name for name, parents in bases.items() if parents & names} - names:
        names |= grown
    return frozenset(names)


def check(source: Source) -> list[Violation]:
    """Codes of errors, decisions, findings and outcomes in product code are literals of the catalogue."""
    if not source.is_product:
        return []
    return [
        violation
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        for argument in _codes(node)
        for violation in _judge(source, argument)
    ]


def _codes(call: ast.Call) -> list[ast.expr]:
    found = [
        keyword.value
        for keyword in call.keywords
        if keyword.arg in _SPOKEN and (_is_code(keyword.value) or isinstance(keyword.value, ast.JoinedStr))
    ]
    if dotted(call.func).rsplit(".", 1)[-1] in error_classes() and call.args:
        found.append(call.args[0])
    return found


def _is_code(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_CODE.fullmatch(node.value))


def _judge(source: Source, node: ast.expr) -> list[Violation]:
    if isinstance(node, ast.JoinedStr | ast.BinOp):
        return [Violation(source.path, node.lineno, "puts a code together; codes are literals")]
    if isinstance(node, ast.Constant) and node.value not in catalogue():
        return [Violation(source.path, node.lineno, f"{node.value!r} is not in the message catalogue")]
    return []
