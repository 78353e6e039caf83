"""Traces for those who collect them: the one door to OpenTelemetry, opened only where an address is set.

A span says what was done, how long it took and which record it was about; never what a document says. Without an
address a span costs one comparison, and nothing of OpenTelemetry is loaded.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from archive.errors import ArchiveError, InvalidInput

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span, Tracer

Attribute = str | int | float | bool
_PATH: Final = "/v1/traces"
_TIMEOUT_SECONDS: Final = 5


class Noted(Protocol):
    """A span that is open."""

    def note(self, **attributes: Attribute) -> None:
        """Add what became known meanwhile."""
        ...


class _Nothing:
    def note(self, **attributes: Attribute) -> None:
        del attributes


class _Open:
    def __init__(self, recorded: "Span") -> None:
        self._recorded = recorded

    def note(self, **attributes: Attribute) -> None:
        self._recorded.set_attributes(attributes)


class _Door:
    """Whether this process sends traces. Like the log it belongs to the process: it is set once where that starts."""

    tracer: "Tracer | None" = None


_OFF: Final[AbstractContextManager[Noted]] = nullcontext(_Nothing())


def span(name: str, **attributes: Attribute) -> AbstractContextManager[Noted]:
    """Record the block under `name`; the span it gives takes further attributes. A block that raises is marked."""
    tracer = _Door.tracer
    return _OFF if tracer is None else _recorded(tracer, name, attributes)


@contextmanager
def _recorded(tracer: "Tracer", name: str, attributes: dict[str, Attribute]) -> Iterator[Noted]:
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 - loaded only where traces are sent

    # What an exception says may repeat a document: of a failure only the code is recorded.
    with tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as recorded:
        try:
            yield _Open(recorded)
        except Exception as error:
            recorded.set_status(
                StatusCode.ERROR, error.code if isinstance(error, ArchiveError) else type(error).__name__
            )
            raise


@contextmanager
def tracing(url: str | None, process: str) -> Iterator[None]:
    """Send the spans of the block to the collector at `url` as those of `process`; None sends nothing.

    What is still waiting when the block ends is sent then. A collector that does not answer costs spans, not work.

    Raises:
        InvalidInput: `juanzong[traces]` is not installed.
    """
    if url is None:
        yield
        return
    with recording(_sender(url), process):
        yield


def _sender(url: str) -> "SpanProcessor":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - the same
    except ImportError as error:
        raise InvalidInput("traces-missing") from error
    endpoint = url if urlsplit(url).path.strip("/") else url.rstrip("/") + _PATH
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=_TIMEOUT_SECONDS))


@contextmanager
def recording(processor: "SpanProcessor", process: str) -> Iterator[None]:
    """Give the spans of the block to `processor`, which is shut down at its end."""
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415 - loaded only where traces are sent
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - the same

    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: f"juanzong-{process}"}), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    former, _Door.tracer = _Door.tracer, provider.get_tracer("juanzong")
    try:
        yield
    finally:
        _Door.tracer = former
        provider.shutdown()
