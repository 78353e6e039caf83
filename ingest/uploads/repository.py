"""Every statement about uploads."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, insert, select, update

from ingest.uploads import model
from ingest.uploads.types import OVER, Upload, UploadState

_DELIVERED = (UploadState.WHOLE, UploadState.TAKEN)
_LOOKED_AT = 200


class UploadRepository:
    """Rows of uploads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, upload: Upload) -> None:
        """Remember a new upload."""
        values = {name: getattr(upload, name) for name in Upload.__dataclass_fields__}
        self._connection.execute(insert(model.upload).values(**values))

    def get(self, upload_id: str) -> Upload | None:
        """One upload."""
        row = self._connection.execute(select(model.upload).where(model.upload.c.id == upload_id)).mappings()
        found = row.one_or_none()
        return None if found is None else _upload(found)

    def update(self, upload_id: str, **values: object) -> None:
        """Change columns of an upload."""
        self._connection.execute(update(model.upload).where(model.upload.c.id == upload_id).values(**values))

    def remove(self, upload_id: str) -> None:
        """Forget an upload."""
        self._connection.execute(delete(model.upload).where(model.upload.c.id == upload_id))

    def recent(self, account: str, limit: int) -> list[Upload]:
        """The uploads of an account, newest first."""
        columns = model.upload.c
        query = select(model.upload).where(columns.account == account)
        query = query.order_by(columns.created_at.desc(), columns.id.desc()).limit(limit)
        return [_upload(row) for row in self._connection.execute(query).mappings()]

    def count_open(self, account: str) -> int:
        """How many uploads of an account are not over."""
        columns = model.upload.c
        condition = and_(columns.account == account, columns.state == UploadState.OPEN)
        return int(self._connection.execute(select(func.count()).where(condition)).scalar_one())

    def unfinished(self, after: str, limit: int) -> list[Upload]:
        """Uploads of which bytes or the last step are still to come, by id from `after` on."""
        columns = model.upload.c
        waits = columns.state.in_((UploadState.OPEN, UploadState.WHOLE))
        query = select(model.upload).where(columns.id > after, waits).order_by(columns.id).limit(limit)
        return [_upload(row) for row in self._connection.execute(query).mappings()]

    def known(self, upload_ids: Iterable[str]) -> set[str]:
        """Those of `upload_ids` that there are."""
        wanted = list(upload_ids)
        return set(self._connection.execute(select(model.upload.c.id).where(model.upload.c.id.in_(wanted))).scalars())

    def forget_over(self, before: datetime) -> None:
        """Forget uploads that came to nothing and expired before a moment. What was taken in stays told."""
        columns = model.upload.c
        condition = and_(columns.state.in_(OVER), columns.expires_at < before)
        self._connection.execute(delete(model.upload).where(condition))

    def last(self, source: str, external_id: str) -> Upload | None:
        """The upload that last delivered one document."""
        found = self._last(1, model.upload.c.source == source, model.upload.c.external_id == external_id)
        return found[0] if found else None

    def named(self, source: str, name: str) -> list[Upload]:
        """The last uploads of files of this name whose document the sender did not name himself, newest first."""
        columns = model.upload.c
        return self._last(_LOOKED_AT, columns.source == source, columns.name == name, columns.own_id.is_(False))

    def holding(self, source: str, sha256: str) -> list[Upload]:
        """The same by the digest of their bytes."""
        columns = model.upload.c
        return self._last(_LOOKED_AT, columns.source == source, columns.sha256 == sha256, columns.own_id.is_(False))

    def _last(self, limit: int, *conditions: ColumnElement[bool]) -> list[Upload]:
        columns = model.upload.c
        query = select(model.upload).where(columns.state.in_(_DELIVERED), *conditions)
        query = query.order_by(columns.completed_at.desc(), columns.id.desc()).limit(limit)
        return [_upload(row) for row in self._connection.execute(query).mappings()]


def _upload(row: RowMapping) -> Upload:
    values: dict[str, Any] = dict(row)
    return Upload(**values | {"state": UploadState(values["state"])})
