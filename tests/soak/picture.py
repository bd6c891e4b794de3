"""Memory and lag over time as an SVG: small multiples, one line each, axes named."""

from collections.abc import Sequence
from html import escape

from tests.soak.sampling import Samples

WIDTH, ROW, LEFT, RIGHT, TOP = 860, 84, 150, 70, 34
POINTS = 400
"""More than the picture has pixels for would only make the file large."""

INK, LINE, FAINT = "#222", "#1f5f99", "#ccc"


def picture(samples: Samples, *, title: str) -> str:
    """The picture of a run."""
    rows = [(f"{name}, MB", values) for name, values in samples.memory_mb.items()]
    rows.append(("lag, records", [float(number) for number in samples.lag]))
    rows.append(("connections", [float(number) for number in samples.connections]))
    height = TOP + ROW * len(rows) + 34
    minutes = samples.took_s / 60
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
            f' font-family="sans-serif" font-size="12" fill="{INK}" role="img">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="20" font-size="14">{escape(title)}</text>',
    ]
    for number, (name, values) in enumerate(rows):
        parts += _row(name, values, TOP + ROW * number)
    foot = TOP + ROW * len(rows) + 16
    parts.append(f'<text x="{LEFT}" y="{foot}">0 min</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{foot}" text-anchor="end">{minutes:.0f} min</text>')
    return "\n".join([*parts, "</svg>", ""])


def _row(name: str, values: Sequence[float], top: int) -> list[str]:
    highest = max(values, default=0.0) or 1.0
    floor, span = top + ROW - 18, ROW - 30
    step = max(1, len(values) // POINTS)
    # The highest of each step, so that no peak is lost.
    shown = [max(values[at : at + step]) for at in range(0, len(values), step)]
    across = WIDTH - LEFT - RIGHT
    points = " ".join(
        f"{LEFT + across * at / max(1, len(shown) - 1):.1f},{floor - span * value / highest:.1f}"
        for at, value in enumerate(shown)
    )
    return [
        f'<line x1="{LEFT}" y1="{floor}" x2="{WIDTH - RIGHT}" y2="{floor}" stroke="{FAINT}"/>',
        (
            f'<text x="{LEFT - 10}" y="{floor - span / 2 + 4:.0f}" text-anchor="end">'
            f"{escape(name)}</text>"
        ),
        f'<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width="1.3"/>',
        f'<text x="{WIDTH - RIGHT + 8}" y="{floor - span + 4}">{highest:,.0f}</text>',
        f'<text x="{WIDTH - RIGHT + 8}" y="{floor + 4}">0</text>',
    ]
