"""The program knows nothing of the machine it was written on.

A path of one machine in the code works on that machine only. Test material that lies beside the project may be read by
tests, which skip where it is absent, and by nothing else: a product that needs it would not run anywhere else.
"""

import ast
import re

from tests.architecture.source import Source, Violation

_MACHINE = re.compile(r"(^|[\s'\"(=:])/(work|home|root|farm|Users)/|\.\./shared\b")


def check(source: Source) -> list[Violation]:
    """No string of product code names a home folder or a folder outside the project."""
    if not source.is_product:
        return []
    return [
        Violation(source.path, node.lineno, "names a place outside the project")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _MACHINE.search(node.value)
    ]
