"""OpenTelemetry, where it is installed and an endpoint is set: HTTP request → commit of the hub → push to consoles.

Without either, nothing of it is imported. The standard's own variables set it up: `OTEL_EXPORTER_OTLP_ENDPOINT` (or
`…_TRACES_ENDPOINT`), `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, `OTEL_SDK_DISABLED`.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from command.kernel.clock import Clock
from command.kernel.release import release
from consoles.limits import PUSH_TICK_MS, PUSH_TRACED_MS, PUSHES_TRACED
from consoles.observe.redaction import redacted
from consoles.observe.trace_context import TraceContext

if TYPE_CHECKING:  # never at run time before it is known to be wanted
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

log = logging.getLogger(__name__)
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
Pushed = Callable[[], int]
"""Says up to which sequence number every console that keeps up has been sent everything."""


def is_wanted() -> bool:
    """Say whether traces are to be sent and can be."""
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if disabled or not any(os.environ.get(name) for name in _ENDPOINTS):
        return False
    if not _is_installed():
        log.warning("traces are not sent: an endpoint is set, but triune's extra `otel` is not installed")
        return False
    return True


def _is_installed() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:  # a package above it is missing: others install the API without any exporter
        return False


class Span:
    """An HTTP request being served."""

    def __init__(self, span: trace.Span) -> None:
        self.span = span
        made = span.get_span_context()
        self.context = TraceContext(f"{made.trace_id:032x}", f"{made.span_id:016x}", made.trace_flags.sampled)

    def end(self, status: int) -> None:
        """End it with the HTTP status; from 500 on it is an error of ours (the HTTP semantic conventions)."""
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 - see the module

        self.span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self.span.set_status(StatusCode.ERROR)
        self.span.end()


class Commit:
    """An ask on its way through the hub. It ends when durable; then its push begins."""

    def __init__(self, tracing: Tracing, span: trace.Span) -> None:
        self._tracing = tracing
        self._span = span

    def end(self, kind: str, first_seq: int, last_seq: int, subject: str) -> None:
        """The facts are durable."""
        self._span.set_attributes({
            "triune.request": kind, "triune.first_seq": first_seq, "triune.last_seq": last_seq,
            "triune.subject": redacted(subject),
        })  # fmt: skip
        self._span.end()
        self._tracing.pushing(self._span, last_seq)

    def drop(self) -> None:
        """It brought nothing about: refused, or answered before."""
        self._span.set_attribute("triune.recorded", value=False)
        self._span.end()


class Tracing:
    """Makes the spans. `run` ends those of pushes."""

    def __init__(self, provider: TracerProvider, clock: Clock, pushed: Pushed) -> None:
        self._tracer = provider.get_tracer("triune")
        self._clock = clock
        self._pushed = pushed
        self._pushes: deque[tuple[int, int, trace.Span]] = deque()
        self._some = asyncio.Event()

    def request(self, name: str, parent: TraceContext | None) -> Span:
        """Begin the span of an HTTP request, called by the parent."""
        from opentelemetry import trace  # noqa: PLC0415 - see the module

        above = None
        if parent:
            flags = trace.TraceFlags(trace.TraceFlags.SAMPLED if parent.sampled else trace.TraceFlags.DEFAULT)
            caller = trace.SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True,
                                       trace_flags=flags)  # fmt: skip
            above = trace.set_span_in_context(trace.NonRecordingSpan(caller))
        return Span(self._tracer.start_span(name, context=above, kind=trace.SpanKind.SERVER))

    def commit(self, request: Span) -> Commit:
        """Begin the span of one ask of a request."""
        return Commit(self, self._below(request.span, "hub commit"))

    def pushing(self, commit: trace.Span, last_seq: int) -> None:
        """Begin the span of the push of what was committed."""
        if len(self._pushes) < PUSHES_TRACED:
            self._pushes.append((last_seq, self._clock.now_ms(), self._below(commit, "push")))
            self._some.set()

    def _below(self, parent: trace.Span, name: str) -> trace.Span:
        from opentelemetry import trace  # noqa: PLC0415 - see the module

        return self._tracer.start_span(name, context=trace.set_span_in_context(parent))

    async def run(self) -> None:
        """End pushes until cancelled, in the order of their sequence numbers. Nothing runs while there are none."""
        while True:
            await self._some.wait()
            self._some.clear()
            while self._pushes:
                last_seq, since_ms, span = self._pushes[0]
                late = self._clock.now_ms() - since_ms > PUSH_TRACED_MS
                if late or self._pushed() >= last_seq:
                    self._pushes.popleft()
                    span.set_attributes({"triune.seq": last_seq, "triune.pushed": not late})
                    span.end()
                else:
                    await self._clock.sleep(PUSH_TICK_MS)


@asynccontextmanager
async def tracing(clock: Clock, pushed: Pushed) -> AsyncIterator[Tracing | None]:
    """Send traces until the block is left, if they are wanted."""
    if not is_wanted():
        yield None
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - see the module
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    service = {"service.version": release()}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        service["service.name"] = "triune"
    provider = TracerProvider(resource=Resource.create(service), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield Tracing(provider, clock, pushed)
    finally:
        await asyncio.to_thread(provider.shutdown)  # sends what is waiting, which may take its time
