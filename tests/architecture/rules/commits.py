"""One request or task is one transaction, and one module ends it.

A service that commits half-way leaves a half-done change for the next `kill -9`, and sends wake-ups for rows that a
later failure takes back. So nobody but the unit of work commits, and no module that can reach the database opens a
transaction of its own, which would commit at the end of the block.

`archive/db/migrating.py` is let through: it brings a database to its schema before there can be a unit of work.
`search/tantivy.py` is let through: what it commits is the writer of a full-text index, which can be thrown away and
rebuilt; the import contracts keep the database out of that module.
`ingest/exchange/repository.py` is let through: the database in which it marks rows is the far end's, never ours.
"""

import ast

from tests.architecture.source import Source, Violation

_ALLOWED = {
    "archive/db/uow.py",
    "archive/db/migrating.py",
    "search/tantivy.py",
    "ingest/exchange/repository.py",
}
_BEGINS = {"begin", "begin_nested"}


def check(source: Source) -> list[Violation]:
    """No `.commit()` in product code outside the unit of work; nor `.begin()` where the database is within reach."""
    if not source.is_product or str(source.path) in _ALLOWED:
        return []
    forbidden = {"commit"} | (_BEGINS if _reaches_database(source.tree) else set())
    return [
        Violation(source.path, node.lineno, f".{node.func.attr}() belongs to archive/db/uow.py; take a unit of work")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in forbidden
    ]


def _reaches_database(tree: ast.Module) -> bool:
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return any(f"{module}.".startswith(("sqlalchemy.", "archive.db.")) for module in modules)
