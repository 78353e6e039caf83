import io
from pathlib import Path
from typing import BinaryIO

import av
import pytest
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import InvalidInput
from archive.messages import catalogue
from ingest.recordings.probe import probe

MEDIA = Path(__file__).parents[4] / "shared" / "data" / "files" / "media-derived"


def recording(seconds: int = 6) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        track = container.add_stream("mpeg4", rate=5)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for number in range(seconds * 5):
            frame = VideoFrame(64, 48, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes((number * 7 + at * at) % 256 for at in range(plane.buffer_size)))
            frame.pts = number
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return target.getvalue()


WHOLE = recording()


def outcome(stream: BinaryIO) -> str:
    """The code of the error, "" for a recording that plays."""
    try:
        found = probe(stream)
    except InvalidInput as error:
        return error.code
    return "" if found.streams else "no streams"


def code_of(content: bytes) -> str:
    return outcome(io.BytesIO(content))


def test_duration_and_tracks_are_told_and_the_stream_stays_open() -> None:
    stream = io.BytesIO(WHOLE)
    found = probe(stream)
    assert found.seconds == pytest.approx(6, abs=0.3)
    assert [(track.codec, track.width, track.height) for track in found.of_kind("video")] == [("mpeg4", 64, 48)]
    assert found.of_kind("audio") == ()
    assert probe(stream) == found


@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_a_recording_that_was_cut_is_truncated(share: float) -> None:
    assert code_of(WHOLE[: int(len(WHOLE) * share)]) == "file-truncated"


def test_no_bytes_and_no_recording_are_named() -> None:
    assert code_of(b"") == "file-empty"
    assert code_of(b"words, not pictures" * 100) == "media-undecodable"
    closed = io.BytesIO(WHOLE)
    closed.close()
    with pytest.raises(InvalidInput) as caught:
        probe(closed)
    assert caught.value.code == "file-unreadable"


@pytest.mark.parametrize(
    "playlist", ["#EXTM3U\n#EXTINF:6,\nfile://{path}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{path}'\n"]
)
def test_playlists_are_not_followed(playlist: str, tmp_path: Path) -> None:
    path = tmp_path / "other.mp4"
    path.write_bytes(WHOLE)
    assert code_of(playlist.format(path=path).encode()) == "media-undecodable"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=30))
def test_changed_bytes_never_escape_the_error_tree(changes: list[tuple[int, int]]) -> None:
    content = bytearray(WHOLE)
    for at, value in changes:
        content[at] = value
    assert outcome(io.BytesIO(bytes(content))) in {*catalogue(), ""}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("truncated_mdat.mp4", "file-truncated"),
        ("truncated_no_moov.mp4", "file-truncated"),
        ("truncated.mkv", "file-truncated"),
    ]
    + [("zero_byte.mp4", "file-empty"), ("text_named.mp4", "media-undecodable"), ("pdf_named.mp4", "media-undecodable")]
    + [(name, "") for name in ("vfr.mp4", "fragmented.mp4", "moov_at_end.mp4", "rec.mkv", "rec.ts", "audio.wav")],
)
def test_recordings_of_the_world(name: str, code: str) -> None:
    path = MEDIA / name
    if not path.exists():
        pytest.skip("needs ../shared/data/files/media-derived")
    with path.open("rb") as stream:
        assert outcome(stream) == code
