"""How much one file may ask of us."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """The bounds of one bounded process and of each call to it.

    `memory_bytes` bounds what the process keeps in memory of its own: what all readers need, 250 MiB, and
    a page of the largest scan.
    `seconds` bounds a call by the clock on the wall, `cpu_seconds` by the processor: on a machine with much to do the
    first may be reached by an innocent file, so it is the larger one. `written_bytes` bounds each file that the process
    writes into its own folder, `open_files` what it may have open, `answer_bytes` what it may answer. After `calls`
    calls, or when more than `resident_bytes` stay in memory between two of them, a fresh process takes over. `readable`
    are folders that the process may read beside those of the program, such as that of a package to be looked into.
    """

    memory_bytes: int = 1 << 30
    seconds: float = 25.0
    cpu_seconds: int = 20
    written_bytes: int = 128 << 20
    open_files: int = 64
    answer_bytes: int = 64 << 20
    calls: int = 2_000
    resident_bytes: int = 512 << 20
    readable: tuple[str, ...] = ()
