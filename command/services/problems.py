"""Every HTTP error as problem details (RFC 9457), in one middleware for all aiohttp applications of the product."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from aiohttp import hdrs, web
from prometheus_client import Counter

from command.kernel.errors import ConflictError, InvalidInputError, TooLargeError, TriuneError
from command.kernel.names import told

PROBLEM_TYPE = "application/problem+json"

PROBLEMS = Counter("triune_http_problems", "HTTP requests answered with problem details", ["code"])

_log = logging.getLogger(__name__)

_CODES = {400: "invalid_input", 401: "sign_in_required", 403: "no_right", 404: "unknown_id", 405: "method_not_allowed"}


class StaleRowError(ConflictError):
    """The row has moved on; the answer carries it as `current`, so that the caller need not ask again."""

    code = "stale_row"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The members that every problem has (RFC 9457); an error's own extras stand beside them."""

    type: str
    title: str
    status: int
    detail: str
    code: str


@web.middleware
async def problem_middleware(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn whatever a handler raises into problem details, and count it by code.

    `TriuneError` by its own status; unreadable or invalid JSON 400; oversized bodies 413; aiohttp's own errors keep
    status and headers; anything else is logged whole and answered 500 without saying what it was. A handler
    that has begun to answer (a websocket) must end its errors itself.
    """
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _from_aiohttp(error)
    except ConnectionError:
        raise  # the client is gone; there is nobody to answer
    except Exception as error:  # noqa: BLE001 - the last door: whatever is left is our fault and still gets an answer
        return problem_response(_told(error, f"{request.method} {request.path}"))


def _told(error: Exception, operation: str) -> TriuneError:
    """Return what the caller is told; what is our fault goes to the log."""
    match error:
        case TriuneError():
            if error.status >= 500:
                _log.warning("%s: %s", operation, error.detail)
            return error
        case msgspec.DecodeError() | UnicodeDecodeError():
            return InvalidInputError(told(error))
        case RecursionError():  # what msgspec raises for JSON nested too deeply
            return InvalidInputError("the body is nested too deeply")
        case _:
            _log.error("%s failed", operation, exc_info=error)
            return TriuneError("the request failed; the fault is in the log")


def problem_response(error: TriuneError) -> web.Response:
    """Return the error as `application/problem+json` and count it; for handlers that answer without raising."""
    members: dict[str, object] = dict(error.extra)
    if isinstance(error, ConflictError) and error.current is not None:
        members["current"] = error.current
    response = _response(error.status, error.code, error.detail, members)
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"  # RFC 9110 asks for a challenge with every 401
    return response


def _from_aiohttp(error: web.HTTPException) -> web.Response:
    if error.status == TooLargeError.status:
        return problem_response(TooLargeError(error.text or error.reason))
    response = _response(error.status, _CODES.get(error.status, f"http_{error.status}"), error.reason, {})
    for name in (hdrs.ALLOW, hdrs.WWW_AUTHENTICATE):
        if name in error.headers:
            response.headers[name] = error.headers[name]
    return response


def _response(status: int, code: str, detail: str, extra: dict[str, object]) -> web.Response:
    PROBLEMS.labels(code).inc()
    problem = Problem(
        type=f"urn:triune:problem:{code}", title=HTTPStatus(status).phrase, status=status, detail=detail, code=code
    )
    body = msgspec.json.encode(extra | msgspec.to_builtins(problem))
    return web.Response(body=body, status=status, content_type=PROBLEM_TYPE, headers={hdrs.CACHE_CONTROL: "no-store"})
