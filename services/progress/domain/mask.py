"""Which options a client is not given, and why: the one safety mask of plan, menu and proposal."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from services.progress.domain.firing import Firing
from services.progress.domain.gates import Gate
from services.progress.domain.model import Client
from services.progress.domain.rules import Rules
from shared.contracts.progress import Level
from shared.contracts.submissions import RedFlag
from shared.options.catalogue import Option

MaskCode = Literal[
    "condition", "screening", "red-flag", "avoid", "effort", "impact", "locked", "joint", "gate",
    "level", "calm-menu",
]  # fmt: skip

CALM_MENU = "calm-menu"
"""The action code of rules that ask for calm and mobility alone."""

QUIET = frozenset({"calm"})
CALM_AND_MOBILITY = frozenset({"calm", "mobility"})

WAITING_GATES = frozenset({"G2", "G4"})
"""Gates that leave breathing and education alone until they open."""


@dataclass(frozen=True)
class Masked:
    """Why an option is not given: the rule, a code, and a sentence."""

    rule: str
    code: MaskCode
    detail: str


@dataclass(frozen=True)
class Today:
    """How a client stands today: level, rules in force, closed gates."""

    level: Level
    firings: tuple[Firing, ...] = ()
    gates: tuple[Gate, ...] = ()

    def asked_by(self, code: str) -> str | None:
        """The rule in force that asks for an action."""
        return next((firing.rule for firing in self.firings if firing.code == code), None)


@dataclass(frozen=True)
class Mask:
    """The mask of one client. With `today` it also knows what only today rules out."""

    client: Client
    rules: Rules
    today: Today | None = None

    def why_not(self, option: Option) -> Masked | None:
        """The gravest reason not to give an option; None when it may be given."""
        return (
            self._locked(option)
            or self._signs(option)
            or self._history(option)
            or self._clearance(option)
            or self._too_hard(option)
            or self._today(option)
        )

    def allowed(self, options: Iterable[Option]) -> list[Option]:
        """Those that may be given, in their order."""
        return [option for option in options if self.why_not(option) is None]

    def _locked(self, option: Option) -> Masked | None:
        for hold in self.client.holds:
            # A lock without an option: nobody said which one it was.
            unknown = hold.option is None and option.family not in QUIET
            if hold.kind == "option" and (unknown or hold.option == option.code):
                return Masked(hold.rule, "locked", "It waits until a trainer unlocks it.")
            spared = option.family not in CALM_AND_MOBILITY
            spared = spared or option.load > self.rules.mask.joint_load_at_most
            if hold.kind == "joint" and spared and option.family not in QUIET:
                return Masked(hold.rule, "joint", "A joint is spared: low load only.")
        return None

    def _signs(self, option: Option) -> Masked | None:
        for rule, flag in self._flags:
            if flag in option.contraindications.red_flags:
                return Masked(rule, "red-flag", f"Not with the reported sign {flag}.")
        return None

    @cached_property
    def _flags(self) -> tuple[tuple[str, RedFlag], ...]:
        # Signs that placed a hold count until a person lifts it; others for a while.
        rules, client = self.rules, self.client
        found: dict[RedFlag, str] = {}
        for hold in client.holds:
            for firing in hold.firings:
                found |= dict.fromkeys(firing.inputs.get("red_flags", ()), hold.rule)
        passing: dict[RedFlag, str] = {
            flag: rule.id
            for rule in rules.rules
            if rule.hold is None
            for when in rule.when
            for flag in when.any_of or ()
        }
        if client.as_of is not None:
            since = client.as_of - rules.mask.flags_count
            told = [flag for one in client.reports if one.at > since for flag in one.red_flags]
            screening = client.care.screening
            if screening is not None and screening.at > since:
                told += screening.red_flags
            found = {flag: passing[flag] for flag in told if flag in passing} | found
        return tuple(sorted((rule, flag) for flag, rule in found.items()))

    def _history(self, option: Option) -> Masked | None:
        screening = self.client.care.screening
        if screening is None:
            return None
        against = option.contraindications
        for condition in screening.conditions:
            if condition in against.conditions:
                return Masked("G2", "condition", f"Not with the condition {condition}.")
        for answer in against.screening:
            if getattr(screening.health, answer):
                rule = "G4" if answer in {"fever", "pregnant"} else "G2"
                return Masked(rule, "screening", f"Not with the screening's answer {answer}.")
        return None

    def _clearance(self, option: Option) -> Masked | None:
        # What a clinician ruled out stays so, also after the clearance has run out.
        clearance = self.client.care.clearance
        if clearance is None:
            return None
        named = {option.code, option.family, option.position, *option.regions}
        for code in clearance.avoid:
            if code in named:
                return Masked("G2", "avoid", f"The clearance says to avoid {code}.")
        if clearance.max_effort is not None and option.effort > clearance.max_effort:
            return Masked("G2", "effort", f"Effort {option.effort} is above what is cleared.")
        return None

    def _too_hard(self, option: Option) -> Masked | None:
        figures, clearance = self.rules.mask, self.client.care.clearance
        cleared = clearance is not None and clearance.status == "granted"
        if option.effort >= figures.effort_below and not cleared:
            return Masked("G2", "effort", "Vigorous effort needs a clearance.")
        if option.impact > figures.impact_at_most:
            return Masked("G2", "impact", "Its impact is too high.")
        return None

    def _today(self, option: Option) -> Masked | None:
        today = self.today
        if today is None or option.family in QUIET:
            return None
        for gate in today.gates:
            if gate.rule in WAITING_GATES:
                return Masked(gate.rule, "gate", "Calm options alone until the gate opens.")
        if today.level in {"stop", "hold", "emergency"}:
            rule = next((one.rule for one in today.firings if one.level == today.level), "")
            return Masked(rule, "level", "Calm options alone today.")
        calm = today.asked_by(CALM_MENU)
        if calm is not None and option.family not in CALM_AND_MOBILITY:
            return Masked(calm, "calm-menu", "Calm and mobility alone today.")
        return None


def allowed(
    option: Option, client: Client, rules: Rules, today: Today | None = None
) -> Masked | None:
    """Why a client is not given an option; None when it may be given."""
    return Mask(client, rules, today).why_not(option)
