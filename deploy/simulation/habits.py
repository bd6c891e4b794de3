"""How often things happen in a simulated life. Design values: plausible, none measured by us.

Rates of missed and moved sessions lie where outpatient physiotherapy reports them (no-shows 3 to
10 percent); adherence to check-ins where studies with daily diaries do (70 to 90 percent).
"""

from typing import NamedTuple


class City(NamedTuple):
    """Where clients live: their share, zone, postal codes, and who speaks French."""

    name: str
    share: float
    tz: str
    postals: tuple[str, ...]
    french: float


CITIES = (
    City("toronto", 0.42, "America/Toronto",
         ("M5V 2T6", "M4C 1B5", "M6K 3P6", "M1B 2K9", "M9W 5L7", "M2N 5N1"), 0.03),
    City("hamilton", 0.20, "America/Toronto", ("L8P 1A1", "L8E 2K7", "L9C 3A4"), 0.03),
    City("ottawa", 0.18, "America/Toronto", ("K1N 6N5", "K2P 1L4", "K1V 9B4"), 0.35),
    City("collingwood", 0.08, "America/Toronto", ("L9Y 1W3", "L9Y 4M2"), 0.02),
    City("vancouver", 0.05, "America/Vancouver", ("V6B 1A1",), 0.02),
    City("winnipeg", 0.03, "America/Winnipeg", ("R3C 0A1",), 0.05),
    City("halifax", 0.04, "America/Halifax", ("B3H 4R2",), 0.05),
)  # fmt: skip
"""The last three are outside all areas: virtual only."""

CONDITIONS = {
    "back-pain": 0.30, "neck-pain": 0.12, "shoulder-pain": 0.10, "osteoarthritis-knee": 0.16,
    "osteoarthritis-hip": 0.08, "rheumatoid-arthritis": 0.05, "fibromyalgia": 0.09,
    "chronic-primary-pain": 0.08, "other": 0.02,
}  # fmt: skip

HOME_VISITS = 0.65
"""Of those who live where trainers visit."""

CLIENTS_PER_TRAINER = 14
"""A trainer's week has room for about twice as many visits with drives between them."""

CLIENTS_PER_CLINICIAN = 150

GOES_ON, GOES_ON_AFTER_MISSING = 0.88, 0.5
"""After the first workout, or after missing it, somebody books an assessment."""

COMES = {"first-workout": 0.90, "assessment": 0.96, "training": 0.95}
"""Of sessions that were neither moved nor cancelled."""

CANCELS, CANCELS_LATE, MOVES = 0.05, 0.02, 0.06
STAYS_AWAY_IN_FLARE = 0.3

SERIES, SERIES_COUNT = 0.6, 6
"""Who books several weeks at once, and how many; others book week by week."""

TWICE_A_WEEK = 0.2

ANSWERS = {"pre": 0.90, "post": 0.88, "next-morning": 0.80}
"""Of check-ins around sessions, on average; people differ around it."""

DAILY = 0.5
"""Chance of a daily check-in on an evening without a session, on average."""

TELLS_WHY, TELLS_FLARE = 0.7, 0.6
LOOKS_AT_PAGE = 0.3
"""Chance that somebody opens their page in the evening and does what it asks for."""

FLAG_R1, FLAG_R2, FLAG_R3, FLAG_D4 = 0.0002, 0.0005, 0.0008, 0.002
"""Chance of a sign by check-in: emergencies, signs for a doctor, a hot joint, a session's end."""

NEEDS_DOCTOR = 0.12
"""A heart condition or another disease together with little activity: gate G2."""

FEVER_AT_SCREENING = 0.01
DECISIONS = {"granted": 0.72, "limited": 0.24, "refused": 0.04}

WAITS_TOO = 0.04
"""Who books but would rather come sooner joins the waitlist as well."""

AGREES_TO_MARKETING, AGREES_LATER, NO_REMINDERS = 0.25, 0.01, 0.03
LEAVES_A_WEEK = 0.015
ASKS_TO_BE_FORGOTTEN = 0.3
"""Of those who leave, where the API can erase."""
