"""What the hub last said that the agent is to do, kept so that a restart without the hub goes on with it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import msgspec

from command.kernel.folders import write_durably
from edge.agent.protocol import Config

log = logging.getLogger(__name__)


class KeptConfig:
    """A file that only its owner reads; the addresses in it stay sealed as they came."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def load(self) -> Config:
        """Return what was kept; nothing to do where there is none or it cannot be read."""
        return await asyncio.to_thread(self._load)

    async def keep(self, config: Config) -> None:
        """Keep it; a full disk is logged, since the agent knows it all the same."""
        try:
            await asyncio.to_thread(self._keep, msgspec.structs.replace(config, restate=False))
        except OSError as error:
            log.warning("what the hub says cannot be kept: %s", error.strerror)

    def _load(self) -> Config:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Config)
        except FileNotFoundError:
            pass
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("what the hub said before cannot be read: %s", error)
        return Config(cameras=[], watches=[])

    def _keep(self, config: Config) -> None:
        write_durably(self._path, msgspec.json.encode(config))
