"""No secret is shipped.

A default password or a key in the sources is the same in every installation, and is forgotten in every one of them.
Keys are made on first start and lie in the home folder; passwords are asked for or drawn at random and shown once.
"""

import ast
import re

from tests.architecture.source import Source, Violation, dotted

# The words that stand for a name and its secret where an address is explained give nothing away.
_EXPLAINED = "user:password|access:secret|用户:口令|访问键:密钥"
_KEY = re.compile(
    rf"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{{16}}\b|://(?!(?:{_EXPLAINED})@)[^/\s:@{{]+:[^/\s:@{{]+@"
)
_SECRET_NAME = re.compile(r"(^|_)(password|passwd|secret|private_key|api_key|token)$", re.IGNORECASE)


def check(source: Source) -> list[Violation]:
    """No private key or address with a password in a string, no secret's name bound to a text, in product code."""
    if not source.is_product:
        return []
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _KEY.search(node.value):
            found.append(Violation(source.path, node.lineno, "holds a key or a password"))
        found += [
            Violation(source.path, value.lineno, f"gives {name} a fixed value")
            for name, value in _bindings(node)
            if _SECRET_NAME.search(name) and _is_text(value)
        ]
    return found


def _bindings(node: ast.AST) -> list[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        return [(dotted(target).rsplit(".", 1)[-1], node.value) for target in node.targets]
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return [(dotted(node.target).rsplit(".", 1)[-1], node.value)]
    if isinstance(node, ast.keyword) and node.arg is not None:
        return [(node.arg, node.value)]
    if isinstance(node, ast.arguments):
        positional = [*node.posonlyargs, *node.args]
        late = zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True)
        named = zip(node.kwonlyargs, node.kw_defaults, strict=True)
        return [(argument.arg, value) for argument, value in (*late, *named) if value is not None]
    return []


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and len(node.value) > 0
