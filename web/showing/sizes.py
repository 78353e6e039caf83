"""Sizes of files as people read them."""

_STEP = 1024


def size_of(size: int) -> str:
    """`size` in bytes as `812 B`, `3.4 KB`, `1.2 GB`."""
    if size < _STEP:
        return f"{size} B"
    value = float(size)
    for unit in ("KB", "MB", "GB"):
        value /= _STEP
        if value < _STEP:
            return f"{value:.1f} {unit}"
    return f"{value / _STEP:.1f} TB"
