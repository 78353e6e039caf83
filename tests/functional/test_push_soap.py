"""Data push over SOAP in both forms, with a client that reads our own description of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from tests import push_messages as messages
from tests.intake.stands.push_soap import client
from tests.small_archive import SmallArchive
from tests.small_push import NUMBER, SECRET, TOKEN, SmallPush, keep_token, served


@pytest.fixture
def push(tmp_path: Path) -> Iterator[SmallPush]:
    with SmallArchive.at(tmp_path / "home") as archive:
        keep_token(archive)
        archive.ingest.sources.register("stand", "push", "push:", {"token": SECRET, "system_no": NUMBER})
        with served(archive) as started:
            yield started


@pytest.fixture
def upload(push: SmallPush) -> Iterator[Any]:
    with requests.Session() as session:
        yield client(f"{push.url}/api/v1/push/soap/upload-data", session)


@pytest.fixture
def receive(push: SmallPush) -> Iterator[Any]:
    with requests.Session() as session:
        service = client(f"{push.url}/api/v1/push/soap/receive-info", session)

        def call(code: str, xml: str, key: str = TOKEN, at: str = "20260601170000") -> Any:
            return service.receiveInfo(
                appId=NUMBER, appKey=key, SERIALNUMBER="1", DATASETCODE=code, xml=xml, REQUESTTIME=at
            )

        yield call


def validation(token: str = TOKEN, number: str = NUMBER) -> str:
    return f"<VALIDATION><TOKEN>{token}</TOKEN><SYSTEM_NO>{number}</SYSTEM_NO></VALIDATION>"


def test_an_upload_is_answered_with_a_status_and_joined(push: SmallPush, upload: Any) -> None:
    data = messages.xml("1801", "k1", messages.valid("1801")).decode()
    for _ in range(2):
        assert json.loads(upload.UploadData_G_V4(validation=validation(), data=data)) == {"STATUS": "1"}
    push.work()
    assert set(push.archive.records()) == {"1801:k1"}


def test_an_upload_that_breaks_the_specification_is_told_every_field(upload: Any) -> None:
    data = messages.xml("1801", "k1", messages.valid("1801", PROJECT_NAME="", TRADE_DATE="20261345")).decode()
    answer = json.loads(upload.UploadData_G_V4(validation=validation(), data=data))
    assert answer["STATUS"] == "-1"
    assert "PROJECT_NAME（项目名称）" in answer["MSG"]
    assert "TRADE_DATE（成交日期）" in answer["MSG"]


@pytest.mark.parametrize("given", [validation("x"), validation(number="S999"), validation(number=""), "<V/>"])
def test_an_upload_of_a_stranger_is_refused_in_the_same_words(upload: Any, given: str) -> None:
    answer = json.loads(upload.UploadData_G_V4(validation=given, data="<DES/>"))
    assert (answer["STATUS"], answer["CODE"]) == ("-1", "push-sender-unknown")


def test_a_table_is_received_under_its_own_name_and_members_of_a_list_are_told_apart(
    push: SmallPush, receive: Any
) -> None:
    given = [messages.valid("557", BIDDER_ORG_CODE=code) for code in ("91350000MA347WHE48", "12350100MB02709751")]
    for fields in given:
        answer = receive("ZFCG_PURCHASE_TENDER_LIST", messages.table_xml("557", fields, "ZFCG_"))
        assert (answer.success, answer.errorCode, answer.receiveTime) == ("true", None, "20260601170000")
    parent = {"PURCHASE_PROJECT_CODE": dict(given[0])["PURCHASE_PROJECT_CODE"]}
    receive("PURCHASE_PROJECT", messages.table_xml("550", messages.valid("550", **parent)))
    push.work()
    assert len(push.archive.records()) == 3


def test_a_table_that_breaks_the_specification_is_told_every_field(receive: Any) -> None:
    answer = receive("X", messages.table_xml("1801", messages.valid("1801", PROJECT_NAME="")))
    assert (answer.success, answer.errorCode) == ("false", "push-field-missing")
    assert "PROJECT_NAME" in answer.errorMessage


def test_a_table_of_a_stranger_or_from_a_wrong_clock_is_refused(receive: Any) -> None:
    table = messages.table_xml("1801", messages.valid("1801"))
    assert receive("X", table, key="other").errorCode == "push-sender-unknown"
    assert receive("X", table, at="20260604170000").errorCode == "push-clock"


@pytest.mark.parametrize("body", [b"", b"<a/>", b"<e><Body><other/></Body></e>", b"<!DOCTYPE a><e/>"])
def test_what_is_no_call_is_answered_with_a_fault(push: SmallPush, body: bytes) -> None:
    answer = httpx.post(f"{push.url}/api/v1/push/soap/upload-data", content=body, trust_env=False)
    assert answer.status_code == 500
    assert "<faultcode>s:Client</faultcode>" in answer.text
