"""Which files are picture and sound."""

from archive.records.types import Component

_ENDINGS = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".mp3", ".wav", ".m4a")


def is_recording(component: Component) -> bool:
    """Whether a component is to be played rather than read, by its type or its name."""
    return component.media_type.startswith(("video/", "audio/")) or component.name.lower().endswith(_ENDINGS)
