"""The index: what `search.port` promises, out of generations and the claim on them."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from archive.authorization import Scope
from archive.clock import Clock
from archive.errors import ArchiveError, Damaged, Unavailable
from archive.servers import Described
from search.elastic.address import Address
from search.elastic.claim import Claims, Held
from search.elastic.client import Server
from search.elastic.generations import Generation, Generations
from search.port import EMPTY, Replacement
from search.types import Document, Hit, Removal, Request, Results

_ATTEMPTS = 5
_Answer = TypeVar("_Answer")


class ElasticIndex:
    """A `SearchIndex` on a server, made there with the first document."""

    def __init__(self, address: Address, clock: Clock) -> None:
        self._server = Server(address)
        self._generations = Generations(self._server)
        self._claims = Claims(self._server, clock)

    def apply(self, documents: Iterable[Document | Removal], position: int) -> None:
        changes = list(documents)
        for attempt in range(1, _ATTEMPTS + 1):
            generation = self._generations.current() or self._first()
            try:
                generation.write(changes, position)
            except ArchiveError as error:
                if attempt == _ATTEMPTS or not self._passing(error, generation):
                    raise
            else:
                return

    def search(self, request: Request, scope: Scope) -> Results:
        started = time.perf_counter()
        nothing: tuple[int, tuple[Hit, ...]] = (0, ())
        total, hits = self._ask(lambda generation: generation.search(request, scope), nothing)
        return Results(total, hits, round((time.perf_counter() - started) * 1000, 3))

    def position(self) -> int:
        return self._ask(Generation.position, EMPTY)

    def count(self) -> int:
        return self._ask(Generation.count, 0)

    def describe(self) -> Described:
        """Look at the server.

        Raises:
            Unavailable: it does not answer, or refuses the login.
        """
        return self._server.describe()

    @contextmanager
    def replacement(self) -> Iterator[Replacement]:
        held = self._claims.take()
        try:
            self._tidy(held)
            new = self._generations.create(held.number(self._generations.highest()))
            try:
                yield _Beside(self._generations, new, held)
            finally:
                with suppress(Unavailable):  # what is left is swept by the next rebuild
                    self._generations.drop(new.name)
        finally:
            with suppress(Unavailable):  # the claim ends by itself
                held.release()

    def _ask(self, question: Callable[[Generation], _Answer], nothing: _Answer) -> _Answer:
        """The answer of the generation in use; of the next one where a rebuild drops it half-way."""
        for attempt in range(1, _ATTEMPTS + 1):
            generation = self._generations.current()
            if generation is None:
                return nothing
            try:
                return question(generation)
            except (Damaged, Unavailable):
                if attempt == _ATTEMPTS or self._in_use(generation):
                    raise
        raise AssertionError  # the last attempt has returned or raised

    def _in_use(self, generation: Generation) -> bool:
        return self._generations.in_use() == [generation.name]

    def _passing(self, error: ArchiveError, generation: Generation) -> bool:
        """Whether the same again can succeed at once: another generation is in use, or a dead block is lifted."""
        if not self._in_use(generation):
            return True
        if error.code != "search-index-locked":
            return False
        self._lift(generation)
        return True

    def _lift(self, generation: Generation) -> None:
        """Lift a block that a dead rebuild has left, or raise Unavailable."""
        claim = self._claims.read()
        if claim is None or claim.block != generation.name:
            raise Unavailable("search-index-unwritable", path=self._server.path, detail="index.blocks.write")
        with self._claimed() as held:
            self._tidy(held)

    def _first(self) -> Generation:
        """The first generation, made while nobody else can make one."""
        with self._claimed() as held:
            self._tidy(held)
            number = held.number(self._generations.highest())
            return self._generations.current() or self._generations.create(number, in_use=True)

    @contextmanager
    def _claimed(self) -> Iterator[Held]:
        """Hold the claim for a moment, as somebody who only wants to write."""
        try:
            held = self._claims.take()
        except Unavailable as error:
            if error.code == "search-rebuild-running":
                raise Unavailable("search-index-locked", path=self._server.path) from error
            raise
        try:
            yield held
        finally:
            with suppress(Unavailable):  # the claim ends by itself
                held.release()

    def _tidy(self, held: Held) -> None:
        """Clear away what a dead rebuild has left.

        Its generation is dropped before others may write again: should it only have been asleep, it has nothing left
        to put in the place of what they wrote.
        """
        self._generations.sweep()
        if held.block is not None:
            self._generations.unblock(held.block)
            held.mark(None)


class _Beside:
    """A generation being filled, by whoever holds the claim."""

    def __init__(self, generations: Generations, generation: Generation, held: Held) -> None:
        self._generations = generations
        self._generation = generation
        self._held = held

    def apply(self, documents: Iterable[Document | Removal], position: int) -> None:
        with self._ours():
            self._held.keep()
            self._generation.write(documents, position, shown=False)

    def position(self) -> int:
        return self._generation.position()

    def count(self) -> int:
        self._generation.refresh()
        return self._generation.count()

    def promote(self, catch_up: Callable[[], None]) -> None:
        former = self._generations.in_use()
        with self._ours():
            for name in former:
                self._held.mark(name)
                self._generations.block(name)
            try:
                catch_up()
                self._generation.refresh()
                self._held.renew()
                self._generations.exchange(self._generation)
            except BaseException:
                with suppress(Unavailable):  # the next writer lifts it
                    self._unblock(former)
                raise
        with suppress(Unavailable):  # the exchange is done; what is left is swept by the next rebuild
            self._held.mark(None)
            self._generations.sweep()

    def _unblock(self, names: list[str]) -> None:
        self._held.renew()  # a block is lifted by the holder only: by now it may be somebody else's
        for name in names:
            self._generations.unblock(name)
        self._held.mark(None)

    @contextmanager
    def _ours(self) -> Iterator[None]:
        """Where the generation is gone, somebody else has taken the claim and swept it: say that, not damage."""
        try:
            yield
        except Damaged:
            self._held.renew()
            raise
