"""Text that one key opens: what a client's people typed, and the master key around those keys."""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel

from shared.contracts.event import Typed

PREFIX = "sealed:v1:"
"""How a sealed text begins; after it base64url of nonce and AES-256-GCM ciphertext."""

KEY_BYTES = 32
NONCE_BYTES = 12
"""Random: with one key per client, 2^32 texts of one client would be needed for a likely repeat."""

MARK_CHARACTERS = 22
"""Of base64url: 132 bits of an HMAC, so that two activities never share a mark."""

MARK_USE = b"limber activity mark v1"
"""Parts the key of marks from the key that seals."""

ModelT = TypeVar("ModelT", bound=BaseModel)


class UnreadableError(Exception):
    """The text was sealed with another key, for somebody else, or was changed since."""


@dataclass(frozen=True)
class Sealer:
    """Seals and opens the texts about one client."""

    client_id: UUID
    key: bytes = field(repr=False)

    def seal(self, text: str) -> str:
        """The text, unreadable without the client's key."""
        return PREFIX + _to_text(_encrypted(self.key, text.encode(), self.client_id.bytes))

    def open(self, text: str) -> str:
        """The text as it was typed; what was never sealed comes back as it is.

        Raises:
            UnreadableError: it was sealed for somebody else, or was changed.
        """
        if not text.startswith(PREFIX):
            return text
        return _decrypted(self.key, text.removeprefix(PREFIX), self.client_id.bytes).decode()

    def mark(self, text: str) -> str:
        """The same for the same text of the same client, and for nothing else."""
        own = hmac.digest(self.key, MARK_USE, hashlib.sha256)
        return _to_text(hmac.digest(own, text.encode(), hashlib.sha256))[:MARK_CHARACTERS]

    def seal_typed(self, part: ModelT) -> ModelT:
        """A copy with every field sealed that the contract marks as typed (`Typed`)."""
        changes = {}
        for name, told in type(part).model_fields.items():
            value = getattr(part, name)
            sealed = self._sealed(value, _typed(told.annotation, told.metadata))
            if sealed is not value:
                changes[name] = sealed
        return part.model_copy(update=changes) if changes else part

    def open_all(self, document: Any) -> Any:  # noqa: ANN401 - any JSON
        """A JSON document with every sealed text in it opened.

        Raises:
            UnreadableError: a text was sealed for somebody else, or was changed.
        """
        match document:
            case str():
                return self.open(document)
            case Mapping():
                return {name: self.open_all(value) for name, value in document.items()}
            case Sequence():
                return [self.open_all(value) for value in document]
            case _:
                return document

    def _sealed(self, value: Any, typed: Typed | None) -> Any:  # noqa: ANN401
        match value:
            case str() if typed is not None and value not in typed.codes:
                return self.seal(value)
            case BaseModel():
                return self.seal_typed(value)
            case tuple():
                parts = tuple(self._sealed(one, typed) for one in value)
                return (
                    parts if any(a is not b for a, b in zip(parts, value, strict=True)) else value
                )
            case _:
                return value


@dataclass(frozen=True)
class MasterKey:
    """Wraps the clients' keys, so that the database alone opens nothing.

    `old` still opens what was wrapped before the key was changed.
    """

    key: bytes = field(repr=False)
    old: bytes | None = field(default=None, repr=False)

    @classmethod
    def read(cls, text: str, old: str | None = None) -> "MasterKey":
        """From settings: 32 random bytes as base64url.

        Raises:
            ValueError: it is something else.
        """
        return cls(_key(text), None if old is None else _key(old))

    def new_key(self, client_id: UUID) -> bytes:
        """A new random key of a client, wrapped."""
        return self.wrap(os.urandom(KEY_BYTES), client_id)

    def wrap(self, key: bytes, client_id: UUID) -> bytes:
        """A client's key as the database keeps it."""
        return _encrypted(self.key, key, client_id.bytes)

    def unwrap(self, wrapped: bytes, client_id: UUID) -> Sealer:
        """What seals and opens the texts about a client.

        Raises:
            UnreadableError: another master key wrapped it, or it is another client's.
        """
        for master in (self.key, self.old):
            if master is not None:
                try:
                    return Sealer(client_id, _opened(master, wrapped, client_id.bytes))
                except UnreadableError:
                    continue
        raise UnreadableError("this master key opens no key of this client")

    def seal(self, text: str, about: str) -> str:
        """A text of nobody in particular, bound to what it is `about`."""
        return PREFIX + _to_text(_encrypted(self.key, text.encode(), about.encode()))

    def open(self, text: str, about: str) -> str:
        """What `seal` was given.

        Raises:
            UnreadableError: another master key sealed it, or it is about something else.
        """
        for master in (self.key, self.old):
            if master is not None:
                try:
                    return _decrypted(master, text.removeprefix(PREFIX), about.encode()).decode()
                except UnreadableError:
                    continue
        raise UnreadableError("this master key does not open the text")


def _typed(annotation: Any, metadata: Sequence[Any]) -> Typed | None:  # noqa: ANN401
    for one in metadata:
        if isinstance(one, Typed):
            return one
    for part in get_args(annotation):
        found = part if isinstance(part, Typed) else _typed(part, ())
        if found is not None:
            return found
    return None


def _key(text: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a master key is {KEY_BYTES} random bytes as base64url")
    return key


def _encrypted(key: bytes, plain: bytes, about: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, about)


def _opened(key: bytes, sealed: bytes, about: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
    except (InvalidTag, ValueError):
        raise UnreadableError("the key does not open this") from None


def _decrypted(key: bytes, text: str, about: bytes) -> bytes:
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise UnreadableError("this is no sealed text") from None
    return _opened(key, sealed, about)


def _to_text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
