"""The generations of one index: which there are, which is in use, and what is done to each."""

import re
from collections.abc import Iterable
from typing import Any

from archive.authorization import Scope
from archive.errors import Damaged, Unavailable
from search.card import unpack
from search.elastic.asking import order_of, query_of
from search.elastic.client import Server
from search.elastic.mapping import LAYOUT, POSITION, mapping, requests_of, settings_of, source_of, version_of
from search.fields import PUBLIC, WHOLE, position_of
from search.port import EMPTY
from search.types import Document, Hit, Removal, Request

_WRITING_SECONDS = 60.0
_LATEST = "20s"


class Generations:
    """The generations behind one alias."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._alias = server.address.name
        self._shape = re.compile(rf"{re.escape(self._alias)}-(v[0-9]+)-([0-9]{{6}})")

    def in_use(self) -> list[str]:
        """What the alias stands for: one generation, or none before the first."""
        with self._server.asked(404) as client:
            answer = client.indices.get_alias(name=self._alias)
        if answer.meta.status == 200:
            return sorted(answer.body)
        # To somebody who may not see it the server says that an alias is missing; to this question it says the truth.
        with self._server.asked() as client:
            exists = client.indices.exists(index=self._alias)
        if not exists:
            return []
        with self._server.asked() as client:
            return sorted(client.indices.get_alias(name=self._alias).body)

    def current(self) -> "Generation | None":
        """The generation in use, None before the first.

        Raises:
            Damaged: it has another layout, or the alias does not stand for one generation.
        """
        names = self.in_use()
        if not names:
            return None
        match = self._shape.fullmatch(names[0])
        if match is None or len(names) > 1:
            detail = f"{self._alias} → {', '.join(names)}"
            raise Damaged("search-index-unreadable", path=self._server.path, detail=detail)
        if match[1] != LAYOUT:
            raise Damaged("search-index-layout", path=self._server.path, found=match[1], expected=LAYOUT)
        return Generation(self._server, names[0])

    def highest(self) -> int:
        """The highest number of a generation, 0 where there is none."""
        matches = [self._shape.fullmatch(name) for name in self._names()]
        return max((int(match[2]) for match in matches if match), default=0)

    def create(self, number: int, *, in_use: bool = False) -> "Generation":
        """A new generation, beside the one in use or, where there is none, in use itself."""
        name = f"{self._alias}-{LAYOUT}-{number:06d}"
        aliases: dict[str, Any] = {_written(name): {}, self._alias if in_use else _filled(name): {}}
        with self._server.asked(seconds=_WRITING_SECONDS, retries=0) as client:
            client.indices.create(
                index=name, aliases=aliases, mappings=mapping(), settings=settings_of(self._server.address)
            )
        return Generation(self._server, name)

    def exchange(self, new: "Generation") -> None:
        """Put `new` in the place of whatever is in use, in one step: there is no moment without one.

        Raises:
            Damaged: it has been withdrawn from being filled, or is gone.
        """
        former = [{"remove": {"index": name, "alias": self._alias}} for name in self.in_use()]
        filled = {"remove": {"index": new.name, "alias": _filled(new.name), "must_exist": True}}
        with self._server.asked(retries=0) as client:
            client.indices.update_aliases(actions=[filled, *former, {"add": {"index": new.name, "alias": self._alias}}])

    def sweep(self) -> None:
        """Drop every generation but the one in use."""
        kept = self.in_use()
        for name in self._names():
            if name not in kept and self._shape.fullmatch(name):
                self.drop(name)

    def drop(self, name: str) -> None:
        """Drop one generation, if it is still there and not in use.

        It is withdrawn from being filled first: from then on nobody, not even somebody who was only asleep, can put it
        into use between our look and its end.
        """
        with self._server.asked(404) as client:
            client.indices.update_aliases(
                actions=[{"remove": {"index": name, "alias": _filled(name), "must_exist": True}}]
            )
        if name not in self.in_use():
            with self._server.asked(404, seconds=_WRITING_SECONDS) as client:
                client.indices.delete(index=name)

    def block(self, name: str) -> None:
        """Let nobody write to a generation; when this returns, what had begun before is done."""
        with self._server.asked(seconds=_WRITING_SECONDS) as client:
            client.indices.add_block(index=name, block="write")

    def unblock(self, name: str) -> None:
        """Let everybody write again, if it is still there."""
        with self._server.asked(404, seconds=_WRITING_SECONDS) as client:
            client.indices.put_settings(index=name, settings={"index.blocks.write": None})

    def _names(self) -> list[str]:
        """The generations, with what else happens to have such a name."""
        with self._server.asked() as client:
            return sorted(client.indices.get_alias(index=f"{self._alias}-v*").body)


class Generation:
    """One index of the server."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self.name = name

    def write(self, changes: Iterable[Document | Removal], position: int, *, shown: bool = True) -> None:
        """Take changes in, show them to everybody unless `shown` is false, and then say how far they go."""
        written = False
        for lines in requests_of(changes):
            self._send(lines)
            written = True
        if written and shown:
            self.refresh()
        if position > EMPTY:
            self._reach(position)

    def refresh(self) -> None:
        """Show what was written."""
        with self._server.asked(seconds=_WRITING_SECONDS) as client:
            self._whole(client.indices.refresh(index=self.name))

    def position(self) -> int:
        with self._server.asked(404) as client:
            answer = client.get(index=self.name, id=POSITION)
        if answer.meta.status == 200:
            return int(answer["_source"]["ledger_index"])
        if "found" in answer.body:
            return EMPTY
        raise self._gone(answer["error"]["type"])

    def count(self) -> int:
        with self._server.asked() as client:
            answer = client.search(
                index=self.name,
                query={"term": {"kind": "document"}},
                size=0,
                track_total_hits=True,
                allow_partial_search_results=False,
            )
        return int(answer["hits"]["total"]["value"])

    def search(self, request: Request, scope: Scope) -> tuple[int, tuple[Hit, ...]]:
        """How many records answer, and those of the page."""
        with self._server.asked() as client:
            answer = client.search(
                index=self.name,
                query=query_of(request, scope),
                sort=order_of(request),
                from_=request.offset,
                size=request.size,
                track_total_hits=True,
                allow_partial_search_results=False,
                source_includes=["card", PUBLIC] if scope.redacted else ["card", PUBLIC, WHOLE],
                timeout=_LATEST,
            )
        if answer["timed_out"]:
            raise Unavailable("search-unavailable", path=self._server.path, detail=_LATEST)
        found = answer["hits"]
        try:
            hits = tuple(_hit(hit, request, scope) for hit in found["hits"])
        except (KeyError, ValueError) as error:
            raise Damaged("search-index-unreadable", path=self._server.path, detail=str(error)) from error
        return int(found["total"]["value"]), hits

    def _send(self, lines: list[Any]) -> None:
        with self._server.asked(seconds=_WRITING_SECONDS) as client:
            answer = client.bulk(
                index=_written(self.name),
                operations=lines,
                require_alias=True,
                timeout=_LATEST,
                filter_path=["errors", "items.*._id", "items.*.status", "items.*.error.type"],
            )
        if answer["errors"]:
            for item in answer["items"]:
                self._accepted(item["index"])

    def _accepted(self, item: dict[str, Any]) -> None:
        """One document of a request was taken in, or is older than what is there."""
        status, kind = item["status"], item.get("error", {}).get("type", "")
        if status < 300 or status == 409:
            return
        known = self._server.refused(status, kind)
        if known is not None:
            raise known
        if status == 404:
            raise self._gone(kind)
        raise Damaged("search-index-rejected", path=self._server.path, record=item["_id"], detail=kind)

    def _reach(self, position: int) -> None:
        with self._server.asked(409, seconds=_WRITING_SECONDS) as client:
            client.index(
                index=_written(self.name),
                id=POSITION,
                document=source_of(position_of(position)),
                # A conflict is a position further on.
                version=version_of(position),
                version_type="external_gte",
                require_alias=True,
                timeout=_LATEST,
            )

    def _whole(self, answer: Any) -> None:
        """Every part of the index took part."""
        if answer["_shards"]["failed"]:
            raise Unavailable("search-unavailable", path=self._server.path, detail="_shards")

    def _gone(self, kind: str) -> Damaged:
        return Damaged("search-index-unreadable", path=self._server.path, detail=kind)


def _hit(found: dict[str, Any], request: Request, scope: Scope) -> Hit:
    stored = found["_source"]
    own = None if scope.redacted else stored.get(WHOLE)
    return unpack(stored["card"], own or stored[PUBLIC], request.phrases, float(found["_score"] or 0.0))


def _written(name: str) -> str:
    """The alias under which a generation is written to."""
    return f"{name}-write"


def _filled(name: str) -> str:
    """The alias that a generation has for as long as it is being filled."""
    return f"{name}-fill"
