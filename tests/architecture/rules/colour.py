"""Functions have one colour.

Where synchronous and asynchronous code mix, every call has to know which it is, one blocking call stops a whole event
loop, and bridges between the two deadlock. Services, storage and workers are synchronous; only `web` may be
asynchronous, and only to stream.
"""

import ast

from tests.architecture.source import Source, Violation, line

_ASYNC = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)
_MODULES = {"asyncio", "anyio", "trio", "aiohttp", "aiofiles"}


def check(source: Source) -> list[Violation]:
    """No `async`, no `await`, no event loop library in product code outside `web`."""
    if not source.is_product or source.path.parts[0] == "web":
        return []
    return [
        Violation(source.path, line(node), "is asynchronous; only web may be")
        for node in ast.walk(source.tree)
        if isinstance(node, _ASYNC) or _imports_a_loop(node)
    ]


def _imports_a_loop(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.split(".", 1)[0] in _MODULES for alias in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".", 1)[0] in _MODULES
