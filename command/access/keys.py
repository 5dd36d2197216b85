"""The site's key, and what is sealed with keys derived from it: camera addresses and evidence at rest."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.folders import sync_folder

ENVIRONMENT = "TRIUNE_KEY"
_NONCE_BYTES = 12


class SiteKey:
    """32 secret bytes, from the environment (64 hex digits) or a file that only its owner reads."""

    def __init__(self, material: bytes) -> None:
        if len(material) != 32:
            raise InvalidInputError("the site key is 32 bytes, written as 64 hex digits")
        self._material = material

    @classmethod
    def load(cls, path: Path) -> SiteKey:
        """Return the key from `TRIUNE_KEY`, else from the file, which is made on first use.

        Raises `UnavailableError` where the file cannot be read or made, or is missing beside what it once sealed.
        """
        if text := os.environ.get(ENVIRONMENT):
            return cls._from_hex(text)
        try:
            if not path.exists():
                _make(path)
            return cls._from_hex(path.read_text(encoding="ascii"))
        except OSError as error:
            raise UnavailableError(f"the site key {path} cannot be had: {error.strerror}") from error
        except UnicodeDecodeError:
            raise InvalidInputError(f"the site key {path} is not 64 hex digits") from None

    @classmethod
    def _from_hex(cls, text: str) -> SiteKey:
        try:
            return cls(bytes.fromhex(text.strip()))
        except ValueError as error:
            raise InvalidInputError("the site key is not 64 hex digits") from error

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose (HKDF, RFC 5869)."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(self._material)

    def box(self, purpose: str) -> Box:
        """Return something that seals and opens for one purpose."""
        return Box(self.derive(purpose))


def _make(path: Path) -> None:
    """Write a new key: durable before anything is sealed with it, and whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(path.parent.glob("*.sqlite3")):
        raise UnavailableError(
            f"{path} is missing beside what is sealed with it: restore it from where it was kept, or set {ENVIRONMENT}"
        )
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody else made one meanwhile, and that counts
            path.hardlink_to(part)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


class Box:
    """AES-256-GCM with a random nonce in front; `label` binds a sealed text to where it belongs."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, label: str) -> bytes:
        """Return nonce and ciphertext."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, label.encode())

    def open(self, sealed: bytes, label: str) -> bytes:
        """Return the plain bytes; `UnavailableError` where the key is another or the bytes were changed."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], label.encode())
        except (InvalidTag, ValueError) as error:  # ValueError: cut off within the nonce
            raise UnavailableError(f"{label} cannot be opened: another key, or it was changed") from error
