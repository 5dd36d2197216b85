"""The endpoints by which a subscriber comes and goes; both services have them."""

from __future__ import annotations

from typing import Any

from yarl import URL

from command.kernel.errors import InvalidInputError
from command.links.service_messages import Subscription, SubscriptionAsking
from command.services.api import Call, Endpoint
from command.services.outbox import Outbox


def subscription_endpoints(outbox: Outbox) -> list[Endpoint[Any, Any]]:
    """Return POST and DELETE of `/api/v1/subscriptions`."""

    async def subscribe(call: Call[SubscriptionAsking, None]) -> Subscription:
        try:
            host = URL(call.body.url).host
        except ValueError as error:
            raise InvalidInputError(f"not a URL: {error}") from None
        if not host:
            raise InvalidInputError("the URL names no host")
        return await outbox.subscribe(call.body.url)

    async def unsubscribe(call: Call[None, None]) -> Subscription:
        return await outbox.unsubscribe(call.path["id"])

    return [
        Endpoint(
            method="POST",
            path="/api/v1/subscriptions",
            summary="Have every later change posted to a URL",
            body=SubscriptionAsking,
            answer=Subscription,
            handle=subscribe,
        ),
        Endpoint(
            method="DELETE",
            path="/api/v1/subscriptions/{id}",
            summary="Stop that",
            answer=Subscription,
            handle=unsubscribe,
        ),
    ]
