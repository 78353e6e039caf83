"""Writes the pages of this folder that only repeat what the program knows: settings and messages.

`make docs` runs it; a test compares the pages with what it would write. Each page is a function from nothing to text.
"""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Final

from archive.known_settings import SETTINGS, Setting

_NOTE: Final = "<!-- Written by docs/generate.py from the program itself; run `make docs` after a change. -->"

_SETTINGS: Final = f"""\
# Settings

{_NOTE}

Everything is set by environment variables, read once when a process starts. All have defaults that work on one
machine with nothing else installed. A variable that starts with `ARCHIVE_` and is not listed here is an error that
names the nearest one, and so is a value that does not fit; an empty value counts as not given. There are no default
secrets: keys are made when an archive is created and lie in its home folder.

In the defaults, `HOME` is the home folder as an absolute path and `CORES` the number of processor cores.

| setting | default | meaning |
|---|---|---|
"""

_ERRORS: Final = f"""\
# Messages

{_NOTE}

Whatever the archive says to people has a code, for programs, and a sentence in Chinese and in English. The sentence
says what happened, what was expected and what to do; words in braces are filled in. Errors, outcomes of steps and
checks, and reasons in the review queue are stored as code and parameters and put into words when they are shown. See
[decision 0009](decisions/0009-errors-and-messages.md).
"""


def settings_page() -> str:
    """`settings.md`: every setting with its default and what it means."""
    rows = [
        f"| `{setting.name}` | {_default(setting)} | {setting.help_en}<br>{setting.help_zh} |\n" for setting in SETTINGS
    ]
    return _SETTINGS + "".join(rows)


def _default(setting: Setting) -> str:
    return f"`{setting.default.format(home='HOME', cores='CORES')}`" if setting.default else "none"


def errors_page() -> str:
    """`errors.md`: every code of the message catalogue with its sentence in both languages, by area."""
    page = _ERRORS
    for entry in sorted(resources.files("archive.messages").iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        page += f"\n## {entry.name.removesuffix('.toml')}\n\n| code | message |\n|---|---|\n"
        for code, texts in tomllib.loads(entry.read_text(encoding="utf-8")).items():
            page += f"| `{code}` | {_cell(texts['zh'])}<br>{_cell(texts['en'])} |\n"
    return page


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    return {"settings.md": settings_page(), "errors.md": errors_page()}


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Write the pages beside this file."""
    for name, text in pages().items():
        (Path(__file__).parent / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
