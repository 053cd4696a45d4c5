"""A time series as a drawing within a page; a table beside it says the same to those who do not see it."""

from __future__ import annotations

from collections.abc import Sequence

from socialcast.delivery.measures import Point
from socialcast.preview.elements import text

__all__ = ["chart", "charted"]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _EDGE = 640, 240, 60, 150, 20
_DASHES = ("", "8 4", "2 4", "12 3 2 3", "4 2")  # told apart without colours


def charted(points: Sequence[Point]) -> str:
    """What is drawn: the figure that was counted most often, and of those the largest."""

    def weight(name: str) -> tuple[int, float]:
        values = [point.value for point in points if point.name == name]
        return len(values), sum(values)

    return max(sorted({point.name for point in points}), key=weight, default="")


def chart(points: Sequence[Point]) -> str:
    """A line for each channel, of one figure."""
    lines: dict[str, list[Point]] = {}
    for point in points:
        lines.setdefault(point.channel, []).append(point)
    name = points[0].name
    drawn = [_line(number, channel, line, points) for number, (channel, line) in enumerate(lines.items())]
    top = max(point.value for point in points)
    return "\n".join(
        [
            f'<figure>\n<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{text(name)} over time, as in the table">',
            f'<path d="M{_LEFT} {_EDGE}V{_HEIGHT - _EDGE}H{_WIDTH - _RIGHT}" fill="none" stroke="currentColor"/>',
            f'<text x="{_LEFT - 6}" y="{_EDGE + 5}" text-anchor="end" font-size="12" fill="currentColor">{top:,.0f}</text>',
            f'<text x="{_LEFT - 6}" y="{_HEIGHT - _EDGE}" text-anchor="end" font-size="12" fill="currentColor">0</text>',
            *drawn,
            f"</svg>\n<figcaption>{text(name)}, by channel</figcaption>\n</figure>",
        ]
    )


def _line(number: int, channel: str, line: Sequence[Point], everything: Sequence[Point]) -> str:
    places = [_place(point, everything) for point in line]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="currentColor"/>' for x, y in places)
    x, y = places[-1]
    return (
        f'<polyline points="{path}" fill="none" stroke="currentColor" stroke-width="2"'
        f' stroke-dasharray="{_DASHES[number % len(_DASHES)]}"/>{dots}'
        f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" font-size="12" fill="currentColor">{text(channel)}</text>'
    )


def _place(point: Point, everything: Sequence[Point]) -> tuple[float, float]:
    times = [each.at.timestamp() for each in everything]
    span, top = max(times) - min(times), max(each.value for each in everything)
    across = (point.at.timestamp() - min(times)) / span if span else 0.0
    up = point.value / top if top else 0.0
    return _LEFT + across * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _EDGE - up * (_HEIGHT - 2 * _EDGE)
