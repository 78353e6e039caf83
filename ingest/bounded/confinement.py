"""What a bounded process gives up before it looks at anything.

Bounds are those of `setrlimit`. That it can neither connect nor start a program or a process, nor end, slow down or
bound another one, is enforced by the kernel: a filter of system calls (seccomp(2), mode filter) that answers "not
permitted" to those which would. Linux on x86-64 and on 64-bit
ARM is known here; elsewhere `confine` says that nothing was taken away, and it is for whoever runs the archive to know.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.bounded.bounds import Bounds

_RESERVED: Final = 4 << 30
_NO_NEW_PRIVILEGES: Final = 38
_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2

# Instructions of classic BPF (linux/filter.h): load a word, compare, answer.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOWED: Final = 0x7FFF0000
_NOT_PERMITTED: Final = 0x00050000 | 1
_UNKNOWN: Final = 0x00050000 | 38
_KILLED: Final = 0x80000000
# Where the number of the call, the architecture and the first argument stand in struct seccomp_data.
_NUMBER, _ARCHITECTURE, _FIRST = 0, 4, 16
_THREAD: Final = 0x00010000
_OTHER_ABI: Final = 0x40000000


@dataclass(frozen=True)
class _Calls:
    """Numbers of system calls on one architecture (asm/unistd.h).

    `refused` are socket, connect, accept, bind, listen, accept4, execve, execveat, ptrace, process_vm_readv,
    process_vm_writev, io_uring_setup, bpf, mount, pidfd_getfd, kexec_load, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo,
    pidfd_send_signal, pidfd_open, setpriority, and where they are calls of their own fork and vfork.
    """

    architecture: int
    refused: tuple[int, ...]
    kill: int
    tgkill: int
    prlimit: int
    clone: int
    clone3: int = 435


_CALLS: Final = {
    "x86_64": _Calls(
        0xC000003E,
        (
            41,
            42,
            43,
            49,
            50,
            288,
            59,
            322,
            101,
            310,
            311,
            425,
            321,
            165,
            438,
            246,
            200,
            129,
            297,
            424,
            434,
            141,
            57,
            58,
        ),
        kill=62,
        tgkill=234,
        prlimit=302,
        clone=56,
    ),
    "aarch64": _Calls(
        0xC00000B7,
        (198, 203, 202, 200, 201, 242, 221, 281, 117, 270, 271, 425, 280, 40, 438, 104, 130, 138, 240, 424, 434, 140),
        kill=129,
        tgkill=131,
        prlimit=261,
        clone=220,
    ),
}


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def bound(bounds: Bounds) -> None:
    """Take the bounds on memory, files and what is written; no core is left behind when the process dies."""
    for limit, value in (
        (resource.RLIMIT_DATA, bounds.memory_bytes),
        # Run-time systems reserve more addresses than they will ever use.
        (resource.RLIMIT_AS, bounds.memory_bytes + _RESERVED),
        (resource.RLIMIT_NOFILE, bounds.open_files),
        (resource.RLIMIT_FSIZE, bounds.written_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def allow_cpu(seconds: float) -> None:
    """Allow this many seconds of the processor from now on; then the kernel ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def give_up_privileges() -> bool:
    """Promise the kernel never to gain privileges again, which the guards below ask for. False where it is unknown."""
    return sys.platform == "linux" and bool(ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0)


def confine() -> bool:
    """Give up connecting, starting anything and reaching for other processes. False where this machine cannot.

    Privileges have to be given up before.
    """
    known = _CALLS.get(platform.machine()) if sys.platform == "linux" else None
    if known is None:
        return False
    instructions = _filter(known, os.getpid())
    kept = ctypes.create_string_buffer(instructions, len(instructions))
    program = _Program(len(instructions) // 8, ctypes.cast(kept, ctypes.c_void_p))
    system = ctypes.CDLL(None, use_errno=True)
    return bool(system.prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def is_confined() -> bool:
    """Whether the kernel holds this process to a filter."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return False
    return any(line.split() == ["Seccomp:", str(_MODE_FILTER)] for line in status.splitlines())


def _filter(calls: _Calls, process: int) -> bytes:
    """The filter as bytes: another architecture ends the process, a call on the list is not permitted.

    Signals go to this `process` alone, and limits are its own. Threads may be started, processes may not; the newer
    call for both hides which it is, so it is said to be unknown, and libraries fall back on the older one.
    """
    checks = [
        *(_checked(number, _EQUAL, process) for number in (calls.kill, calls.tgkill)),
        _checked(calls.prlimit, _EQUAL, 0),
        _checked(calls.clone, _ANY_BIT, _THREAD),
    ]
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, calls.architecture),
        (_ANSWER, 0, 0, _KILLED),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _OTHER_ABI),
        (_ANSWER, 0, 0, _NOT_PERMITTED),
        *(line for number in calls.refused for line in _answered(number, _NOT_PERMITTED)),
        *_answered(calls.clone3, _UNKNOWN),
        *(line for check in checks for line in check),
        (_ANSWER, 0, 0, _ALLOWED),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _answered(number: int, answer: int) -> tuple[tuple[int, int, int, int], ...]:
    """A call that is always answered so."""
    return (_EQUAL, 0, 1, number), (_ANSWER, 0, 0, answer)


def _checked(number: int, comparison: int, value: int) -> tuple[tuple[int, int, int, int], ...]:
    """A call that is allowed where its first argument compares so with `value`."""
    return (
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _FIRST),
        (comparison, 0, 1, value),
        (_ANSWER, 0, 0, _ALLOWED),
        (_ANSWER, 0, 0, _NOT_PERMITTED),
    )
