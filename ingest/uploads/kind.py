"""The way in by which people deliver: nothing is read, files are handed in over the web."""

from typing import Final

from ingest.connectors.port import ConnectorKind

NAME: Final = "upload"

KIND: Final = ConnectorKind(NAME, "人工上传，可断点续传", "files that people upload, resumable", None)
