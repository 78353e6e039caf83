"""Whoever switches a check off says why.

A bare `noqa` or `type: ignore` cannot be judged later: nobody knows whether it still is needed, or ever was. Naming the
rule keeps the others on; the words after it tell the reader what the checker could not see.
"""

import io
import re
import tokenize

from tests.architecture.source import Source, Violation

_SUPPRESSION = re.compile(r"#\s*(?P<kind>noqa|type:\s*ignore)(?P<rules>:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[a-z, -]+\])?")


def check(source: Source) -> list[Violation]:
    """Every suppression names its rule and is followed by a reason of at least two words."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        match = _SUPPRESSION.search(token.string) if token.type == tokenize.COMMENT else None
        if match is None:
            continue
        if match["rules"] is None:
            found.append(Violation(source.path, token.start[0], f"{match['kind']} does not name the rule"))
        elif len(re.findall(r"\w+", _SUPPRESSION.sub("", token.string))) < 2:
            found.append(Violation(source.path, token.start[0], f"{match['kind']} does not say why"))
    return found
