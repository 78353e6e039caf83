"""What a recording holds: duration, streams, codecs, and whether its pictures and sound decode to the end.

The container is opened by PyAV over the caller's stream, with a list of permitted containers and no protocols: a
playlist that names other files or addresses is refused instead of followed.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

import av
from av.container import InputContainer

from archive.errors import InvalidInput

_RECORDINGS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,wav,mp3,flac,avi,flv,aac,asf,amr"
_PICTURES = "png_pipe,jpeg_pipe,bmp_pipe,tiff_pipe,gif"
_OPENING_PACKETS = 500
_CLOSING_PACKETS = 5_000
_BOXES = 10_000
_PIXELS = 1 << 26
# Seconds between the last packet and the stated end that still count as the same moment.
_END_TOLERANCE = 2.0
_TIME_BASE = 1_000_000


@dataclass(frozen=True)
class MediaStream:
    """One track. `kind` is video, audio, subtitle or data; sizes in pixels, rates in frames or samples a second."""

    kind: str
    codec: str
    seconds: float | None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    sample_rate: int | None = None
    channels: int | None = None


@dataclass(frozen=True)
class MediaProbe:
    """What a recording says and shows. `seconds` is None for a still image or a stream without a stated length."""

    container: str
    seconds: float | None
    streams: tuple[MediaStream, ...]

    def of_kind(self, kind: str) -> tuple[MediaStream, ...]:
        """The tracks of one kind."""
        return tuple(stream for stream in self.streams if stream.kind == kind)


def probe(stream: BinaryIO) -> MediaProbe:
    """Open a recording, decode the first picture and sound of each track, and look for its last packets.

    The stream is left open. At most a few thousand packets are read, however long the recording.

    Raises:
        InvalidInput: `file-empty`, `file-unreadable`; `media-undecodable`, no known container, no picture or sound, or
            a track whose beginning does not decode; `file-truncated`, the stated end is not there.
    """
    try:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
    except (OSError, ValueError) as error:
        raise InvalidInput("file-unreadable") from error
    if size == 0:
        raise InvalidInput("file-empty")
    _boxes_within(stream, size)
    stream.seek(0)
    try:
        with av.open(
            stream,
            mode="r",
            options={"protocol_whitelist": "", "format_whitelist": f"{_RECORDINGS},{_PICTURES}"},
            metadata_errors="replace",
        ) as container:
            return _probed(container)
    except (av.FFmpegError, OSError, ValueError, OverflowError, TypeError) as error:
        raise InvalidInput("media-undecodable", detail=type(error).__name__) from error


def _boxes_within(stream: BinaryIO, size: int) -> None:
    """Refuse an MP4 whose last top-level box ends beyond the file (ISO/IEC 14496-12, 4.2): it was cut while copied."""
    at = 0
    for _ in range(_BOXES):
        stream.seek(at)
        header = stream.read(16)
        if len(header) < 16 or (at == 0 and header[4:8] != b"ftyp"):
            return
        length = int.from_bytes(header[8:16] if header[:4] == b"\0\0\0\1" else header[:4], "big")
        if length < 8:
            return
        at += length
        if at > size:
            raise InvalidInput("file-truncated", missing=at - size)


def _probed(container: InputContainer) -> MediaProbe:
    tracks = [track for track in container.streams if track.type in {"video", "audio"}]
    if not tracks:
        raise InvalidInput("media-undecodable", detail="no track")
    described = tuple(_described(track) for track in container.streams)
    if any((item.width or 0) * (item.height or 0) > _PIXELS for item in described):
        raise InvalidInput("media-undecodable", detail="picture size")
    _decode_beginning(container, tracks)
    seconds = container.duration / _TIME_BASE if container.duration else None
    if seconds and seconds > _END_TOLERANCE:
        _find_end(container, seconds)
    return MediaProbe(container.format.name, seconds, described)


def _described(track: Any) -> MediaStream:
    context = track.codec_context
    seconds = float(track.duration * track.time_base) if track.duration and track.time_base else None
    codec = context.name if context is not None else "unknown"
    if track.type == "video" and context is not None:
        rate = float(track.average_rate) if track.average_rate else None
        return MediaStream("video", codec, seconds, width=context.width, height=context.height, frame_rate=rate)
    if track.type == "audio" and context is not None:
        return MediaStream("audio", codec, seconds, sample_rate=context.sample_rate, channels=context.channels)
    return MediaStream(str(track.type), codec, seconds)


def _decode_beginning(container: InputContainer, tracks: list[Any]) -> None:
    waiting = {track.index for track in tracks}
    for packet in islice(container.demux(tracks), _OPENING_PACKETS):
        if packet.stream_index in waiting and packet.decode():
            waiting.discard(packet.stream_index)
        if not waiting:
            return
    raise InvalidInput("media-undecodable", detail="track")


def _find_end(container: InputContainer, seconds: float) -> None:
    start = (container.start_time or 0) / _TIME_BASE
    container.seek(int((start + max(0.0, seconds - _END_TOLERANCE)) * _TIME_BASE))
    reached = max(_moments(container), default=0.0)
    if start + seconds - reached > _END_TOLERANCE:
        raise InvalidInput("file-truncated", seconds=round(start + seconds - reached, 1))


def _moments(container: InputContainer) -> Iterable[float]:
    for packet in islice(container.demux(), _CLOSING_PACKETS):
        if packet.pts is not None and packet.time_base is not None:
            yield float((packet.pts + (packet.duration or 0)) * packet.time_base)
