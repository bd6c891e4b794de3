"""All topics and all event types, in one place."""

from dataclasses import dataclass

from shared.contracts import (
    booking,
    care,
    conclusions,
    contacts,
    messages,
    progress,
    submissions,
    waitlist,
    webhooks,
)
from shared.contracts.event import Event

EVENT_TYPES: dict[str, type[Event]] = {
    event.type: event
    for event in (
        booking.BookingConfirmed,
        booking.BookingRescheduled,
        booking.BookingCancelled,
        booking.BookingCompleted,
        booking.BookingMissed,
        booking.BookingFrozen,
        booking.BookingUnfrozen,
        booking.ClientRegistered,
        booking.ClientErased,
        booking.ConsentChanged,
        booking.SafetyAcknowledged,
        waitlist.WaitlistJoined,
        waitlist.WaitlistOffered,
        waitlist.WaitlistLeft,
        contacts.ContactChanged,
        submissions.CheckInSubmitted,
        submissions.HoldLiftSubmitted,
        care.ScreeningSubmitted,
        care.AssessmentSubmitted,
        care.QuestionnaireSubmitted,
        care.GoalsSubmitted,
        care.PlanSubmitted,
        care.PlanActivationSubmitted,
        care.PlanCommentSubmitted,
        care.ClearanceDecisionSubmitted,
        care.WeightsSubmitted,
        care.SwapSubmitted,
        progress.SubmissionAnswered,
        progress.CheckInRecorded,
        progress.SafetyLevelChanged,
        progress.SafetyHoldPlaced,
        progress.SafetyHoldLifted,
        progress.RuleFired,
        progress.ViewUpdated,
        conclusions.ScreeningRecorded,
        conclusions.ClearanceRequested,
        conclusions.ClearanceDecided,
        conclusions.ClearanceExpired,
        conclusions.AssessmentRecorded,
        conclusions.QuestionnaireRecorded,
        conclusions.GoalsRecorded,
        conclusions.PlanDrafted,
        conclusions.PlanActivated,
        conclusions.PlanRevised,
        conclusions.CheckInInvited,
        conclusions.CheckInMissed,
        conclusions.FlareSuspected,
        conclusions.FlareResolved,
        conclusions.TrendComputed,
        conclusions.EffectComputed,
        conclusions.RecommendationProposed,
        conclusions.RecommendationOverridden,
        conclusions.MilestoneReached,
        conclusions.SupportSuggested,
        messages.MessageScheduled,
        messages.MessageSent,
        messages.MessageFailed,
        messages.MessageUnknown,
        messages.MessageCancelled,
        messages.RecipientSuppressed,
        messages.RecipientRestored,
        webhooks.WebhookPaused,
    )
}


@dataclass(frozen=True)
class Topic:
    """A topic as the topics job creates it. `retention_days` is ignored when compacted.

    `readers` are the services that consume it; analysts may read what is not private.
    """

    name: str
    owner: str
    about: str
    key: str
    readers: tuple[str, ...]
    compacted: bool = False
    private: bool = False
    retention_days: int = 400


PARTITIONS = 6
"""The same for all topics, so that a key has the same partition number everywhere."""

_CLIENT = "the client, so all that concerns one client is in order"

TOPICS = (
    Topic(
        "booking.events",
        "booking",
        "what happened to bookings and clients",
        key=_CLIENT,
        readers=("notify", "progress"),
    ),
    Topic(
        "booking.contacts",
        "booking",
        "how to reach a person; one document each",
        key="the person",
        readers=("notify",),
        compacted=True,
        private=True,
    ),
    Topic(
        "booking.submissions",
        "booking",
        "what people reported",
        key=_CLIENT,
        readers=("progress",),
        private=True,
        retention_days=30,
    ),
    Topic(
        "progress.events",
        "progress",
        "what progress concluded",
        key=_CLIENT,
        readers=("booking", "notify"),
    ),
    Topic(
        "progress.views",
        "progress",
        "what a client's page shows",
        key="the client",
        readers=("booking",),
        compacted=True,
    ),
    Topic(
        "notify.events",
        "notify",
        "which messages went out",
        key="the person a message is for; of webhook facts the webhook",
        readers=("booking",),
    ),
)
