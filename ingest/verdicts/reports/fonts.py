"""The font of the printed report: embedded where the machine has one that can be, else one that readers bring along.

The library that sets the document embeds TrueType outlines and no CFF, which the Noto and Source Han fonts are made of.
"""

from functools import cache
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from ingest.verdicts.types import ReportFont

_FOLDERS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/System/Library/Fonts"))
_FILES: Final = (
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
    "simsun.ttc",
    "simhei.ttf",
    "msyh.ttc",
    "uming.ttc",
    "ukai.ttc",
    "DroidSansFallbackFull.ttf",
    "DroidSansFallback.ttf",
)
_BUILT_IN: Final = "STSong-Light"
_EMBEDDED: Final = "JuanzongReport"


@cache
def report_font() -> ReportFont:
    """The font of this process, registered with the library when it is first asked for."""
    for path in _candidates():
        try:
            pdfmetrics.registerFont(TTFont(_EMBEDDED, str(path)))
        except (TTFError, OSError):
            continue
        return ReportFont(_EMBEDDED, "report-font-embedded", path.name)
    pdfmetrics.registerFont(UnicodeCIDFont(_BUILT_IN))
    return ReportFont(_BUILT_IN, "report-font-not-embedded", _BUILT_IN)


def _candidates() -> list[Path]:
    found = {path.name: path for folder in _FOLDERS if folder.is_dir() for path in folder.rglob("*.tt[cf]")}
    return [found[name] for name in _FILES if name in found]
