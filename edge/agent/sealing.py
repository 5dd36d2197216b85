"""Camera addresses on their way to one agent and on its disk: sealed with a key that only hub and agent can derive.

So neither a proxy that ends TLS nor a stolen disk gives the passwords of cameras away without the agent's own key.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from command.access.keys import Box


def box_of(agent_key: str) -> Box:
    """Return what seals and opens for the agent that has this key (HKDF, RFC 5869); the label is the camera's id."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"agent-camera-addresses").derive(agent_key.encode())
    return Box(derived)
