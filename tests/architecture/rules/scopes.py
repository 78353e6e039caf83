"""Only the policy makes a scope.

Nothing can be listed, counted or searched without a `Scope`. That guards the archive only as long as a scope is always
an answer of the policy: a page that builds its own "everything" scope to make a count work has opened the archive. So
`Scope(...)` is written in `access_control` alone, and nobody widens one with `replace`.
"""

import ast

from tests.architecture.source import Source, Violation, dotted


def check(source: Source) -> list[Violation]:
    """No `Scope(...)` and no `replace(scope, ...)` in product code outside access control."""
    if not source.is_product or source.path.parts[0] == "access_control":
        return []
    if str(source.path) == "archive/authorization.py":
        return []
    return [
        Violation(source.path, node.lineno, "makes a scope; ask the Authorizer for one")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and (_is_scope(node.func) or _widens(node))
    ]


def _is_scope(func: ast.expr) -> bool:
    name = dotted(func)
    return name == "Scope" or name.endswith(".Scope")


def _widens(node: ast.Call) -> bool:
    if dotted(node.func) not in {"replace", "dataclasses.replace", "copy.replace"} or not node.args:
        return False
    return dotted(node.args[0]).rsplit(".", 1)[-1].lstrip("_") == "scope"
