"""The project's own Python sources, parsed once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("archive", "access_control", "classifiers", "ingest", "search", "web")
OTHER_FOLDERS = ("tests", "benchmarks", "docs")


@dataclass(frozen=True)
class Violation:
    """One place that breaks a rule."""

    path: PurePosixPath
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One module: where it is, what it says, and its tree."""

    path: PurePosixPath
    text: str
    tree: ast.Module

    @property
    def is_product(self) -> bool:
        """Whether this is product code, as against tests, benchmarks and scripts."""
        return self.path.parts[0] in PACKAGES


def parse(text: str, path: str = "archive/example.py") -> Source:
    """A source that stands in no file: for snippets that break a rule."""
    return Source(PurePosixPath(path), text, ast.parse(text))


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the project."""
    return tuple(_read())


def _read() -> Iterator[Source]:
    for folder in (*PACKAGES, *OTHER_FOLDERS):
        for file in sorted((ROOT / folder).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            yield Source(PurePosixPath(file.relative_to(ROOT).as_posix()), text, ast.parse(text))


def line(node: ast.AST) -> int:
    """The line `node` starts on; the first for nodes that have none."""
    return getattr(node, "lineno", 1)


def dotted(node: ast.expr) -> str:
    """`a.b.c` for a chain of names, the empty string for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])
