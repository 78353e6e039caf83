"""Size has a ceiling.

What separates code that can be changed safely from code that cannot is not the typical function but the longest: the
one of a thousand lines that validates, permits, stores, journals and notifies, whose test only restates it. The
ceilings hold for tests too, because a test file that nobody can read mirrors a module that nobody can read.

A migration's `upgrade` is let through: it is a list of statements, written once and never changed.
"""

import ast

from tests.architecture.source import Source, Violation

_MODULE, _CLASS, _FUNCTION = 400, 250, 50


def check(source: Source) -> list[Violation]:
    """Modules of at most 400 lines, classes of 250, functions of 50; decorators and docstrings count."""
    found = []
    lines = source.text.count("\n")
    if lines > _MODULE:
        found.append(Violation(source.path, 1, f"module of {lines} lines; at most {_MODULE}"))
    is_migration = str(source.path).startswith("archive/db/migrations/")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and (size := _size(node)) > _CLASS:
            found.append(Violation(source.path, node.lineno, f"class {node.name} of {size} lines; at most {_CLASS}"))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_migration:
            size = _size(node)
            if size > _FUNCTION:
                message = f"function {node.name} of {size} lines; at most {_FUNCTION}"
                found.append(Violation(source.path, node.lineno, message))
    return found


def _size(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = min((decorator.lineno for decorator in node.decorator_list), default=node.lineno)
    return (node.end_lineno or node.lineno) - first + 1
