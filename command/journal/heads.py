"""Signed heads: what a site vouches for with its key, so that a rewritten, cut-off or swapped record does not pass."""

from __future__ import annotations

import hashlib

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from command.journal import Answer, Head, SignedHead

PURPOSE = "journal-heads"
"""What the key is derived from the site key for."""
BLOCK_FACTS = 1000
"""Each multiple of this is signed. Part of what a signature says, for it covers the answers since the last multiple:
another number would make every older signature wrong."""


class HeadKey:
    """The site's Ed25519 key (RFC 8032) for heads, made from 32 secret bytes: `SiteKey.derive(PURPOSE)`."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw()
        """32 bytes; whoever has them can check, and only check."""

    def sign(self, space: str, head: Head, answers: bytes, at_ms: int) -> SignedHead:
        """Vouch for all facts up to `head`, and for the answers of its block, whose digest is `answers`."""
        signature = self._private.sign(_statement(space, head.seq, head.digest, answers, at_ms))
        return SignedHead(seq=head.seq, digest=head.digest, at_ms=at_ms, signature=signature)


class AnchoredHead(msgspec.Struct, frozen=True, kw_only=True):
    """A signed head as it is kept outside: one line of JSON that can be checked by itself. Bytes are hexadecimal."""

    space: str
    seq: int
    digest: str
    answers: str
    at_ms: int
    public_key: str
    signature: str

    def line(self) -> bytes:
        """Return the line, with its end."""
        return msgspec.json.encode(self) + b"\n"

    def is_genuine(self) -> bool:
        """Say whether it was signed with the key that it names."""
        try:
            digest, answers = bytes.fromhex(self.digest), bytes.fromhex(self.answers)
            head = SignedHead(seq=self.seq, digest=digest, at_ms=self.at_ms, signature=bytes.fromhex(self.signature))
            return is_signed(self.space, head, answers, bytes.fromhex(self.public_key))
        except ValueError:
            return False


class AnswersDigest:
    """The digest of the answers in a block of `BLOCK_FACTS`, as they are met in the order of their numbers."""

    def __init__(self) -> None:
        self._block = 0
        self._hash = hashlib.sha256()

    def add(self, key: str, answer: Answer) -> None:
        """Take in the next answer."""
        self._enter(answer.seq)
        self._hash.update(msgspec.json.encode((answer.seq, key, answer.subject)) + b"\n")

    def at(self, seq: int) -> bytes:
        """Return the digest of those met, where they are all up to `seq`."""
        self._enter(seq)
        return self._hash.digest()

    def _enter(self, seq: int) -> None:
        if (block := block_before(seq)) != self._block:
            self._block, self._hash = block, hashlib.sha256()


def block_before(seq: int) -> int:
    """Return the last multiple of `BLOCK_FACTS` before `seq`: a head there vouches for the answers after it."""
    return (seq - 1) // BLOCK_FACTS * BLOCK_FACTS


def is_signed(space: str, head: SignedHead, answers: bytes, public: bytes) -> bool:
    """Say whether whoever holds the key of `public` vouched for the head and these answers of its block."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public)
        key.verify(head.signature, _statement(space, head.seq, head.digest, answers, head.at_ms))
    except (InvalidSignature, ValueError):
        return False
    return True


def to_anchor(space: str, head: SignedHead, answers: bytes, public: bytes) -> AnchoredHead:
    """Return what is kept outside of a head."""
    return AnchoredHead(
        space=space,
        seq=head.seq,
        digest=head.digest.hex(),
        answers=answers.hex(),
        at_ms=head.at_ms,
        public_key=public.hex(),
        signature=head.signature.hex(),
    )


def _statement(space: str, seq: int, digest: bytes, answers: bytes, at_ms: int) -> bytes:
    return f"triune head 1\n{space}\n{seq}\n{digest.hex()}\n{answers.hex()}\n{at_ms}\n".encode()
