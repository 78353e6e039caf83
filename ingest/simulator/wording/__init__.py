"""Everything the stand-in platform says, as data: names, passages, and one file for each kind of transaction."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def load(name: str) -> Mapping[str, Any]:
    """The table in `name`.toml of this package. Callers share it and must not change it."""
    return tomllib.loads((resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))
