"""What messages about care have to say: sign-in, alerts, check-ins, milestones, tips, clearance."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.notify.writing.catalogue import marked
from services.notify.writing.content import Action, Content, Fact, Occasion, a_name
from services.notify.writing.phrases import (
    MILESTONES,
    NOTICES,
    OTHER_MILESTONE,
    OTHER_NOTICE,
    RULES,
)
from services.notify.writing.sessions import ONLINE, OPEN_DESK, WITH, YOUR_TRAINER
from services.notify.writing.words import Words
from shared.options.catalogue import catalogue

ONE_OF_OURS = marked("A client")
MY_PAGE = marked("Open my page")
MY_PLAN = marked("See my plan")
ANSWER = marked("Answer now")
SIGN_IN = marked("Sign in")


def of_code(occasion: Occasion) -> Content:
    """The sign-in code that was asked for last."""
    code, words = occasion.delivery.code, occasion.words
    if code is None:
        raise ValueError("the code is gone")
    variables = {"code": code.code, "until": words.time(code.expires_at, occasion.rules)}
    return Content(variables, (), (Action(words.say(SIGN_IN), occasion.links.sign_in),))


def of_alert(occasion: Occasion) -> Content:
    """A client who needs somebody; what they reported is on the desk alone."""
    variables = {
        "client": occasion.other(ONE_OF_OURS),
        "emergency": occasion.detail["level"] == "emergency",
    }
    return Content(variables, (), (Action(occasion.words.say(OPEN_DESK), occasion.home),))


def of_notice(occasion: Occasion) -> Content:
    """What a trainer is asked to look at."""
    detail = occasion.detail
    if detail["what"] == "rule":
        request = RULES.get(detail.get("rule") or "", OTHER_NOTICE)
    else:
        request = NOTICES.get(detail["what"], OTHER_NOTICE)
    variables = {"client": occasion.other(ONE_OF_OURS), "request": occasion.words.say(request)}
    return Content(variables, (), (Action(occasion.words.say(OPEN_DESK), occasion.home),))


def of_check_in_before(occasion: Occasion) -> Content:
    """A check-in shortly before a session."""
    access = occasion.delivery.access
    with_name = a_name(access.with_name) if access else ""
    variables = {
        "time": occasion.words.time(occasion.instant("start"), occasion.rules),
        "with_name": with_name or occasion.words.say(YOUR_TRAINER),
    }
    return Content(variables, (), (_to_page(occasion, ANSWER),))


def of_check_in(occasion: Occasion) -> Content:
    """A check-in that is waited for until a moment."""
    variables = {"until": occasion.words.moment(occasion.instant("until"), occasion.rules)}
    return Content(variables, (), (_to_page(occasion, ANSWER),))


def of_question(occasion: Occasion) -> Content:
    """A question that needs nothing but its link."""
    return Content(actions=(_to_page(occasion, ANSWER),))


def of_milestone(occasion: Occasion) -> Content:
    """What was reached."""
    variables = {"milestone": _milestone(occasion.words, occasion.detail)}
    return Content(variables, (), (_to_page(occasion, MY_PAGE),))


def of_plan(occasion: Occasion) -> Content:
    """A plan that has begun."""
    return Content(actions=(_to_page(occasion, MY_PLAN),))


def of_tip(occasion: Occasion) -> Content:
    """An option to try, with its steps."""
    text = getattr(catalogue().by_code()[occasion.detail["option"]].text, occasion.words.language)
    variables = {
        "option": text.name,
        "purpose": text.purpose,
        "watch": text.watch,
        "stop": text.stop,
    }
    steps = tuple(Fact(str(number), step) for number, step in enumerate(text.steps, start=1))
    return Content(variables, steps, (_to_page(occasion, MY_PAGE),))


def of_summary(occasion: Occasion) -> Content:
    """A week: what was done, what was reached, what is next."""
    gathered, words = occasion.gathered, occasion.words
    done, check_ins = gathered["sessions_done"], gathered["check_ins"]
    facts = []
    if done:
        facts.append(Fact(words.say(marked("Sessions done")), str(done)))
    if check_ins:
        facts.append(Fact(words.say(marked("Check-ins")), str(check_ins)))
    waiting = [(one["template"], one["detail"]) for one in gathered["waiting"]]
    told = [("milestone", one) for one in gathered["milestones"]]
    # One milestone may be among both.
    encouragement = (_encouragement(words, *one) for one in (*told, *waiting))
    facts += dict.fromkeys(fact for fact in encouragement if fact is not None)
    if (coming := gathered["next"]) is not None:
        facts.append(Fact(words.say(marked("Next")), _coming(occasion, coming)))
    if not facts:
        raise ValueError("nothing to tell of")
    return Content({"busy": bool(done or check_ins)}, tuple(facts), (_to_page(occasion, MY_PAGE),))


def of_clearance_needed(occasion: Occasion) -> Content:
    """A client whose plan waits for a clinician."""
    variables = {"asked": bool(occasion.detail.get("asked"))}
    return Content(variables, (), (_to_page(occasion, MY_PAGE),))


def of_care_team(occasion: Occasion) -> Content:
    """A client who lets somebody look on, or asks them for advice."""
    where = occasion.home if occasion.person.role == "clinician" else occasion.links.sign_in
    label = marked("Open the clinic") if occasion.person.role == "clinician" else SIGN_IN
    variables = {"client": occasion.other(ONE_OF_OURS)}
    return Content(variables, (), (Action(occasion.words.say(label), where),))


def _to_page(occasion: Occasion, label: str) -> Action:
    return Action(occasion.words.say(label), occasion.home)


def _milestone(words: Words, detail: Mapping[str, Any]) -> str:
    return words.say(MILESTONES.get(detail["code"], OTHER_MILESTONE))


def _encouragement(words: Words, template: str, detail: Mapping[str, Any]) -> Fact | None:
    """A message that waited for the summary, as one line of it."""
    match template:
        case "milestone":
            return Fact(words.say(marked("Milestone")), _milestone(words, detail))
        case "tip":
            text = getattr(catalogue().by_code()[detail["option"]].text, words.language)
            return Fact(words.say(marked("An idea")), f"{text.name}. {text.purpose}")
        case "plan-ready":
            return Fact(words.say(marked("Your plan")), words.say(marked("Ready on your page")))
        case _:
            return None


def _coming(occasion: Occasion, coming: Mapping[str, Any]) -> str:
    words = occasion.words
    start = datetime.fromisoformat(coming["start"])
    parts = [words.moment(start, occasion.rules), words.say(words.service(coming["service"]).bare)]
    if with_name := a_name(coming["with_name"]):
        parts.append(f"{words.say(WITH).lower()} {with_name}")
    if coming["mode"] == "virtual":
        parts.append(words.say(ONLINE).lower())
    return ", ".join(parts)
