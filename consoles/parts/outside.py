"""The case and approval services, ours or the county's own, the SMS gateway, and the links that tell them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from command.access.keys import SiteKey
from command.kernel.errors import TriuneError
from command.kernel.limits import LINK_BACKOFF_FIRST_MS, LINK_BACKOFF_LONGEST_MS
from command.leases import while_held
from command.links.approval import ApprovalLink
from command.links.case import CaseLink
from command.links.clients import ApprovalClient, CaseClient
from command.links.follow import Follower, Link
from command.links.sms import SmsGateway, SmsLink
from command.links.violations import ViolationLink
from command.services.approval import app as approval_service
from command.services.case import app as case_service
from consoles.http import metrics
from consoles.parts.base import Base
from consoles.parts.stores import LINKS
from consoles.parts.watched import Watched
from consoles.settings import Outside

log = logging.getLogger(__name__)


@dataclass
class Services:
    """Where the services are, if anywhere, and the secrets that their webhooks are signed with once subscribed."""

    case: Outside | None
    approval: Outside | None
    secrets: dict[str, str] = field(default_factory=dict)


def token_of(service: str, key: SiteKey) -> str:
    """Return what a service of ours, `case` or `approval`, is spoken to and signed in to with."""
    return key.derive(f"{service}-token").hex()


@asynccontextmanager
async def services(base: Base) -> AsyncIterator[Services]:
    """Start our own services for what the county does not have; a hub among several has them set up apart."""
    settings, key, clock, tasks = base.settings, base.key, base.hub.clock, base.tasks
    data = Path(settings.data)
    alone = not settings.journal
    async with AsyncExitStack() as stack:
        case, approval = settings.case, settings.approval
        if case is None and alone:
            token = token_of("case", key)
            running = await case_service.start(
                tasks.group, path=data / "case.sqlite3", clock=clock, token=token,
                webhook_secret=key.derive("case-webhooks"), host=settings.host, port=settings.case_port,
            )  # fmt: skip
            stack.push_async_callback(running.stop)
            case = Outside(url=running.url, token=token)
        if approval is None and alone:
            token = token_of("approval", key)
            running = await approval_service.start(
                tasks.group, path=data / "approval.sqlite3", clock=clock, token=token,
                webhook_secret=key.derive("approval-webhooks"), host=settings.host, port=settings.approval_port,
            )  # fmt: skip
            stack.push_async_callback(running.stop)
            approval = Outside(url=running.url, token=token)
        yield Services(case=case, approval=approval)


@asynccontextmanager
async def links(base: Base, known: Services, own_url: str) -> AsyncIterator[None]:
    """Follow the journal for each outside service and subscribe to its webhooks; of several hubs one tells for all.

    `own_url` is where this hub listens; a service elsewhere reaches it where the settings advertise it.
    """
    settings, hub, site, kept, tasks = base.settings, base.hub, base.site_id, base.kept, base.tasks
    hooks = f"{settings.advertise.rstrip('/') or own_url}/api/v1/hooks"
    async with AsyncExitStack() as stack:
        told: list[Link] = []
        if known.case:
            case = await stack.enter_async_context(CaseClient(known.case.url, known.case.token))
            told += [CaseLink(hub, case, site), ViolationLink(hub, case, site, kept.blobs)]
            tasks.start(_subscribe(case, "case", hooks, known, base), "hook-case")
        if known.approval:
            approval = await stack.enter_async_context(ApprovalClient(known.approval.url, known.approval.token))
            told.append(ApprovalLink(hub, approval, site))
            tasks.start(_subscribe(approval, "approval", hooks, known, base), "hook-approval")
        if settings.sms:
            http = await stack.enter_async_context(aiohttp.ClientSession())
            told.append(SmsLink(hub, SmsGateway(http, settings.sms.url, settings.sms.token), site))
        followers = [Follower(hub, kept.cursors, link) for link in told]
        for follower in followers:
            tasks.start(while_held(kept.leases, LINKS, follower.run), f"link-{follower.name}")
        base.measured.append(metrics.links_of(followers))
        _watch_behind(base, [follower.name for follower in followers])
        yield


def _watch_behind(base: Base, links: Sequence[str]) -> None:
    """Tell how many facts each link has still to tell, whichever of several hubs it is that tells them."""

    async def behind() -> dict[str, int]:
        told = await base.kept.cursors.all()
        return {link: max(0, base.hub.committed_seq - told.get(link, 0)) for link in links}

    watched = Watched("how far links are", behind, base.hub.clock)
    base.tasks.start(watched.run(), "links-behind")
    base.waits.append(lambda: watched.value or dict.fromkeys(links))


async def _subscribe(client: CaseClient | ApprovalClient, name: str, hooks: str, known: Services, base: Base) -> None:
    """Ask the service to tell of changes, until it says yes; until then no decision comes back, and health says so."""
    clock, pause_ms, told = base.hub.clock, LINK_BACKOFF_FIRST_MS, ""
    base.degraded.append(lambda: [f"{name}: the service does not tell of changes yet: {told}"] if told else [])
    while True:
        try:
            known.secrets[name] = (await client.subscribe(f"{hooks}/{name}")).secret
        except TriuneError as error:
            if error.detail != told:
                log.warning("the %s service does not tell of changes yet: %s", name, error.detail)
            told = error.detail
            await clock.sleep(pause_ms)
            pause_ms = min(pause_ms * 2, LINK_BACKOFF_LONGEST_MS)
        else:
            told = ""
            return
