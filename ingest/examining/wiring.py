"""An examiner, put together for one process."""

from dataclasses import replace
from typing import Final

from archive.settings import ExaminationSettings, ExtractionSettings
from ingest.bounded.bounds import Bounds
from ingest.bounded.room import Room
from ingest.examining.examiner import Examiner, Helpers
from ingest.extractors.tika import TikaExtractor
from ingest.extractors.tika_server import TikaServer
from ingest.formats.verapdf import VeraPdf
from ingest.signatures.trust import read_folder
from ingest.signatures.types import NOBODY, TrustList

_MEBIBYTE: Final = 1 << 20


def build_examiner(examination: ExaminationSettings, extraction: ExtractionSettings) -> Examiner:
    """An examiner with a room of its own, and the servers that help where the settings name any.

    Raises:
        InvalidInput: an address is none of such a server, or the trust list cannot be read.
    """
    return Examiner(Room(_bounds(examination)), trusted(examination), _helpers(examination, extraction))


def _bounds(settings: ExaminationSettings) -> Bounds:
    usual = Bounds()
    seconds = float(settings.seconds)
    # The processor is allowed less than the clock, in the proportion of the usual bounds.
    cpu = max(int(seconds * usual.cpu_seconds / usual.seconds), 1)
    return replace(usual, seconds=seconds, cpu_seconds=cpu, memory_bytes=settings.memory_mib * _MEBIBYTE)


def trusted(settings: ExaminationSettings) -> TrustList:
    """The centre's list; a centre without one trusts nobody.

    Raises:
        InvalidInput: it cannot be read.
    """
    return read_folder(settings.trust_list) if settings.trust_list.exists() else NOBODY


def _helpers(examination: ExaminationSettings, extraction: ExtractionSettings) -> Helpers:
    tika, verapdf = extraction.tika_url, examination.verapdf_url
    return Helpers(
        reader=TikaExtractor(TikaServer(tika)) if tika is not None else None,
        judge=VeraPdf(verapdf) if verapdf is not None else None,
    )
