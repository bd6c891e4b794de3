"""A visitor without scripts: follows links, sends forms as they stand on the page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from tests.integration.booking.front_door import PUBLIC_URL, FrontDoor

Attributes = dict[str, str | None]


@dataclass
class Form:
    """A form with the values it would send, and its buttons by their text."""

    method: str
    action: str
    values: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[Attributes] = field(default_factory=list)


class Page(HTMLParser):
    """What a page holds: its text, forms, links and elements by `data-testid`."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(convert_charrefs=True)
        self.answer = answer
        self.status = answer.status_code
        self.url = str(answer.url)
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.links: dict[str, str] = {}
        self.tagged: dict[str, list[Attributes]] = {}
        self.text = ""
        self._form: Form | None = None
        self._late: list[tuple[str, str, str]] = []
        self._link: str | None = None
        self._select: str | None = None
        self._area: str | None = None
        self.feed(answer.text)
        self.text = " ".join(self.text.split())
        for form, name, value in self._late:
            self.by_id[form].values.append((name, value))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, their fields, links and tagged elements."""
        found = dict(attrs)
        if tagged := found.get("data-testid"):
            self.tagged.setdefault(tagged, []).append(found)
        match tag:
            case "form":
                self._form = Form(
                    (found.get("method") or "get").lower(),
                    urljoin(self.url, found.get("action") or ""),
                )
                self.forms.append(self._form)
                if identity := found.get("id"):
                    self.by_id[identity] = self._form
            case "input":
                kind = found.get("type") or "text"
                if kind not in {"checkbox", "radio"} or "checked" in found:
                    self._value(found, found.get("value") or "")
            case "button" if self._form is not None:
                self._form.buttons.append(found)
            case "select":
                self._select = found.get("name")
            case "option" if self._select and "selected" in found and self._form:
                self._form.values.append((self._select, found.get("value") or ""))
            case "textarea":
                self._area = found.get("name")
            case "a":
                self._link = found.get("href")
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        """A form, link or field ends."""
        match tag:
            case "form":
                self._form = None
            case "a":
                self._link = None
            case "select":
                self._select = None
            case "textarea":
                self._area = None
            case _:
                pass

    def handle_data(self, data: str) -> None:
        """Text counts where people read it."""
        self.text += data
        if self._link:
            self.links.setdefault(data.strip(), urljoin(self.url, self._link))
        if self._area and self._form:
            self._form.values.append((self._area, data))

    def _value(self, found: Attributes, value: str) -> None:
        name = found.get("name")
        if not name:
            return
        if owner := found.get("form"):
            self._late.append((owner, name, value))
        elif self._form is not None:
            self._form.values.append((name, value))


class Visitor:
    """A browser without scripts, with its cookies."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def open(self, path: str, **headers: str) -> Page:
        """Go to an address."""
        return Page(await self.http.get(path, headers=headers, follow_redirects=True))

    async def send(self, page: Page, action: str, *, press: str = "", **typed: str | None) -> Page:
        """Fill in the page's form whose address contains `action`, and send it.

        `press` is the `data-testid` of the button; a value of None leaves a box unticked.
        """
        form = next(
            form
            for form in page.forms
            if action in form.action
            and (not press or press in {button.get("data-testid") for button in form.buttons})
        )
        values = {name: value for name, value in form.values if name not in typed}
        values |= {name: value for name, value in typed.items() if value is not None}
        target = form.action
        for button in form.buttons:
            if press and button.get("data-testid") == press:
                if button.get("name") and button["name"] not in typed:
                    values[str(button["name"])] = str(button.get("value") or "")
                target = urljoin(page.url, button.get("formaction") or target)
                break
        if form.method == "get":
            answer = await self.http.get(target, params=values, follow_redirects=True)
        else:
            answer = await self.http.post(
                target,
                data=values,
                headers={"Sec-Fetch-Site": "same-origin"},
                follow_redirects=True,
            )
        return Page(answer)


def a_browser(door: FrontDoor) -> httpx.AsyncClient:
    """A browser with cookies of its own."""
    transport = httpx.ASGITransport(door.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)
