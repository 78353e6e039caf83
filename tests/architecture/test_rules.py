"""Each house rule holds in the whole project, and bites where it is broken on purpose."""

from pathlib import Path

import pytest

from tests.architecture.every_rule import RULES
from tests.architecture.source import parse, sources

_LONG_BODY = "\n".join("    a = 1" for _ in range(50))
_LONG_CLASS = "class Big:\n" + "\n".join("    a = 1" for _ in range(250))

BREACHES = {
    "codes": [
        ("archive/example.py", "raise InvalidInput('no-such-code', name=name)"),
        ("archive/example.py", "raise errors.NotFound('Not even a code')"),
        ("archive/example.py", "raise InvalidInput(f'setting-{kind}')"),
        ("access_control/example.py", "answer = Decision(allowed=False, reason='no-such-reason')"),
        ("ingest/example.py", "outcome = Outcome(step, code=f'check-{name}')"),
    ],
    "colour": [
        ("archive/example.py", "async def read() -> None: ..."),
        ("ingest/example.py", "import asyncio"),
        ("search/example.py", "from anyio import to_thread"),
    ],
    "commits": [
        ("archive/records/service.py", "def save(connection): connection.commit()"),
        ("ingest/service.py", "from archive.db.uow import Database\nwith database.engine.begin() as connection: ..."),
        ("archive/records/repository.py", "import sqlalchemy\nwith connection.begin_nested(): ..."),
    ],
    "environment": [
        ("archive/clock.py", "import os\nzone = os.environ['TZ']"),
        ("web/main.py", "import os\nport = os.getenv('PORT')"),
        ("ingest/worker.py", "from os import environ"),
    ],
    "exceptions": [
        ("archive/example.py", "try: ...\nexcept: ..."),
        ("ingest/example.py", "try: ...\nexcept Exception: ..."),
        ("ingest/example.py", "try: ...\nexcept (ValueError, BaseException) as error: ..."),
        ("ingest/example.py", "try: ...\nexcept Exception:  # noqa: BLE001\n    ..."),
        ("ingest/example.py", "def f():\n  try: ...\n  except Exception:\n    if late: return\n    raise"),
        ("web/example.py", "from contextlib import suppress\nwith suppress(Exception): ..."),
    ],
    "names": [
        ("archive/utils.py", ""),
        ("ingest/helpers/text.py", ""),
        ("tests/unit/common.py", ""),
        ("web/page_helpers.py", ""),
    ],
    "places": [
        ("archive/example.py", "DATA = '/home/me/data'"),
        ("ingest/connectors/notices.py", "DEFAULT = '../shared/data/notices'"),
    ],
    "scopes": [
        ("web/pages/portal.py", "everything = Scope(actor, now, (), False)"),
        ("search/service.py", "everything = authorization.Scope(actor, now, (), False)"),
        ("archive/records/service.py", "wider = replace(scope, clauses=())"),
        ("archive/records/service.py", "wider = dataclasses.replace(self._scope, redacted=False)"),
    ],
    "secrets": [
        ("archive/settings.py", "SESSION_SECRET = 'change me'"),
        ("web/example.py", "def login(name: str, password: str = 'admin') -> None: ..."),
        ("access_control/example.py", "account = create(name='root', password='admin')"),
        ("archive/example.py", "KEY = '-----BEGIN PRIVATE KEY-----'"),
        ("archive/example.py", "URL = 'postgresql://archive:archive@localhost/archive'"),
    ],
    "sizes": [
        ("archive/example.py", "\n" * 401),
        ("archive/example.py", f"def long():\n{_LONG_BODY}"),
        ("tests/unit/test_example.py", f"async def long():\n{_LONG_BODY}"),
        ("archive/example.py", _LONG_CLASS),
    ],
    "suppressions": [
        ("archive/example.py", "a = 1  # noqa"),
        ("archive/example.py", "a = 1  # noqa: S101"),
        ("tests/unit/test_example.py", "a = 1  # type: ignore"),
        ("archive/example.py", "a = 1  # type: ignore[attr-defined]"),
    ],
    "time": [
        ("archive/records/service.py", "moment = datetime.now(UTC)"),
        ("archive/records/service.py", "moment = datetime.datetime.utcnow()"),
        ("ingest/example.py", "day = date.today()"),
        ("ingest/example.py", "seconds = time.time()"),
        ("ingest/example.py", "from time import time"),
        ("ingest/example.py", "read = datetime.now"),
    ],
}

