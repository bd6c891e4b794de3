"""The letter as one A4 page of PDF. Loading what draws it takes a while: import this lazily."""

import io
import unicodedata
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, KeepInFrame, Paragraph

from services.booking.domain.letter import Fact, Letter, Source

MARGIN = 18 * mm
"""Wide enough for any printer, and for a hole punch on the left."""

TEXT_PT, SMALL_PT, TITLE_PT, HEAD_PT = 9.5, 5.5, 15, 11
"""Sizes on a page that is not full; a full one is drawn smaller as a whole until it fits."""

PLAIN, BOLD = "Vera", "VeraBd"
"""Come with reportlab, free to embed, and have the letters of both languages."""


def draw(letter: Letter) -> bytes:
    """The page as a file; the same letter gives the same bytes."""
    _fonts()
    file = io.BytesIO()
    width, height = A4
    canvas = Canvas(file, pagesize=A4, invariant=1, lang=letter.language)
    canvas.setTitle(letter.title)
    canvas.setAuthor("Limber")
    inside = width - 2 * MARGIN, height - 2 * MARGIN
    frame = Frame(MARGIN, MARGIN, *inside, leftPadding=0, rightPadding=0)
    frame.addFromList([KeepInFrame(*inside, _story(letter), mode="shrink")], canvas)
    canvas.save()
    return file.getvalue()


def writable(text: str) -> str | None:
    """The text as the page's letters can write it, without accents they lack; None if not."""
    glyphs = _fonts().face.charToGlyph
    written = []
    for character in unicodedata.normalize("NFC", text):
        plain = unicodedata.normalize("NFD", character)[0]
        if ord(character) in glyphs:
            written.append(character)
        elif ord(plain) in glyphs:
            written.append(plain)
        else:
            return None
    return "".join(written)


@cache
def _fonts() -> TTFont:
    folder = Path(reportlab.__file__).parent / "fonts"
    fonts = {name: TTFont(name, str(folder / f"{name}.ttf")) for name in (PLAIN, BOLD)}
    for font in fonts.values():
        pdfmetrics.registerFont(font)
    return fonts[PLAIN]


def _story(letter: Letter) -> list[Flowable]:
    text = ParagraphStyle("text", fontName=PLAIN, fontSize=TEXT_PT, leading=TEXT_PT * 1.4)
    fact = ParagraphStyle("fact", text, leftIndent=10, bulletIndent=0, spaceBefore=2)
    head = ParagraphStyle(
        "head", text, fontName=BOLD, fontSize=HEAD_PT, spaceBefore=10, spaceAfter=2
    )
    title = ParagraphStyle("title", head, fontSize=TITLE_PT, leading=TITLE_PT * 1.3, spaceAfter=6)
    small = ParagraphStyle("small", text, fontSize=SMALL_PT, leading=SMALL_PT * 1.3)
    story: list[Flowable] = [
        Paragraph(_written(letter.title), title),
        Paragraph(_written(letter.lead), text),
    ]
    numbers = {source: number for number, source in enumerate(letter.sources, start=1)}
    for section in letter.sections:
        story.append(Paragraph(_written(section.title), head))
        story += [Paragraph(_with_sources(one, numbers), fact, "•") for one in section.facts]
    if not letter.sections:
        story.append(Paragraph(_written(letter.empty), head))
    story.append(Paragraph(_written(letter.closing), ParagraphStyle("end", text, spaceBefore=12)))
    if numbers:
        story.append(Paragraph(_written(letter.sources_title), head))
        sources = "; ".join(_source(source, number) for source, number in numbers.items())
        story.append(Paragraph(sources, small))
    return story


def _written(text: str) -> str:
    return escape(writable(text) or "")


def _with_sources(fact: Fact, numbers: dict[Source, int]) -> str:
    marks = ", ".join(str(numbers[source]) for source in fact.sources)
    return f'{_written(fact.text)} <font size="{SMALL_PT + 1}">[{marks}]</font>'


def _source(source: Source, number: int) -> str:
    return f"[{number}] {_written(f'{source.kind} {source.id}'.strip())}"
