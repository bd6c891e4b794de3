"""What programs that show mails trip over: structure, links, contrast, calendar files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import vobject  # type: ignore[import-untyped]
from icalendar import Calendar

VOID = frozenset({"meta", "br", "img", "hr", "link", "input"})

PAGES = re.compile(
    r"/(|me|desk|clinic|staff|sign-in|manage/[\w.-]+|waitlist/[\w.-]+|unsubscribe/[\w.-]+"
    r"|v1/bookings/[0-9a-f-]{36}/calendar\.ics)"
)
"""The paths that mails may lead to."""

LEAST_CONTRAST = 4.5
LEAST_SIZE_PX = 16
"""WCAG 2.2 AA for text, and what is read without zooming."""


@dataclass(frozen=True)
class Look:
    """How text looks where it stands."""

    color: str
    ground: str
    size: float
    hidden: bool


@dataclass
class Page(HTMLParser):
    """An HTML part, read strictly: each finding is a sentence."""

    found: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    metas: dict[str, str] = field(default_factory=dict)
    css: str = ""
    dark: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, Look]] = []
        self._classes: dict[str, dict[str, str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if len(given) < len(attrs):
            self.found.append(f"<{tag}> has an attribute twice")
        if tag == "img" and not given.get("alt"):
            self.found.append("an image has no words in its place")
        if tag in {"script", "form", "iframe", "object"}:
            self.found.append(f"<{tag}> does not belong into a mail")
        if "href" in given:
            self.links.append(given["href"])
        if tag == "html":
            self.languages.append(given.get("lang", ""))
        if tag == "meta" and "name" in given:
            self.metas[given["name"]] = given.get("content", "")
        if tag not in VOID:
            self._open.append((tag, self._look(given)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            self.found.append(f"</{tag}> closes nothing that is open")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        tag, look = self._open[-1] if self._open else ("", DEFAULT)
        if tag == "style":
            self.css += data
            if self.dark:
                self._classes = dark_rules(self.css)
            return
        if not data.strip() or tag == "title":
            return
        if look.hidden:
            return
        self.text.append(" ".join(data.split()))
        if contrast(look.color, look.ground) < LEAST_CONTRAST:
            self.found.append(f"{look.color} on {look.ground} is hard to read")
        if look.size < LEAST_SIZE_PX:
            self.found.append(f"{look.size} px is small")

    def close(self) -> None:
        super().close()
        self.found += [f"<{tag}> is never closed" for tag, _ in self._open]

    def _look(self, given: dict[str, str]) -> Look:
        look = self._open[-1][1] if self._open else DEFAULT
        style = declarations(given.get("style", ""))
        for name in given.get("class", "").split():
            style |= self._classes.get(name, {})
        return Look(
            color=style.get("color", look.color),
            ground=style.get("background", look.ground),
            size=float(style.get("font-size", f"{look.size}px").removesuffix("px")),
            hidden=look.hidden or style.get("display") == "none",
        )


DEFAULT = Look("#000000", "#ffffff", 16, hidden=False)


def read_page(html: str, *, dark: bool = False) -> Page:
    """An HTML part as a program with a light, or a dark, look shows it."""
    page = Page(dark=dark)
    page.feed(html)
    page.close()
    return page


def declarations(style: str) -> dict[str, str]:
    """The declarations of a style, by property."""
    pairs = (part.partition(":") for part in style.split(";") if ":" in part)
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs}


def dark_rules(css: str) -> dict[str, dict[str, str]]:
    """What classes look like where a dark look is preferred."""
    _, _, rules = css.partition("prefers-color-scheme: dark) {")
    found: dict[str, dict[str, str]] = {}
    for names, style in re.findall(r"([.\w, ]+)\{([^}]*)\}", rules):
        for name in names.split(","):
            found.setdefault(name.strip(" ."), {}).update(declarations(style))
    return found


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def wrong_links(links: list[str], public: str, others: tuple[str, ...]) -> list[str]:
    """Links that lead to no known page; `others` are beginnings of other houses' links."""
    wrong = []
    for link in links:
        parts = urlsplit(link)
        ours = f"{parts.scheme}://{parts.netloc}" == public
        if not (ours and PAGES.fullmatch(parts.path)) and not link.startswith(others):
            wrong.append(link)
    return wrong


def wrong_calendar(file: bytes, *, several: bool) -> list[str]:
    """What RFC 5545 and RFC 5546 ask for and a calendar file lacks; read by two libraries."""
    wrong = []
    if any(len(line) > 75 for line in file.split(b"\r\n")) or b"\n" in file.replace(b"\r\n", b""):
        wrong.append("a line is too long or ends wrongly")
    read: Any = vobject.readOne(file.decode())
    read.validate(raiseException=True)
    calendar: Any = Calendar.from_ical(file)
    method = str(calendar["METHOD"])
    for name, value in (("VERSION", "2.0"), ("CALSCALE", "GREGORIAN")):
        if calendar.get(name) != value:
            wrong.append(f"{name} is {calendar.get(name)}")
    if not calendar.get("PRODID"):
        wrong.append("nobody made it")
    if calendar.errors or any(part.errors for part in calendar.walk()):
        wrong.append("some of it cannot be read")
    events: list[Any] = calendar.walk("VEVENT")
    zones = {str(one["TZID"]) for one in calendar.walk("VTIMEZONE")}
    if several != (len({str(event["UID"]) for event in events}) > 1):
        wrong.append("it holds another number of events")
    for event in events:
        wrong += _wrong_event(event, method, zones)
    return wrong


def _wrong_event(event: Any, method: str, zones: set[str]) -> Iterator[str]:
    needed = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "ORGANIZER", "SUMMARY"}
    if missing := needed - event.keys():
        yield f"{', '.join(sorted(missing))} is missing"
    if (method == "PUBLISH") == ("ATTENDEE" in event):
        yield f"{method} and its attendees do not fit"
    if method != "PUBLISH" and (event["STATUS"] == "CANCELLED") != (method == "CANCEL"):
        yield f"{method} of what is {event['STATUS']}"
    if event["DTSTAMP"].dt.utcoffset() != timedelta(0):
        yield "DTSTAMP is not in UTC"
    if {event[name].params.get("TZID") for name in ("DTSTART", "DTEND")} - zones:
        yield "a zone has no rules"
    if not event.start < event.end:
        yield "it ends before it begins"
