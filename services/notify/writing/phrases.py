"""What a code is called in a message, in English; the catalogues have the other languages."""

from dataclasses import dataclass

from services.notify.writing.catalogue import marked, marked_several


@dataclass(frozen=True)
class ServiceNames:
    """A service as it stands in sentences; `several` is one and many, with a count."""

    bare: str
    a: str
    the: str
    several: tuple[str, str]


OTHER_SERVICE = ServiceNames(
    bare=marked("session"),
    a=marked("a session"),
    the=marked("the session"),
    several=marked_several("%(count)s session", "%(count)s sessions"),
)

SERVICES: dict[str, ServiceNames] = {
    "first-workout": ServiceNames(
        bare=marked("first workout"),
        a=marked("a first workout"),
        the=marked("the first workout"),
        several=OTHER_SERVICE.several,
    ),
    "assessment": ServiceNames(
        bare=marked("assessment"),
        a=marked("an assessment"),
        the=marked("the assessment"),
        several=marked_several("%(count)s assessment", "%(count)s assessments"),
    ),
    "training": ServiceNames(
        bare=marked("training session"),
        a=marked("a training session"),
        the=marked("the training session"),
        several=marked_several("%(count)s training session", "%(count)s training sessions"),
    ),
}

MILESTONES: dict[str, str] = {
    "goals-better": marked(
        "The activities that matter to you have become easier. You chose them, and you got there"
        " one small step at a time."
    ),
    "one-goal-better": marked("One of the activities that matter to you has become much easier."),
    "chair-stands-better": marked(
        "You stand up from a chair more often in half a minute than when you began. That is"
        " strength for every day."
    ),
    "peg-better": marked("Less stands in the way of your days than when you began."),
    "confidence-better": marked("You trust your body more than you did four weeks ago."),
    "first-session": marked(
        "Your first session is behind you. Beginning takes courage, and you did it."
    ),
    "steady-weeks": marked(
        "Four weeks in a row you made room for yourself. Small and steady is what lasts."
    ),
    "green-week": marked("A whole week in the green: you found an amount that suits you."),
}
"""What was reached, as one or two sentences of a mail; never a number, never a promise."""

OTHER_MILESTONE = marked("You reached something that is worth noticing.")

_CALM = marked("Please keep the next session calm and short, and add nothing new.")
_CLEARANCE = marked(
    "Please see that the questions about health are answered and, where it is asked for, that a"
    " doctor or physiotherapist has a say. Until then only calm exercises are open."
)

RULES: dict[str, str] = {
    "G1": marked("Please assess posture and movement; the plan waits for it."),
    "G2": _CLEARANCE,
    "G3": _CLEARANCE,
    "G4": _CLEARANCE,
    "P1": _CALM,
    "P2": marked("Please do about a third less in the next session, and add nothing new."),
    "A2": marked(
        "Please look at the last session together. Some exercises come down next time, and you may"
        " want to swap one."
    ),
    "A3": marked("Please look at the exercise that is left out, and choose another or clear it."),
    "A4": marked("We have not heard how the morning after the session was. Please ask."),
    "A5": marked("Please look at the plan together; nothing is added until you have."),
    "L1": marked("This week was a big step up. Please plan a calmer one now."),
    "T1": marked("Please keep to calm and mobility exercises until things have settled."),
    "T2": _CALM,
    "T3": marked("Please look at the whole plan anew: the last weeks have not changed enough."),
    "T4": marked("Please begin with what they enjoy, in small steps."),
    "M1": marked("Please ask them how these weeks are. A short call is enough to begin with."),
}
"""What a rule asks of the trainer, in a sentence; why it does is on the desk."""

NOTICES: dict[str, str] = {
    "flare": RULES["T1"],
    "missed": marked(
        "We have not heard from them after their last sessions. A short, friendly word is enough;"
        " there is nothing to catch up on."
    ),
    "support": RULES["M1"],
}
"""What else asks for a look, in the same way."""

OTHER_NOTICE = marked("Please look at what they told us lately.")

ZONES: dict[str, str] = {
    "NST": marked("NST"),
    "NDT": marked("NDT"),
    "AST": marked("AST"),
    "ADT": marked("ADT"),
    "EST": marked("EST"),
    "EDT": marked("EDT"),
    "CST": marked("CST"),
    "CDT": marked("CDT"),
    "MST": marked("MST"),
    "MDT": marked("MDT"),
    "PST": marked("PST"),
    "PDT": marked("PDT"),
}
"""Abbreviations of Canadian zones, which French writes in its own way; others are left as they
are. They come from the pinned zone rules: a library with rules of its own may know old ones."""

ZONES_OF = "America/"
"""Where these abbreviations mean what they say; CST is also China's."""
