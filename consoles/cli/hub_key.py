"""The key of a hub that is there: a folder named wrongly must not become a new one, with secrets that open nothing."""

from __future__ import annotations

import os
from pathlib import Path

from command.access.keys import ENVIRONMENT, SiteKey
from command.kernel.errors import UnavailableError
from consoles.settings import Settings


def key_of_hub(settings: Settings) -> SiteKey:
    """Return the key of the hub with these settings; `UnavailableError` where none has run there yet."""
    file = Path(settings.data) / "site.key"
    if not file.exists() and not os.environ.get(ENVIRONMENT):
        raise UnavailableError(f"no hub's data in {settings.data}: name its folder with --data or its --config")
    return SiteKey.load(file)
