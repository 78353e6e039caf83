"""Data push over SOAP 1.1, in the two forms that provinces use.

`UploadData_G_V4(validation, data)` takes the general envelope and answers with JSON in a string; `receiveInfo` takes a
data set's table and answers with named values. Whatever is wrong with a message or its sender is told in these forms,
never by a fault; a fault says that the call itself could not be read.

The token of `validation` is compared as it is: the encryption that one province wraps around its token is not done
here.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from archive.errors import ArchiveError, InvalidInput
from archive.messages import Language
from ingest.push.envelope import shape_of
from ingest.push.formats import read_stamp
from ingest.push.hardened import child, cleaned, content, decode, local_name, parse
from ingest.push.types import Answer, Shape
from web.api.push import Body
from web.dependencies import Provided
from web.services import Services
from web.visits import language_of

router = APIRouter(tags=["push"])

UPLOAD: Final = "/push/soap/upload-data"
RECEIVE: Final = "/push/soap/receive-info"

_NAMESPACE: Final = "urn:juanzong:push"
_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_MEDIA: Final = "text/xml; charset=utf-8"
_UPLOAD_NAME: Final = "UploadData_G_V4"
_RECEIVE_NAME: Final = "receiveInfo"
_UPLOAD_TAKES: Final = ("validation", "data")
_UPLOAD_GIVES: Final = (f"{_UPLOAD_NAME}Result",)
_RECEIVE_TAKES: Final = (
    "appId",
    "appKey",
    "SERIALNUMBER",
    "DATASETCODE",
    "xml",
    "REQUESTTIME",
    "VERSIONNUMBER",
    "platId",
    "creditCode",
)
_RECEIVE_GIVES: Final = ("success", "errorCode", "errorMessage", "receiveTime")


@router.get(UPLOAD, include_in_schema=False)
def upload_wsdl(request: Request) -> Response:
    """What `UploadData_G_V4` takes and gives."""
    return _wsdl(request, _UPLOAD_NAME, _UPLOAD_TAKES, _UPLOAD_GIVES)


@router.get(RECEIVE, include_in_schema=False)
def receive_wsdl(request: Request) -> Response:
    """What `receiveInfo` takes and gives."""
    return _wsdl(request, _RECEIVE_NAME, _RECEIVE_TAKES, _RECEIVE_GIVES)


@router.post(UPLOAD, include_in_schema=False)
def upload(services: Provided, request: Request, body: Body) -> Response:
    """Take a general envelope in."""
    language = language_of(request)
    try:
        call = _call(body, _UPLOAD_NAME)
    except InvalidInput as error:
        return _fault(error, language)
    try:
        answer = _uploaded(services, call)
    except ArchiveError as error:
        said = {"STATUS": "-1", "CODE": error.code, "MSG": error.message(language)}
    else:
        said = {"STATUS": "1"} if answer.accepted else {"STATUS": "-1", "MSG": "".join(answer.sentences(language))}
    return _answer(_UPLOAD_NAME, {_UPLOAD_GIVES[0]: json.dumps(said, ensure_ascii=False)})


@router.post(RECEIVE, include_in_schema=False)
def receive(services: Provided, request: Request, body: Body) -> Response:
    """Take a data set's table in."""
    language = language_of(request)
    try:
        call = _call(body, _RECEIVE_NAME)
    except InvalidInput as error:
        return _fault(error, language)
    now = services.clock.now().astimezone(services.settings.timezone).strftime("%Y%m%d%H%M%S")
    try:
        answer = _received(services, call)
    except ArchiveError as error:
        said = ("false", error.code, error.message(language), now)
    else:
        refusing = [problem for problem in answer.problems if problem.refuses]
        code = refusing[0].code if refusing else ""
        said = (str(answer.accepted).lower(), code, "".join(answer.sentences(language)), now)
    return _answer(_RECEIVE_NAME, dict(zip(_RECEIVE_GIVES, said, strict=True)))