ALLOWED = {
    "codes": [
        ("archive/example.py", "raise InvalidInput('setting-unknown', name=name, nearest=nearest)"),
        ("archive/example.py", "raise InvalidInput(code, **params)\nraise ValueError('prose')"),
        ("ingest/example.py", "notice = Notice(code='A01')"),
    ],
    "colour": [("web/api/download.py", "async def stream() -> None: ...")],
    "commits": [
        ("archive/db/uow.py", "def save(connection):\n    with connection.begin(): ..."),
        ("tests/unit/test_example.py", "connection.commit()"),
        ("ingest/extractors/html.py", "import lxml\nblock.begin()"),
    ],
    "environment": [
        ("archive/settings.py", "import os\nvalues = dict(os.environ)"),
        ("ingest/example.py", "environ = {}\nvalue = settings.environ"),
    ],
    "exceptions": [
        ("ingest/example.py", "try: ...\nexcept Exception:  # one bad item must not stop the sweep\n    ..."),
        (
            "ingest/example.py",
            "try: ...\nexcept Exception:  # noqa: BLE001 - stored as the outcome of the step\n    ...",
        ),
        ("archive/example.py", "try: ...\nexcept ValueError: ..."),
        ("archive/example.py", "try: ...\nexcept BaseException:\n    spool.close()\n    raise"),
    ],
    "names": [("archive/records/service.py", ""), ("ingest/toolset.py", "")],
    "places": [("tests/unit/test_example.py", "DATA = '../shared/data'"), ("web/example.py", "ROUTE = '/workers/'")],
    "scopes": [
        ("access_control/scopes.py", "scope = Scope(actor, now, (), True)"),
        ("archive/example.py", "later = replace(record, scope='A')"),
    ],
    "secrets": [
        ("access_control/example.py", "account = create(name=name, password=password)\ntoken = draw()"),
        ("archive/example.py", "URL = f'postgresql://{name}:{password}@{host}/archive'\npassword_length = 'twelve'"),
    ],
    "sizes": [
        ("archive/example.py", "\n" * 400),
        ("archive/db/migrations/versions/0001_start.py", f"def upgrade():\n{_LONG_BODY}"),
    ],
    "suppressions": [
        ("archive/example.py", "a = 1  # noqa: S101 - a literal, never user input"),
        ("archive/example.py", "a = 1  # type: ignore[attr-defined]  # the stubs lag behind"),
        ("archive/example.py", "a = '# noqa'"),
    ],
    "time": [
        ("archive/clock.py", "moment = datetime.now(UTC)"),
        ("ingest/example.py", "start = time.monotonic()\nmoment = clock.now()\nself.clock.now()"),
        ("ingest/example.py", "from time import perf_counter"),
    ],
}


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_holds_in_the_whole_project(rule: str) -> None:
    found = [str(violation) for source in sources() for violation in RULES[rule](source)]
    assert found == []


@pytest.mark.parametrize(
    ("rule", "path", "text"), [(rule, *breach) for rule, breaches in BREACHES.items() for breach in breaches]
)
def test_the_rule_bites(rule: str, path: str, text: str) -> None:
    assert RULES[rule](parse(text, path))


@pytest.mark.parametrize(
    ("rule", "path", "text"), [(rule, *snippet) for rule, snippets in ALLOWED.items() for snippet in snippets]
)
def test_the_rule_lets_through_what_is_fine(rule: str, path: str, text: str) -> None:
    assert [str(violation) for violation in RULES[rule](parse(text, path))] == []


def test_every_rule_is_listed_broken_and_explained() -> None:
    modules = {file.stem for file in (Path(__file__).parent / "rules").glob("*.py")} - {"__init__"}
    assert modules == set(RULES) == set(BREACHES) == set(ALLOWED)


def test_the_whole_project_is_read() -> None:
    read = {str(source.path) for source in sources()}
    assert {"archive/settings.py", "web/__init__.py", "tests/architecture/test_rules.py"} <= read
