"""The page tree, walked before anybody asks for its pages: it may run in a circle, lie about its size or never end."""

from dataclasses import dataclass
from typing import Any

import pikepdf

from archive.errors import InvalidInput

_MOST_NODES = 200_000


@dataclass(frozen=True)
class PageTree:
    """How many pages hang in the tree, and how many its root says there are (None where it says nothing)."""

    pages: int
    claimed: int | None


def page_tree(document: pikepdf.Pdf) -> PageTree:
    """Walk the tree from its root (ISO 32000-1, 7.7.3).

    Raises:
        InvalidInput: `pdf-page-loop`, a node is its own ancestor or hangs in two places; `pdf-too-many-pages`, more
            than 200,000 nodes; `file-damaged`, there is no tree.
    """
    root = document.Root.get("/Pages")
    if not isinstance(root, pikepdf.Dictionary):
        raise InvalidInput("file-damaged", detail="page tree")
    waiting: list[Any] = [root]
    nodes: set[tuple[int, int]] = set()
    pages = 0
    while waiting:
        node = waiting.pop()
        if not isinstance(node, pikepdf.Dictionary):
            continue
        kids = node.get("/Kids")
        if not isinstance(kids, pikepdf.Array):
            pages += 1
            continue
        if node.is_indirect:
            if node.objgen in nodes:
                raise InvalidInput("pdf-page-loop")
            nodes.add(node.objgen)
        if len(waiting) + len(kids) + pages + len(nodes) > _MOST_NODES:
            raise InvalidInput("pdf-too-many-pages", limit=_MOST_NODES)
        waiting += kids.as_list()
    return PageTree(pages, _whole(root.get("/Count")))


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int) else None
