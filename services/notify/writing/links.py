"""The pages that messages lead to."""

from dataclasses import dataclass
from uuid import UUID

from services.notify.domain.delivery import Access

_HOME = {"trainer": "desk", "clinician": "clinic", "staff": "staff", "lead": "staff"}


@dataclass(frozen=True)
class Links:
    """Addresses below the public one, which has no slash at its end."""

    public_url: str

    def home(self, role: str) -> str:
        """The signed-in page of a role."""
        return f"{self.public_url}/{_HOME.get(role, 'me')}"

    @property
    def sign_in(self) -> str:
        """Where a code is asked for and typed in."""
        return f"{self.public_url}/sign-in"

    def manage(self, access: Access | None) -> str:
        """The page of one booking, or the client's own page where its link is not known."""
        return f"{self.public_url}/manage/{access.manage_token}" if access else self.home("client")

    def calendar(self, booking_id: UUID, token: str) -> str:
        """The calendar file of one booking."""
        return f"{self.public_url}/v1/bookings/{booking_id}/calendar.ics?token={token}"

    def book(self, hold_id: UUID) -> str:
        """The booking page with a time that is kept."""
        return f"{self.public_url}/?hold={hold_id}"

    def leave(self, token: str | None) -> str:
        """The end of waiting, or the client's own page where its link is not known."""
        return f"{self.public_url}/waitlist/{token}" if token else self.home("client")

    def unsubscribe(self, token: str) -> str:
        """The end of one class of message by one channel; a POST there acts at once."""
        return f"{self.public_url}/unsubscribe/{token}"
