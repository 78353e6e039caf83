"""Short evaluation recordings: H.264 pictures with a running clock and AAC sound, in MP4.

The only module of the stand-in platform that uses PyAV.
"""

import io
import math
from array import array
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache

import av
from PIL import Image, ImageDraw

_WIDTH, _HEIGHT, _RATE = 320, 180, 10
_SOUND_RATE, _SOUND_FRAME = 16_000, 1024
_REMEMBERED = 64
_TINTS = {"环境1": (52, 73, 94), "环境2": (44, 62, 80), "桌面": (230, 230, 235)}


@lru_cache(maxsize=_REMEMBERED)
def record(session: str, camera: str, started: datetime, seconds: int) -> bytes:
    """One camera's recording of one session, `seconds` long (2 or 3 are enough to show).

    Args:
        session: ASCII name of the session, drawn into the picture.
        camera: 环境1, 环境2 or 桌面.
        started: time of the first picture, drawn into the picture and written as `creation_time`.
        seconds: length.
    """
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        container.metadata["creation_time"] = started.isoformat()
        container.metadata["title"] = f"{session} {camera}"
        video = container.add_stream(
            "libx264", rate=_RATE, options={"preset": "ultrafast", "crf": "34", "threads": "1"}
        )
        video.width, video.height, video.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        sound = container.add_stream("aac", rate=_SOUND_RATE, layout="mono", options={"threads": "1"})
        sound.bit_rate = 24_000
        for number in range(seconds * _RATE):
            moment = started + timedelta(seconds=number / _RATE)
            picture = av.VideoFrame(_WIDTH, _HEIGHT, "rgb24")
            picture.planes[0].update(_picture(session, camera, moment, number).tobytes())
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for start in range(0, seconds * _SOUND_RATE, _SOUND_FRAME):
            container.mux(sound.encode(_tone(start, camera)))
        container.mux(sound.encode(None))
    return buffer.getvalue()


def _picture(session: str, camera: str, moment: datetime, number: int) -> Image.Image:
    image = Image.new("RGB", (_WIDTH, _HEIGHT), _TINTS[camera])
    pen = ImageDraw.Draw(image)
    for seat in range(5):
        left = 24 + seat * 58
        nod = (number + seat * 3) % 8
        pen.ellipse((left, 70 + nod, left + 28, 98 + nod), fill=(214, 184, 150))
        pen.rectangle((left - 6, 104, left + 34, 140), fill=(60 + seat * 20, 90, 120))
    pen.rectangle((10, 142, 310, 150), fill=(120, 85, 60))
    pen.text((8, 6), session, fill=(255, 210, 60))
    pen.text((8, 162), moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 100_000}", fill=(90, 200, 120))
    return image


def _tone(start: int, camera: str) -> av.AudioFrame:
    pitch = 220 + 40 * list(_TINTS).index(camera)
    wave = array(
        "h", (int(6000 * math.sin(2 * math.pi * pitch * (start + step) / _SOUND_RATE)) for step in range(_SOUND_FRAME))
    )
    frame = av.AudioFrame(format="s16", layout="mono", samples=_SOUND_FRAME)
    frame.planes[0].update(wave.tobytes())
    frame.sample_rate = _SOUND_RATE
    frame.pts = start
    frame.time_base = Fraction(1, _SOUND_RATE)
    return frame
