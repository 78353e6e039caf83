"""XML from strangers, some of whom have no token yet: what reading it may cost."""

import subprocess
import sys

import pytest

from archive.errors import InvalidInput
from ingest.push.hardened import MOST_ELEMENTS, parse

_MEASURED = """
import resource
from archive.errors import InvalidInput
from ingest.push.hardened import parse
parse("<a/>")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    parse("<a>" + "<b/>" * (2 << 20) + "</a>")
except InvalidInput as error:
    print(error.code, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


def test_millions_of_elements_are_refused_before_they_fill_the_memory() -> None:
    done = subprocess.run([sys.executable, "-c", _MEASURED], capture_output=True, text=True, check=True)
    code, megabytes = done.stdout.split()
    assert code == "push-not-xml"
    assert int(megabytes) < 100


def test_as_many_elements_as_are_taken_are_read_whole() -> None:
    inner = "<b>字</b>" * (MOST_ELEMENTS - 1)
    root = parse(f'<?xml version="1.0" encoding="GBK"?><a>{inner}</a>')
    assert [len(root), {child.text for child in root}] == [MOST_ELEMENTS - 1, {"字"}]
    with pytest.raises(InvalidInput, match="push-not-xml"):
        parse(f"<a>{inner}<b/></a>")
