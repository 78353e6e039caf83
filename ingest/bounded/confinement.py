"""What a bounded process gives up before it looks at anything.

Bounds are those of `setrlimit`. That it can neither connect nor start a program is enforced by the kernel: a filter of
system calls (seccomp(2), mode filter) that answers "not permitted" to those which would. Linux on x86-64 and on 64-bit
ARM is known here; elsewhere `confine` says that nothing was taken away, and it is for whoever runs the archive to know.
"""

import ctypes
import platform
import resource
import struct
import sys
from pathlib import Path
from typing import Final

from ingest.bounded.bounds import Bounds

_RESERVED: Final = 4 << 30
_NO_NEW_PRIVILEGES: Final = 38
_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2

# Instructions of classic BPF (linux/filter.h): load a word, compare, answer.
_LOAD, _EQUAL, _AT_LEAST, _ANSWER = 0x20, 0x15, 0x35, 0x06
_ALLOWED: Final = 0x7FFF0000
_NOT_PERMITTED: Final = 0x00050000 | 1
_KILLED: Final = 0x80000000
# Where the number of the call and the architecture stand in struct seccomp_data.
_NUMBER, _ARCHITECTURE = 0, 4
_OTHER_ABI: Final = 0x40000000

# Numbers of: socket, connect, accept, bind, listen, accept4, execve, execveat, ptrace, process_vm_readv,
# process_vm_writev, io_uring_setup, bpf, mount, pidfd_getfd, kexec_load (asm/unistd.h of each architecture).
_REFUSED: Final = {
    "x86_64": (0xC000003E, (41, 42, 43, 49, 50, 288, 59, 322, 101, 310, 311, 425, 321, 165, 438, 246)),
    "aarch64": (0xC00000B7, (198, 203, 202, 200, 201, 242, 221, 281, 117, 270, 271, 425, 280, 40, 438, 104)),
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
    """Give up connecting and starting programs, for good. False where this machine offers no way to.

    Privileges have to be given up before.
    """
    known = _REFUSED.get(platform.machine()) if sys.platform == "linux" else None
    if known is None:
        return False
    instructions = _filter(*known)
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


def _filter(architecture: int, refused: tuple[int, ...]) -> bytes:
    """The filter as bytes: another architecture ends the process, a call on the list is not permitted."""
    checks = len(refused)
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_ANSWER, 0, 0, _KILLED),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, checks + 1, 0, _OTHER_ABI),
        *((_EQUAL, checks - at, 0, number) for at, number in enumerate(refused)),
        (_ANSWER, 0, 0, _ALLOWED),
        (_ANSWER, 0, 0, _NOT_PERMITTED),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
