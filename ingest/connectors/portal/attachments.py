"""The files of a notice: those that the portal names, and those that the notice links to."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from archive.errors import InvalidInput
from archive.records.types import ComponentRole, Incoming
from ingest.connectors.http.source import HttpSource
from ingest.connectors.portal.dialect import AttachmentRules
from ingest.connectors.portal.fields import Fields
from ingest.connectors.portal.published import Link, file_links

_ROLES: Final = {"main": ComponentRole.MAIN, "signed": ComponentRole.SIGNED_TWIN}
_MOST: Final = 500


@dataclass(frozen=True)
class Attachments:
    """The files to be fetched, and the names of all that were announced; `announced` is None where nothing was said."""

    files: tuple[Incoming, ...]
    announced: tuple[str, ...] | None


class AttachmentReader:
    """Finds the files of a document."""

    def __init__(self, http: HttpSource, rules: AttachmentRules) -> None:
        self._http = http
        self._rules = rules

    def read(self, document: Fields, field: str, text: str, address: str) -> Attachments:
        """The files named in `field` and those that `text` links to, which lies at `address`.

        Raises:
            InvalidInput: what is named is no list of objects (`row-field-type`), has no address that can be asked
                (`attachment-unreachable`), lies on a host that is not named (`attachment-elsewhere`), or there are too
                many (`portal-attachments-too-many`).
        """
        named = document.parts(field) if field else []
        links = list({link.reference: link for link in file_links(text)}.values()) if text else []
        if len(named) + len(links) > _MOST:
            raise InvalidInput("portal-attachments-too-many", external_id=document.external_id, most=_MOST)
        files = dict(map(self._named, named))
        announced = [part.text(self._rules.name) for part in named]
        for link in links:
            target = self._linked(link, address)
            if target in files:
                continue
            announced.append(link.name)
            if target:
                files[target] = Incoming(link.name, ComponentRole.ATTACHMENT, self._http.opener(target, link.name))
        said = announced or (field and document.values.get(field) is not None)
        return Attachments(tuple(files.values()), tuple(announced) if said else None)

    def _named(self, attachment: Fields) -> tuple[str, Incoming]:
        rules = self._rules
        name, size = attachment.text(rules.name), attachment.values.get(rules.size)
        target = self._target(attachment.text(rules.address), name)
        return target, Incoming(
            name=name,
            role=_ROLES.get(attachment.text(rules.role), ComponentRole.ATTACHMENT),
            open=self._http.opener(target, name),
            announced_size=size if type(size) is int else None,
            code=attachment.text(rules.code) or None,
        )

    def _target(self, reference: str, name: str) -> str:
        reach = self._http.reach
        try:
            if not urlsplit(reference).path:
                raise InvalidInput("attachment-unreachable", name=name, detail="no URL")
            target = reach.absolute(reference)
            if reach.allows(target):
                return target
        except ValueError as error:
            raise InvalidInput("attachment-unreachable", name=name, detail=str(error)) from error
        raise InvalidInput("attachment-elsewhere", name=name, host=urlsplit(target).hostname or "")

    def _linked(self, link: Link, address: str) -> str:
        """Where a link leads; "" where it leads to no host of ours: announced all the same, so that it is missed."""
        reach = self._http.reach
        try:
            target = reach.absolute(link.reference, address)
            return target if reach.allows(target) else ""
        except ValueError:
            return ""
