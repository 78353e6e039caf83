"""Write the hostile set: `python -m tests.hostile.making FOLDER`."""

import json
import sys
from pathlib import Path

from tests.hostile import archives, fixed, markup, office, pictures
from tests.hostile.kinds import Kind

KINDS: tuple[Kind, ...] = (*archives.KINDS, *office.KINDS, *markup.KINDS, *pictures.KINDS, *fixed.KINDS)


def write(folder: Path) -> int:
    """One folder for each kind with its file in it, and a manifest of what has to be said of each."""
    rows = []
    for kind in KINDS:
        target = folder / kind.name / kind.file
        target.parent.mkdir(parents=True, exist_ok=True)
        size = target.write_bytes(kind.make())
        rows.append(
            {
                "kind": kind.name,
                "path": f"{kind.name}/{kind.file}",
                "size": size,
                "codes": sorted(kind.codes),
                "verdict": kind.verdict,
            }
        )
    manifest = json.dumps(rows, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(manifest, encoding="utf-8")
    return len(rows)


if __name__ == "__main__":
    sys.stdout.write(f"{write(Path(sys.argv[1]))} kinds\n")
