"""The case and approval services, ours or the county's own, the SMS gateway, and the links that tell them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from command.access.keys import SiteKey
from command.leases import while_held
from command.links.approval import ApprovalLink
from command.links.case import CaseLink
from command.links.clients import ApprovalClient, CaseClient
from command.links.follow import Follower, Link
from command.links.sms import SmsGateway, SmsLink
from command.links.subscriber import Subscriber
from command.links.violations import ViolationLink
from command.services.approval import app as approval_service
from command.services.case import app as case_service
from consoles.http import metrics
from consoles.parts.base import Base
from consoles.parts.stores import LINKS
from consoles.parts.watched import Watched
from consoles.settings import Outside


@dataclass
class Services:
    """Where the services are, if anywhere, and who hears what each tells once it is followed."""

    case: Outside | None
    approval: Outside | None
    subscribers: dict[str, Subscriber] = field(default_factory=dict)


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
            cases = CaseLink(hub, case, site)
            told += [cases, ViolationLink(hub, case, site, kept.blobs)]
            _subscribe(Subscriber("case", case, f"{hooks}/case", cases.catch_up, hub.clock), known, base)
        if known.approval:
            approval = await stack.enter_async_context(ApprovalClient(known.approval.url, known.approval.token))
            approvals = ApprovalLink(hub, approval, site)
            told.append(approvals)
            hears = Subscriber("approval", approval, f"{hooks}/approval", approvals.catch_up, hub.clock)
            _subscribe(hears, known, base)
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


def _subscribe(subscriber: Subscriber, known: Services, base: Base) -> None:
    """Hear the service from now on; while no decision comes back, health says so."""
    known.subscribers[subscriber.name] = subscriber
    base.degraded.append(subscriber.problems)
    base.tasks.start(subscriber.run(), f"hook-{subscriber.name}")
