"""The sentences of the safety rules in the language of the page.

Progress writes them in English, with each decision; what stands here has its French in the
catalogue. A sentence that is new in the rules is shown in English until it does.
"""

from services.booking.pages.language import Tongue


def _(text: str) -> str:
    """Marks a text for the catalogue."""
    return text


SENTENCES = frozenset(
    {
        _("Posture and mechanics have not been assessed yet."),
        _("The assessment is older than it may be."),
        _("Assess posture and mechanics."),
        _("There is no screening yet."),
        _("A clinician has to say first whether exercise is right."),
        _("A clinician advises against a plan for now."),
        _("Answer the questions about health."),
        _("Ask a doctor or physiotherapist to decide. Until then: breathing and reading."),
        _("The screening is older than it may be."),
        _("Health has changed: a clinician has to look before the plan goes on."),
        _("A clinician advises against going on with the plan for now."),
        _("The clearance has run out: a clinician has to look again."),
        _("Answer the questions about health again. The plan waits until then."),
        _("Ask a doctor or physiotherapist to decide. The plan waits until then."),
        _("Exercise waits until a fever or acute illness is over."),
        _("In a pregnancy a professional says first which exercise is right."),
        _("A professional advises against exercise for now."),
        _("The advice about the pregnancy has run out: a professional has to look again."),
        _("Rest. Answer the questions about health again once you are well."),
        _("Ask your doctor or midwife for advice first."),
        _(
            "You reported a sign that needs medical help now. Sessions wait until a person "
            "has spoken with you."
        ),
        _("Stop now and call 911, or your local emergency number."),
        _(
            "You reported a sign that a doctor should look at today. Sessions wait until a "
            "person has spoken with you."
        ),
        _(
            "A hot, swollen joint with a fever is for a doctor today. Sessions wait until a "
            "person has spoken with you."
        ),
        _(
            "You reported a sign that a doctor should look at. Sessions wait until a person "
            "has spoken with you."
        ),
        _("Ask a doctor for advice today."),
        _("Ask a doctor for advice within 48 hours."),
        _("A joint is hot, red or swollen: it is spared until your trainer has spoken with you."),
        _("Spare this joint. Gentle movement elsewhere is fine."),
        _("Your pain is 8 or more."),
        _("Your pain is at least 3 above your usual."),
        _("Keep to calm and mobility exercises today."),
        _("Tell us whether this is a flare."),
        _("Your pain is 6 or 7."),
        _("Your pain is at least 2 above your usual."),
        _("Do about 30 percent less today, and nothing new."),
        _("The worst pain in the exercise was 2 or less."),
        _("You may do a little more next time if the next morning is fine too."),
        _("The worst pain in the exercise was between 3 and 5."),
        _("The worst pain in the exercise was at most 1 above where you began."),
        _("Keep the dose as it is."),
        _("The worst pain in the exercise was above 5."),
        _("The worst pain in the exercise was at least 2 above where you began."),
        _("Stop this exercise and take an easier version."),
        _("End the session here: more than one exercise went too far."),
        _("You reported a sign that ends a session."),
        _("Stop the session."),
        _("Answer the questions about other signs before you go on."),
        _("The effort was above what your clinician allows."),
        _("The effort was 7 or more, which nobody has cleared you for yet."),
        _("The effort was at least 2 above the plan."),
        _("The morning is no more painful than before the session, but stiffer."),
        _("It has settled, after a morning that was worse."),
        _("The morning is at most 1 above where you began."),
        _("You may do a little more next time, in one thing."),
        _("The morning is at least 2 above where you began."),
        _("Tell us what may have caused it. These exercises come down by a quarter next time."),
        _("Two days later the pain is still at least 2 above where you began."),
        _("The same exercise was followed by a worse morning for the second time."),
        _("Leave this exercise out until your trainer has looked at it."),
        _("We have not heard how the morning after the session was."),
        _("Keep to the last dose that went well, until you have told us."),
        _("Your pain has risen for two weeks in a row."),
        _("Your trainer looks at the plan with you; nothing is added until then."),
        _("This week was a big step up from the three weeks before."),
        _("A big step this week: let the next one be calmer."),
        _("You are in a flare: the flare plan counts until it has settled."),
        _("Your reports look like a flare: the flare plan counts until it has settled."),
        _("Keep to calm and mobility exercises."),
        _("Do less than usual, and nothing new."),
        _("This flare is longer than most. Sessions wait until a person has spoken with you."),
        _(
            "Your pain has been 8 or more for three days. Sessions wait until a person has "
            "spoken with you."
        ),
        _("Ask a doctor to look at it."),
        _("Twelve weeks have not changed enough."),
        _("Your trainer looks at everything with you anew."),
        _("Little of the plan was done although pain is low, and worry was named."),
        _("Begin with what you enjoy, in small steps."),
        _("Your answers say that these weeks are hard."),
        _("Somebody of our team will call you. You can also speak with your doctor."),
    }
)
"""All that the rules say to clients."""


def sentence(text: str, words: Tongue) -> str:
    """A sentence of the rules in the language of the page."""
    return words.translations.gettext(text) if text in SENTENCES else text
