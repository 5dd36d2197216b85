"""Digest answers of programs that nobody here wrote: SHA-256 and MD5, with and without qop (SPEC R320).

sipp 3.6.1 answers MD5 alone (`tests/edge/gb28181/test_sipp.py`), so others stand in for it: aiohttp's client, which
answers as RFC 7616 says whatever the method is, and what the SIP stack sippy 2.5.0 registered with at our registrar.
"""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web
from aiohttp.client_middleware_digest_auth import DigestAuthMiddleware

from edge.digest import Algorithm, Nonces, challenge, credentials, is_right
from tests.edge.gb28181.site import DEVICE, DOMAIN, PASSWORD

_NOW_MS = 1_795_320_000_000


@pytest.mark.parametrize("qop", [True, False])
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_the_answers_of_another_client_are_right_with_the_password_and_wrong_without(
    algorithm: Algorithm, qop: bool
) -> None:
    nonces = Nonces(60_000)
    seen: list[tuple[Algorithm, str, int]] = []

    async def answer(request: web.Request) -> web.Response:
        said = request.headers.get("Authorization")
        if said is not None:
            told = credentials(said)
            assert told.username == DEVICE
            assert nonces.judge(told.nonce, DEVICE, _NOW_MS) == "fresh"
            seen.append((told.algorithm, told.qop, told.nonce_count))
            if is_right(told, request.method, PASSWORD):
                return web.Response(text="registered")
        asked = challenge(DOMAIN, nonces.make(DEVICE, _NOW_MS), algorithm, qop=qop, stale=False)
        return web.Response(status=401, headers={"WWW-Authenticate": asked})

    app = web.Application()
    app.router.add_route("POST", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/sip"
        for password, status in ((PASSWORD, 200), ("87654321", 401)):
            login = DigestAuthMiddleware(DEVICE, password)
            async with aiohttp.ClientSession(middlewares=(login,)) as http, http.request("POST", url) as response:
                assert response.status == status
    finally:
        await runner.cleanup()
    assert set(seen) == {(algorithm, "auth" if qop else "", 1 if qop else 0)}


@pytest.mark.parametrize(
    "answered",
    [
        'nonce="01a202325a42dc2ec0a96890bc7b7f57ced35269fbf900940ce3",uri="sip:3402000000",response="4cd60f05015e29186ef1'
        '6796093bed5966d9848fe1ab4ce2a60e9954af282784",algorithm=SHA-256,qop=auth,nc=00000001,cnonce="0aeaea2c"',
        'nonce="01a2023209bcc8a7aacfe23e256699affc7884ee0795c8694351",uri="sip:3402000000",'
        'response="a3cafa74ccd7ddff27b933d128c682a4",algorithm=MD5,qop=auth,nc=00000001,cnonce="4f6e20a3"',
        'nonce="01a2023207f41799864778448d472f412d02b67b6e26900da93e",uri="sip:3402000000",'
        'response="a0032c6d91e435e5680ae282b9cd1f00",algorithm=MD5',
    ],
    ids=["SHA-256 qop", "MD5 qop", "MD5"],
)
def test_what_a_sip_stack_of_others_registered_with_is_right(answered: str) -> None:
    told = credentials(f'Digest username="{DEVICE}",realm="{DOMAIN}",{answered}')

    assert is_right(told, "REGISTER", PASSWORD)
    assert not is_right(told, "REGISTER", "87654321")
    assert not is_right(told, "INVITE", PASSWORD)
