"""Which connectors there are: our own, and those that installed packages bring along.

Another package offers one by an entry point of the group `juanzong.connectors` that names a `ConnectorKind`.
"""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from archive.errors import InvalidInput
from ingest.connectors.port import ConnectorKind

GROUP: Final = "juanzong.connectors"

OWN: Final[Mapping[str, str]] = {
    "portal": "ingest.connectors.portal.kind",
    "notices": "ingest.connectors.notices",
    "folder": "ingest.connectors.folder",
    "watched": "ingest.connectors.drop.watched",
    "sftp": "ingest.connectors.drop.sftp",
    "bucket": "ingest.connectors.drop.bucket",
    "packages": "ingest.connectors.drop.packages",
    "exchange": "ingest.exchange.kind",
    "sheets": "ingest.connectors.sheets.connector",
    "upload": "ingest.uploads.kind",
    "push": "ingest.push.kind",
    "reconciliation": "ingest.reconciliation.kind",
}
"""The modules of our own connectors by name; each has its description as `KIND`. Loaded when first asked for."""


class Registry:
    """Connectors by name. `given` are further ones, for tests."""

    def __init__(
        self,
        given: Sequence[ConnectorKind] = (),
        installed: Callable[[], Sequence[EntryPoint]] = lambda: tuple(entry_points(group=GROUP)),
    ) -> None:
        self._kinds = {kind.name: kind for kind in given}
        self._installed = installed

    def names(self) -> tuple[str, ...]:
        """The names of all of them, our own first."""
        others = (entry.name for entry in self._installed())
        return tuple(dict.fromkeys([*OWN, *self._kinds, *sorted(others)]))

    def kind(self, name: str) -> ConnectorKind:
        """The connector of this name.

        Raises:
            InvalidInput: there is none (`connector-unknown`), or the package that offers it cannot be loaded or does
                not offer a connector (`connector-broken`).
        """
        if name not in self._kinds:
            self._kinds[name] = self._load(name)
        return self._kinds[name]

    def is_read(self, name: str) -> bool:
        """Whether sources of this connector are read, rather than pushed to; no where it is unknown."""
        try:
            return self.kind(name).open is not None
        except InvalidInput:
            return False

    def _load(self, name: str) -> ConnectorKind:
        if name in OWN:
            return _required(name, import_module(OWN[name]).KIND)
        for entry in self._installed():
            if entry.name == name:
                try:
                    loaded = entry.load()
                except Exception as error:  # whatever a package of somebody else raises, it is named
                    detail = f"{type(error).__name__}: {error}"
                    raise InvalidInput("connector-broken", connector=name, detail=detail) from error
                return _required(name, loaded)
        near = get_close_matches(name, self.names(), n=1)
        raise InvalidInput("connector-unknown", connector=name, known="、".join(self.names()), near="".join(near))


def _required(name: str, loaded: object) -> ConnectorKind:
    if not isinstance(loaded, ConnectorKind):
        raise InvalidInput("connector-broken", connector=name, detail=type(loaded).__name__)
    return loaded
