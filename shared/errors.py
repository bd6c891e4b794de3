"""What a person or a caller is told when a wish cannot be granted.

Refused
├── Invalid       422  the wish itself is wrong; names the fields
├── Malformed     400  the request cannot be read
├── NotFound      404
├── Unauthorised  401  no or an unknown token
├── Forbidden     403
├── Conflict      409  the world has moved on
├── Gone          410
├── StaleVersion  412
└── TooMany       429  with the seconds to wait
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """One bad field: its dotted path and what is wrong with it."""

    field: str
    message: str


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A wish that is answered with a problem: a public code, a sentence, and what helps next."""

    status: ClassVar[int]

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        fields: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.fields = tuple(fields)
        self.extra = dict(extra or {})


class Invalid(Refused):
    """The wish itself is wrong."""

    status = 422

    @classmethod
    def field(cls, name: str, message: str) -> "Invalid":
        """A refusal that names one bad field."""
        return cls("invalid", f"{name}: {message}", fields=[FieldError(name, message)])


class Malformed(Refused):
    """The request cannot be read."""

    status = 400


class Unauthorised(Refused):
    """No token, or one that is unknown or has run out."""

    status = 401


class Forbidden(Refused):
    """Known, but not allowed."""

    status = 403


class NotFound(Refused):
    """There is no such thing, or not for this caller."""

    status = 404


class Conflict(Refused):
    """The world has moved on since the caller looked."""

    status = 409


class Gone(Refused):
    """It was there, and has ended."""

    status = 410


class StaleVersion(Refused):
    """The caller holds an older version."""

    status = 412


class TooMany(Refused):
    """Too many wishes in a short time; `retry_after` is in seconds."""

    status = 429

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__("too-many-requests", detail)
        self.retry_after = retry_after
