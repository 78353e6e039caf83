"""The words of the pages: one catalogue, `words.toml`, with Chinese and English side by side."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from archive.messages import Language


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Every wording by its key, such as `review.title`.

    Raises:
        ValueError: a wording lacks a language.
    """
    text = resources.files("web").joinpath("words.toml").read_text(encoding="utf-8")
    return dict(_flat("", tomllib.loads(text)))


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for key, value in table.items():
        if all(isinstance(text, str) for text in value.values()):
            if set(value) != {"zh", "en"}:
                raise ValueError(f"wording {prefix}{key} needs exactly the keys zh and en")
            yield prefix + key, value
        else:
            yield from _flat(f"{prefix}{key}.", value)


class Words:
    """The wordings in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, key: str, **params: object) -> str:
        """The wording under `key` with its places filled.

        Raises:
            KeyError: there is no such wording, or a place has nothing to fill it.
        """
        return catalogue()[key][self.language].format(**params)

    def name(self, kind: str, value: object) -> str:
        """What a value of some kind is called, such as the state `filed`; the bare value where nobody named it."""
        texts = catalogue().get(f"{kind}.{value}")
        return str(value) if texts is None else texts[self.language]
