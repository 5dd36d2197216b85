"""HTTP clients of the case and the approval service, as the hub uses them: errors translated, safe to try again."""

from __future__ import annotations

from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NoRightError,
    SignInRequiredError,
    TooLargeError,
    TooManyError,
    TriuneError,
    UnavailableError,
    UnknownIdError,
)
from command.kernel.limits import SERVICE_ANSWER_BYTES, SERVICE_CALL_MS
from command.links.service_messages import (
    Approval,
    ApprovalAsking,
    ApprovalDecision,
    ApprovalPage,
    Case,
    CaseMove,
    CaseOpening,
    CasePage,
    Paging,
    Subscription,
    SubscriptionAsking,
)

T = TypeVar("T", bound=msgspec.Struct)

_ERRORS: dict[int, type[TriuneError]] = {
    error.status: error
    for error in (
        InvalidInputError,
        SignInRequiredError,
        NoRightError,
        UnknownIdError,
        ConflictError,
        TooLargeError,
        TooManyError,
    )
}


class _Told(msgspec.Struct, frozen=True):
    """What a problem says that a caller here needs (RFC 9457)."""

    detail: str = ""
    code: str = ""


class _ServiceClient:
    """One service. Use as an async context manager.

    Every method raises `UnavailableError` where the service cannot be reached, takes longer than `SERVICE_CALL_MS`,
    fails or answers something else than agreed; then nobody can tell whether it was done, so try again with the
    same key. Its refusals come out as the error of the same status (`ConflictError` for 409, …), with the service's own
    code in `extra["service_code"]`.
    """

    def __init__(self, base_url: str, token: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=SERVICE_CALL_MS / 1000)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def subscribe(self, url: str) -> Subscription:
        """Have every later change posted to `url`, signed with the answer's secret; asking again changes nothing."""
        return await self._call("POST", "/api/v1/subscriptions", Subscription, SubscriptionAsking(url=url))

    async def unsubscribe(self, subscription_id: str) -> Subscription:
        """Stop that."""
        return await self._call("DELETE", f"/api/v1/subscriptions/{_segment(subscription_id)}", Subscription)

    async def _call(
        self, method: str, path: str, answer: type[T], body: msgspec.Struct | None = None, key: str | None = None
    ) -> T:
        if self._session is None:
            raise RuntimeError("a service client is used inside `async with`")
        headers = {"content-type": "application/json"} | ({} if key is None else {"idempotency-key": key})
        data = None if body is None else msgspec.json.encode(body)
        url = self._base_url + path
        try:
            async with self._session.request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as response:
                status, content = response.status, await _content(response)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise UnavailableError(f"{self._base_url} does not answer: {str(error) or type(error).__name__}") from error
        if not 200 <= status < 300:
            raise _refusal(self._base_url, status, content)
        try:
            return msgspec.json.decode(content, type=answer)
        except (ValueError, RecursionError) as error:
            raise UnavailableError(f"{self._base_url} answers something else than agreed: {error}") from error


class CaseClient(_ServiceClient):
    """The case service."""

    async def open_case(self, key: str, opening: CaseOpening) -> Case:
        """Open a case. With a key used before for the same, return that case as it is now."""
        return await self._call("POST", "/api/v1/cases", Case, opening, key)

    async def move_case(self, key: str, number: str, move: CaseMove) -> Case:
        """Take a case one step on or back. Out of order raises `ConflictError`."""
        return await self._call("POST", f"/api/v1/cases/{_segment(number)}/steps", Case, move, key)

    async def case(self, number: str) -> Case:
        """Return a case or raise `UnknownIdError`."""
        return await self._call("GET", f"/api/v1/cases/{_segment(number)}", Case)

    async def cases(self, paging: Paging) -> CasePage:
        """Return a page of cases in the order of opening."""
        return await self._call("GET", f"/api/v1/cases?{_query(paging)}", CasePage)


class ApprovalClient(_ServiceClient):
    """The approval service."""

    async def ask(self, key: str, asking: ApprovalAsking) -> Approval:
        """Ask for an approval. With a key used before for the same, return that approval as it is now."""
        return await self._call("POST", "/api/v1/approvals", Approval, asking, key)

    async def decide(self, key: str, approval_id: str, decision: ApprovalDecision) -> Approval:
        """Grant or refuse. What is decided already raises `ConflictError`."""
        return await self._call("POST", f"/api/v1/approvals/{_segment(approval_id)}/decision", Approval, decision, key)

    async def approval(self, approval_id: str) -> Approval:
        """Return an approval or raise `UnknownIdError`."""
        return await self._call("GET", f"/api/v1/approvals/{_segment(approval_id)}", Approval)

    async def approvals(self, paging: Paging) -> ApprovalPage:
        """Return a page of approvals in the order of asking."""
        return await self._call("GET", f"/api/v1/approvals?{_query(paging)}", ApprovalPage)


async def _content(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > SERVICE_ANSWER_BYTES:
            raise UnavailableError(f"an answer is larger than {SERVICE_ANSWER_BYTES} bytes")
    return bytes(content)


def _refusal(base_url: str, status: int, content: bytes) -> TriuneError:
    try:
        told = msgspec.json.decode(content, type=_Told)
    except (ValueError, RecursionError):
        told = _Told()
    error = _ERRORS.get(status, UnavailableError)
    return error(told.detail or f"{base_url} answers HTTP {status}", service_code=told.code, service_status=status)


def _segment(text: str) -> str:
    return quote(text, safe="")


def _query(paging: Paging) -> str:
    shown = "" if paging.open is None else f"&open={str(paging.open).lower()}"
    return f"after={paging.after}&limit={paging.limit}{shown}"
