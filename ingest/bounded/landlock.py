"""Which files a bounded process may reach: those of the program itself, and its own folder to write into.

Landlock(7), a guard of the Linux kernel that any process may put upon itself. Without it a parser that has been taken
over could read the keys of the archive; it could still tell nobody but its parent.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

# Numbers are the same on all architectures (linux/landlock.h, asm-generic/unistd.h).
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_PATH_BENEATH: Final = 1
_VERSION: Final = 1

# Rights of the first version: execute, write, read file, read directory, and nine kinds of making and removing.
_LIST: Final = 1 << 3
_READ: Final = 1 << 2 | _LIST
_ALL: Final = (1 << 13) - 1
_SYSTEM: Final = ("/usr", "/lib", "/lib64", "/etc", "/proc", "/dev", "/sys/devices/system/cpu", "/sys/fs/cgroup")


def program_files(root: Path) -> list[Path]:
    """Where what runs here lies: the system, the interpreter with its libraries, the packages below `root`."""
    packages = [root / name for name in ("archive", "ingest", "classifiers")]
    return [*map(Path, _SYSTEM), Path(sys.prefix), Path(sys.base_prefix), *packages]


def keep_to(readable: Iterable[Path], writable: Path, listed: Path) -> bool:
    """Never reach other files again than those below `readable`, and `writable` to write into.

    Below `listed`, where modules are looked for, names may be seen and nothing more.

    False where the kernel cannot do this; nothing has changed then.
    """
    system = ctypes.CDLL(None, use_errno=True)
    if sys.platform != "linux" or system.syscall(_CREATE, None, 0, _VERSION) < 1:
        return False
    handled = struct.pack("=Q", _ALL)
    rules = system.syscall(_CREATE, handled, len(handled), 0)
    if rules < 0:
        return False
    try:
        for folder, rights in [*((each, _READ) for each in readable), (writable, _ALL), (listed, _LIST)]:
            if folder.is_dir() and not _allow(system, rules, folder, rights):
                return False
        # Privileges have been given up by then, which the kernel asks for.
        return bool(system.syscall(_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _allow(system: ctypes.CDLL, rules: int, folder: Path, rights: int) -> bool:
    place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        beneath = struct.pack("=Qi", rights, place)
        return bool(system.syscall(_ADD, rules, _PATH_BENEATH, beneath, 0) == 0)
    finally:
        os.close(place)
