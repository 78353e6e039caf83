"""The frame of a file that is only read and whose bytes lie elsewhere: its size is known, its reader is not."""

import io


class SeekableFile(io.RawIOBase):
    """A file of `size` bytes, read from `position` on. Whoever derives from it says how, in `readinto`."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("negative seek position")
        self.position = start + offset
        return self.position
