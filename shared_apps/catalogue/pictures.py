"""Pizzas drawn from their recipe: the same recipe always gives the same picture, an extra or another half redraws it.

SVG with attributes only: the pages' CSP allows no inline style. Coordinates: the pizza's centre is 0,0, its crust 110.
"""

import math
import random
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

Draw = Callable[[random.Random], str]

SAUCES = {"tomate": "#c63a1e", "creme": "#f3e3c3", "barbecue": "#8f3216", "burger": "#cf5a2c"}
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))


@dataclass(frozen=True, slots=True)
class Topping:
    """How many pieces on a whole pizza, how far from the centre, and one piece around 0,0."""

    pieces: int
    reach: float
    draw: Draw


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a picture needs of a pizza, or of a half."""

    code: str
    base: str
    drawings: tuple[str, ...]


def _blob(radius: float, rnd: random.Random, points: int = 9, jitter: float = 0.18) -> str:
    """A closed soft shape, as path data."""
    corners = []
    for index in range(points):
        reach = radius * (1 + rnd.uniform(-jitter, jitter))
        angle = 2 * math.pi * index / points
        corners.append((reach * math.cos(angle), reach * math.sin(angle)))
    middles = [
        ((here[0] + there[0]) / 2, (here[1] + there[1]) / 2)
        for here, there in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    curve = "".join(
        f"Q{corner[0]:.0f} {corner[1]:.0f} {middle[0]:.0f} {middle[1]:.0f}"
        for corner, middle in zip(corners, middles, strict=True)
    )
    return f"M{middles[-1][0]:.0f} {middles[-1][1]:.0f}{curve}Z"


def _patch(fill: str, radius: float, *, edge: str = "", points: int = 8, jitter: float = 0.22) -> Draw:
    outline = f' stroke="{edge}" stroke-width="1.5"' if edge else ""
    return lambda rnd: f'<path d="{_blob(radius, rnd, points, jitter)}" fill="{fill}"{outline}/>'


def _fixed(markup: str) -> Draw:
    return lambda _rnd: markup


def _cheese(outer: str, inner: str, radius: float) -> Draw:
    def draw(rnd: random.Random) -> str:
        return (
            f'<path d="{_blob(rnd.uniform(radius * 0.8, radius * 1.15), rnd)}" fill="{outer}"/>'
            f'<path d="{_blob(radius * 0.5, rnd)}" fill="{inner}" opacity=".85"/>'
        )

    return draw


def _slice(fill: str, inner: str, radius: float, *, dots: str = "") -> Draw:
    def draw(rnd: random.Random) -> str:
        spots = "".join(
            f'<circle cx="{rnd.uniform(-0.5, 0.5) * radius:.0f}" cy="{rnd.uniform(-0.5, 0.5) * radius:.0f}"'
            f' r="{radius * 0.13:.1f}" fill="{dots}"/>'
            for _ in range(5 if dots else 0)
        )
        return f'<circle r="{radius}" fill="{fill}"/><circle r="{radius * 0.84:.1f}" fill="{inner}"/>{spots}'

    return draw


def _strip(fill: str, length: float, width: float, *, edge: str = "") -> Draw:
    outline = f' stroke="{edge}" stroke-width="1"' if edge else ""
    return _fixed(
        f'<rect x="{-length / 2:.0f}" y="{-width / 2:.1f}" width="{length:.0f}" height="{width:.1f}"'
        f' rx="{width / 2:.1f}" fill="{fill}"{outline}/>'
    )


def _arc(stroke: str, radius: float, width: float) -> Draw:
    return _fixed(
        f'<path d="M{-radius} 4A{radius} {radius} 0 0 1 {radius} 4" fill="none" stroke="{stroke}"'
        f' stroke-width="{width}" stroke-linecap="round"/>'
    )


def _ring(stroke: str, radius: float, width: float) -> Draw:
    return _fixed(f'<circle r="{radius}" fill="none" stroke="{stroke}" stroke-width="{width}"/>')


LEAF = "M-13 0C-6-11 7-10 14 0C7 9-6 10-13 0Z"
ROCKET = "M-15 0Q-8-7-3-2Q0-9 5-3Q11-7 15 0Q11 6 5 3Q0 9-3 2Q-8 7-15 0Z"
MUSHROOM = "M-11 2C-13-11 13-11 11 2C7 4 4 2 4 4V10C3 13-3 13-4 10V4C-4 2-7 4-11 2Z"
EGG = '<circle r="13" fill="#f59f18"/><circle cx="-4" cy="-4" r="4" fill="#ffd27a"/>'
SHRIMP = (
    '<path d="M-10 5A10 10 0 1 1 9 6" fill="none" stroke="#f28a64" stroke-width="7" stroke-linecap="round"/>'
    '<path d="M-7 0L-3-3M-1-7L0-2M6-5L3-1" stroke="#fbd0bd" stroke-width="1.6"/>'
)
ANCHOVY = (
    '<path d="M-18 0Q-6-7 8-2L17-5L14 1L17 6L8 3Q-6 6-18 0Z" fill="#6d7d85"/>'
    '<path d="M-16 0Q-4-3 9 0" stroke="#b9c7cc" stroke-width="1.4" fill="none"/>'
)
TOMATO = (
    '<circle r="13" fill="#cf2e1c"/><circle r="10.5" fill="#e4573f"/>'
    '<path d="M0-9V9M-8-4L8 4M-8 4L8-4" stroke="#f6a58e" stroke-width="2"/>'
)
ZUCCHINI = '<circle r="11" fill="#3f7f38"/><circle r="9" fill="#dbe6a6"/><circle r="4" fill="#c5d488"/>'
AUBERGINE = (
    '<ellipse rx="13" ry="10" fill="#4b2a4f"/><ellipse rx="10.5" ry="7.6" fill="#d9c59a"/>'
    '<path d="M-6-2H6M-5 3H5" stroke="#8b6f47" stroke-width="2"/>'
)
PINEAPPLE = '<path d="M-11 8L0-10L11 8Q0 12-11 8Z" fill="#f3c62f"/><path d="M-5 5L0-5M5 5L0-5" stroke="#d9a31a" stroke-width="1.5"/>'
ARTICHOKE = '<path d="M-9 9Q-13-8 0-12Q13-8 9 9Z" fill="#a9b46a"/><path d="M-5 8Q-6-4 0-9Q6-4 5 8" fill="#cdd391"/>'
BURRATA = '<path d="{}" fill="#fffdf6" stroke="#eadfc8" stroke-width="2"/><path d="M-8-10Q2-18 10-8" stroke="#e9dfc6" stroke-width="3" fill="none"/>'

TOPPINGS: dict[str, Topping] = {
    # cheeses first: they melt under the rest
    "mozzarella": Topping(9, 76, _cheese("#fff3d6", "#fffcf0", 17)),
    "emmental": Topping(9, 78, _cheese("#f6d67a", "#fbe7a8", 12)),
    "raclette": Topping(6, 66, _cheese("#f2c65c", "#f9de94", 21)),
    "reblochon": Topping(6, 68, _slice("#e7a860", "#fbeecb", 15)),
    "maroilles": Topping(7, 70, _slice("#d9782f", "#f8e3b0", 13)),
    "cheddar": Topping(8, 74, _cheese("#f39a1f", "#f8b44a", 14)),
    "ricotta": Topping(9, 74, _cheese("#fffaf0", "#ffffff", 10)),
    "chevre": Topping(7, 70, _slice("#e6dcc4", "#fffef8", 13)),
    "gorgonzola": Topping(8, 74, _slice("#f4efd9", "#fbf8e8", 11, dots="#5f8a86")),
    "pomme-de-terre": Topping(8, 74, _slice("#d9a441", "#f6e3a1", 14)),
    "aubergine": Topping(7, 74, _fixed(AUBERGINE)),
    "courgette": Topping(8, 76, _fixed(ZUCCHINI)),
    "tomate": Topping(6, 70, _fixed(TOMATO)),
    "jambon": Topping(8, 74, _patch("#f2a5a3", 14, edge="#e58c8a")),
    "jambon-cru": Topping(7, 68, _patch("#c9535a", 17, edge="#f0c2b8", points=6, jitter=0.35)),
    "pepperoni": Topping(12, 80, _slice("#a32616", "#c1402a", 12.5, dots="#e2826a")),
    "chorizo": Topping(10, 78, _slice("#8e1f10", "#b5341f", 11, dots="#f0a06a")),
    "merguez": Topping(8, 76, _strip("#8c2c17", 27, 9, edge="#6c1f0f")),
    "boeuf": Topping(16, 82, _patch("#6f3d22", 8, points=7)),
    "poulet": Topping(10, 78, _patch("#e8bd7e", 10, edge="#c98f4a", points=7, jitter=0.3)),
    "magret": Topping(7, 72, _strip("#b8434a", 30, 12, edge="#f3e1cf")),
    "lardons": Topping(13, 82, _strip("#d4716a", 15, 8, edge="#f3c9b5")),
    "saumon": Topping(8, 74, _patch("#f6936a", 15, edge="#fbc3a6", points=7, jitter=0.3)),
    "thon": Topping(10, 78, _patch("#c9a28c", 10, edge="#a98370", points=7)),
    "anchois": Topping(6, 66, _fixed(ANCHOVY)),
    "crevette": Topping(8, 74, _fixed(SHRIMP)),
    "moule": Topping(
        9,
        78,
        _fixed(
            '<path d="M-11 0Q-4-10 11-2Q6 9-11 0Z" fill="#e8943c"/><path d="M-9 0Q0-5 9-2" stroke="#2d2630" stroke-width="2.4" fill="none"/>'
        ),
    ),
    "champignon": Topping(9, 78, _fixed(f'<path d="{MUSHROOM}" fill="#efe2cc" stroke="#b99a74" stroke-width="1.4"/>')),
    "artichaut": Topping(7, 74, _fixed(ARTICHOKE)),
    "poivron": Topping(9, 80, _arc("#d98a00", 12, 5)),
    "oignon": Topping(8, 78, _arc("#f6efe0", 11, 2.6)),
    "oignon-rouge": Topping(8, 78, _arc("#a14a86", 12, 3)),
    "ananas": Topping(9, 78, _fixed(PINEAPPLE)),
    "tomate-cerise": Topping(
        8, 76, _fixed('<circle r="8.5" fill="#d22f1d"/><circle cx="-2.5" cy="-2.5" r="2.2" fill="#f4a493"/>')
    ),
    "cornichon": Topping(
        8, 78, _fixed('<ellipse rx="9" ry="6.5" fill="#5f8a2c"/><ellipse rx="6.5" ry="4.4" fill="#b9cf7f"/>')
    ),
    "olive": Topping(10, 82, _ring("#27232b", 6, 4.6)),
    "capre": Topping(
        12, 82, _fixed('<circle r="3.6" fill="#6c7a34"/><circle cx="-1" cy="-1" r="1.2" fill="#a9b56b"/>')
    ),
    "noix": Topping(8, 76, _patch("#a9713b", 8, edge="#7d4f25", points=6, jitter=0.3)),
    "pistache": Topping(16, 80, _patch("#8fae4a", 3.6, points=5)),
    "parmesan": Topping(9, 74, _patch("#f7e7b4", 10, edge="#e6cf8d", points=4, jitter=0.4)),
    "miel": Topping(
        5,
        72,
        _fixed(
            '<path d="M-20 4Q-10-8 0 2T20-3" fill="none" stroke="#e8a317" stroke-width="4" stroke-linecap="round" opacity=".85"/>'
        ),
    ),
    "burrata": Topping(1, 0, lambda rnd: BURRATA.format(_blob(27, rnd, 12, 0.07))),
    "oeuf": Topping(1, 0, lambda rnd: f'<path d="{_blob(30, rnd, 10, 0.12)}" fill="#fffaf0"/>{EGG}'),
    "roquette": Topping(
        11, 78, _fixed(f'<path d="{ROCKET}" fill="#4a9a3c"/><path d="M-13 0H13" stroke="#a7d38c" stroke-width="1"/>')
    ),
    "basilic": Topping(
        6, 62, _fixed(f'<path d="{LEAF}" fill="#2f7d32"/><path d="M-12 0H12" stroke="#9bcf7d" stroke-width="1.3"/>')
    ),
}
ORDER = {name: position for position, name in enumerate(TOPPINGS)}


def picture(parts: Sequence[Drawn], *, label: str) -> str:
    """One pizza, or two halves (left, right), as an SVG document."""
    return _document("-120 -120 240 240", label, _pizza(parts, "p"))


def sprite(pizzas: Iterable[Drawn], *, columns: int = 6) -> str:
    """Many pizzas in one file, each a named view: `file.svg#reine`. One request for a whole card."""
    views, bodies = [], []
    for index, pizza in enumerate(pizzas):
        x, y = (index % columns) * 260, (index // columns) * 260
        views.append(f'<view id="{pizza.code}" viewBox="{x - 120} {y - 120} 240 240"/>')
        bodies.append(f'<g transform="translate({x} {y})">{_pizza([pizza], f"p{index}")}</g>')
    height = (len(bodies) // columns + 1) * 260
    return _document(f"-120 -120 {columns * 260} {height}", "", "".join(views) + "".join(bodies))


def _document(view_box: str, label: str, body: str) -> str:
    name = f' role="img" aria-label="{escape(label)}"' if label else ""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view_box}"{name}>{_shades()}{body}</svg>'


def _shades() -> str:
    sauces = "".join(
        f'<radialGradient id="s-{name}"><stop offset=".7" stop-color="{colour}"/>'
        f'<stop offset="1" stop-color="#8a2a12"/></radialGradient>'
        for name, colour in SAUCES.items()
    )
    crust = (
        '<radialGradient id="crust"><stop offset=".76" stop-color="#efc27f"/><stop offset=".88" stop-color="#dc9d51"/>'
        '<stop offset=".96" stop-color="#b9712f"/><stop offset="1" stop-color="#8f5220"/></radialGradient>'
    )
    return f"<defs>{crust}{sauces}</defs>"


def _pizza(parts: Sequence[Drawn], prefix: str) -> str:
    rnd = random.Random(zlib.crc32(parts[0].code.encode()))  # noqa: S311  a drawing, not a secret
    if len(parts) == 1:
        return _crust(rnd) + _filling(parts[0], rnd)
    clips = "".join(
        f'<clipPath id="{prefix}{side}"><rect x="{x}" y="-120" width="120" height="240"/></clipPath>'
        for side, x in (("l", -120), ("r", 0))
    )
    halves = "".join(
        f'<g clip-path="url(#{prefix}{side})">{_filling(part, rnd)}</g>' for side, part in zip("lr", parts, strict=True)
    )
    return f'<defs>{clips}</defs>{_crust(rnd)}{halves}<path d="M0-96V96" stroke="#7a3b14" stroke-opacity=".35" stroke-width="2"/>'


def _crust(rnd: random.Random) -> str:
    burns = "".join(
        f'<ellipse cx="{x:.0f}" cy="{y:.0f}" rx="{rnd.uniform(2, 6):.0f}" ry="{rnd.uniform(1, 3):.0f}"'
        f' transform="rotate({turn:.0f} {x:.0f} {y:.0f})" fill="#6b3a14" opacity="{rnd.uniform(0.25, 0.55):.1f}"/>'
        for x, y, turn in _on_the_rim(26, rnd)
    )
    return (
        '<ellipse cx="2" cy="8" rx="111" ry="109" fill="#000" opacity=".14"/>'
        f'<path d="{_blob(111, rnd, 26, 0.02)}" fill="url(#crust)"/>{burns}'
    )


def _on_the_rim(pieces: int, rnd: random.Random) -> Iterator[tuple[float, float, float]]:
    for index in range(pieces):
        angle = 2 * math.pi * (index + rnd.uniform(-0.4, 0.4)) / pieces
        reach = rnd.uniform(97, 107)
        yield reach * math.cos(angle), reach * math.sin(angle), math.degrees(angle) + 90


def _filling(part: Drawn, rnd: random.Random) -> str:
    base = part.base if part.base in SAUCES else "tomate"
    cheese = '<path d="{}" fill="#f8d98e" opacity=".38"/><path d="{}" fill="#fbe6b0" opacity=".3"/>'
    layers = [
        f'<path d="{_blob(94, rnd, 22, 0.03)}" fill="url(#s-{base})"/>',
        cheese.format(_blob(85, rnd, 18, 0.07), _blob(64, rnd, 12, 0.16)),
    ]
    for name in sorted((name for name in part.drawings if name in TOPPINGS), key=ORDER.__getitem__):
        topping = TOPPINGS[name]
        layers += [
            f'<g transform="translate({x:.0f} {y:.0f}) rotate({turn:.0f})">{topping.draw(rnd)}</g>'
            for x, y, turn in _spread(topping, rnd)
        ]
    return "".join(layers)


def _spread(topping: Topping, rnd: random.Random) -> Iterator[tuple[float, float, float]]:
    """Evenly over the disc, as a sunflower's seeds, with a little disorder."""
    start = rnd.uniform(0, 2 * math.pi)
    for index in range(topping.pieces):
        reach = topping.reach * math.sqrt((index + 0.5) / topping.pieces) if topping.pieces > 1 else 0
        angle = start + index * GOLDEN_ANGLE
        wobble = 5 if topping.pieces > 1 else 0
        yield (
            reach * math.cos(angle) + rnd.uniform(-wobble, wobble),
            reach * math.sin(angle) + rnd.uniform(-wobble, wobble),
            rnd.uniform(0, 360),
        )
