"""The catalogue of everything the archive says to people: one code, one sentence in Chinese, the same in English.

Each `*.toml` beside this file holds tables named by code, with the keys `zh` and `en`. Errors, outcomes of steps and
checks, and review reasons are stored as a code with its parameters and put into words here, so that both languages
always come from the same place.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

Language = Literal["zh", "en"]


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Every message by code.

    Raises:
        ValueError: two files define the same code, or a code lacks a language.
    """
    messages: dict[str, Mapping[str, str]] = {}
    for entry in sorted(resources.files(__name__).iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        for code, texts in tomllib.loads(entry.read_text(encoding="utf-8")).items():
            if code in messages:
                raise ValueError(f"message {code} is defined twice, again in {entry.name}")
            if set(texts) != {"zh", "en"}:
                raise ValueError(f"message {code} in {entry.name} needs exactly the keys zh and en")
            messages[code] = texts
    return messages


def render(code: str, params: Mapping[str, object], language: Language = "zh") -> str:
    """Put `code` into words. An unknown code or a missing parameter is shown as such, never hidden."""
    texts = catalogue().get(code)
    if texts is None:
        return f"{code} {dict(params)}" if params else code
    return texts[language].format_map(_Shown(params))


class _Shown(dict[str, object]):
    """Parameters that show a gap as its name instead of failing while an error is being told."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
