"""The environment is read in one place.

A setting read where it is needed cannot be listed, checked at start, or given two values in one process: two archives
in one test, or a worker beside a web server. So only `archive/settings.py` looks; everybody else is handed values.
"""

import ast

from tests.architecture.source import Source, Violation, dotted, line

_ALLOWED = {"archive/settings.py"}
_NAMES = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def check(source: Source) -> list[Violation]:
    """No `os.environ`, `os.getenv` or a relative of theirs in product code outside the settings."""
    if not source.is_product or str(source.path) in _ALLOWED:
        return []
    return [
        Violation(source.path, line(node), "reads the environment; take a value from Settings instead")
        for node in ast.walk(source.tree)
        if _reads(node)
    ]


def _reads(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in _NAMES and dotted(node).startswith("os.")
    return (
        isinstance(node, ast.ImportFrom) and node.module == "os" and any(alias.name in _NAMES for alias in node.names)
    )