def _uploaded(services: Services, call: Mapping[str, str]) -> Answer:
    validation = parse(cleaned(decode(call["validation"].encode())))
    said = {local_name(one).upper(): content(one).strip() for one in validation}
    sent_at = _moment(services, said.get("REQUESTTIME", ""))
    sender = services.push.senders.by_number(said.get("SYSTEM_NO", ""), said.get("TOKEN", ""), sent_at)
    raw = call["data"].encode()
    return services.push.service.receive(sender, raw, shape_of(raw), sent_at)


def _received(services: Services, call: Mapping[str, str]) -> Answer:
    sent_at = _moment(services, call["REQUESTTIME"])
    sender = services.push.senders.by_number(call["appId"], call["appKey"], sent_at)
    return services.push.service.receive(sender, call["xml"].encode(), Shape.TABLE_XML, sent_at)


def _moment(services: Services, written: str) -> datetime | None:
    return read_stamp(written.strip(), services.settings.timezone)


_TAKEN: Final = {_UPLOAD_NAME: _UPLOAD_TAKES, _RECEIVE_NAME: _RECEIVE_TAKES}


def _call(body: bytes, name: str) -> dict[str, str]:
    """What a call was given, "" where it was not. Senders write their own namespaces; only the names count.

    Raises:
        InvalidInput: it cannot be read (`push-encoding`, `push-not-xml`, `push-too-large`), or is no such call
            (`push-soap-malformed`).
    """
    inside = child(parse(cleaned(decode(body))), "BODY")
    called = None if inside is None else child(inside, name.upper())
    if called is None:
        raise InvalidInput("push-soap-malformed", detail=name)
    given = {local_name(one): content(one) for one in called}
    return {parameter: given.get(parameter, "") for parameter in _TAKEN[name]}


def _answer(name: str, values: Mapping[str, str]) -> Response:
    inner = "".join(f"<{key}>{escape(cleaned(value), quote=False)}</{key}>" for key, value in values.items())
    return _soap(f'<{name}Response xmlns="{_NAMESPACE}">{inner}</{name}Response>', 200)


def _fault(error: ArchiveError, language: Language) -> Response:
    said = escape(f"{error.code}: {error.message(language)}", quote=False)
    # SOAP 1.1, clause 6.2: a fault comes with status 500.
    return _soap(f"<s:Fault><faultcode>s:Client</faultcode><faultstring>{said}</faultstring></s:Fault>", 500)


def _soap(body: str, status: int) -> Response:
    text = (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{_ENVELOPE}"><s:Body>{body}</s:Body></s:Envelope>'
    )
    return Response(text, status, media_type=_MEDIA)


def _wsdl(request: Request, name: str, takes: tuple[str, ...], gives: tuple[str, ...]) -> Response:
    """A description in the document style, each parameter an element of its own, at the address it was asked for."""
    address = escape(str(request.url.replace(query="")))
    text = _WSDL.format(
        namespace=_NAMESPACE, name=name, address=address, takes=_elements(takes), gives=_elements(gives)
    )
    return Response(text, media_type=_MEDIA)


def _elements(names: tuple[str, ...]) -> str:
    return "".join(f'<xs:element name="{name}" type="xs:string" minOccurs="0"/>' for name in names)


_WSDL: Final = """<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:tns="{namespace}" targetNamespace="{namespace}">
  <wsdl:types>
    <xs:schema targetNamespace="{namespace}" elementFormDefault="qualified">
      <xs:element name="{name}"><xs:complexType><xs:sequence>{takes}</xs:sequence></xs:complexType></xs:element>
      <xs:element name="{name}Response"><xs:complexType><xs:sequence>{gives}</xs:sequence></xs:complexType></xs:element>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="{name}In"><wsdl:part name="parameters" element="tns:{name}"/></wsdl:message>
  <wsdl:message name="{name}Out"><wsdl:part name="parameters" element="tns:{name}Response"/></wsdl:message>
  <wsdl:portType name="Push">
    <wsdl:operation name="{name}">
      <wsdl:input message="tns:{name}In"/><wsdl:output message="tns:{name}Out"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="PushSoap" type="tns:Push">
    <soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>
    <wsdl:operation name="{name}">
      <soap:operation soapAction="{namespace}/{name}" style="document"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="Push">
    <wsdl:port name="PushSoap" binding="tns:PushSoap"><soap:address location="{address}"/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""
