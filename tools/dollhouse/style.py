"""The style of the current room: its palette, its materials, whether its lamps are on."""

from .materials import m_fabric, m_gloss, m_metal, m_wood
from .world import world

PALETTES = [  # wall, accent, textiles (3), light textile, wood, metal
    {
        "wall": "#e6dfd3",
        "accent": "#8fa08c",
        "tex": ["#6f8a7c", "#d9a441", "#b65f3c"],
        "light": "#efe9de",
        "wood": "#b5834f",
        "metal": "#2b2a29",
    },
    {
        "wall": "#dfe3e2",
        "accent": "#3f5a6b",
        "tex": ["#35556b", "#c9764a", "#d8c9b0"],
        "light": "#f1eee8",
        "wood": "#8a5a36",
        "metal": "#b08d57",
    },
    {
        "wall": "#efe6d8",
        "accent": "#c98f73",
        "tex": ["#b4603f", "#e0b58a", "#5c6b57"],
        "light": "#f4ede1",
        "wood": "#c2935c",
        "metal": "#3a3532",
    },
    {
        "wall": "#d9d6cf",
        "accent": "#59635a",
        "tex": ["#4d5b4f", "#a58b6b", "#c8b79c"],
        "light": "#ece7dd",
        "wood": "#6b4429",
        "metal": "#b39a63",
    },
    {
        "wall": "#e9e9e6",
        "accent": "#b7c4cc",
        "tex": ["#7d93a3", "#d0c4b4", "#e2b13c"],
        "light": "#f6f4ef",
        "wood": "#d0a878",
        "metal": "#c9c7c2",
    },
    {
        "wall": "#e7dcd3",
        "accent": "#7b4b4b",
        "tex": ["#8a4a4d", "#d7a99a", "#4b5866"],
        "light": "#f3e9e1",
        "wood": "#7a4e30",
        "metal": "#b08d57",
    },
    {
        "wall": "#dde4da",
        "accent": "#a9bda0",
        "tex": ["#7f9b77", "#f0d9a8", "#d98f72"],
        "light": "#f5f2e9",
        "wood": "#c79a66",
        "metal": "#f0efec",
    },
    {
        "wall": "#e4ddd0",
        "accent": "#2f4f4f",
        "tex": ["#2e5a58", "#d48a4b", "#c9b18f"],
        "light": "#efe8da",
        "wood": "#95623a",
        "metal": "#2d2c2b",
    },
    {
        "wall": "#ece8e4",
        "accent": "#b9a7b8",
        "tex": ["#8d7a94", "#d9b7a6", "#6e7f8d"],
        "light": "#f5f1ee",
        "wood": "#b98c62",
        "metal": "#cfcac2",
    },
    {
        "wall": "#d5dbe0",
        "accent": "#24384c",
        "tex": ["#24405e", "#b8452f", "#d7cdbd"],
        "light": "#eef0ef",
        "wood": "#a97746",
        "metal": "#26262a",
    },
]


class Style:
    """The current room's style; `pick_style` fills it in. Furniture takes its materials from here."""


style = Style()


def pick_style():
    """Choose the palette and the materials of a room."""
    rng = world.rng
    p = rng.choice(PALETTES)
    style.pal = p
    style.woodc = p["wood"]
    style.wood = m_wood(p["wood"])
    style.wood2 = m_wood(rng.choice([p["wood"], "#6b4429", "#d0a878", "#3b2a20"]))
    style.paintw = m_gloss(rng.choice(["#f1eee8", "#e9e6df", "#f4f2ee"]), 0.35, 0.1)
    style.trim = m_gloss("#f2efe9", 0.35, 0.1)
    style.casec = rng.choice(["wood", "wood", "paint", "color"])
    style.case = {"wood": style.wood, "paint": style.paintw, "color": m_gloss(p["accent"], 0.4, 0.1)}[
        style.casec
    ]
    style.metal = (
        m_metal(p["metal"], 0.3)
        if p["metal"] in ("#b08d57", "#b39a63", "#c9c7c2", "#cfcac2")
        else m_gloss(p["metal"], 0.4, 0.1)
    )
    style.chrome = m_metal("#d5d5d6", 0.12)
    style.black = m_gloss("#1b1b1d", 0.35, 0.2)
    style.dark = m_gloss("#222225", 0.5, 0)
    style.white = m_gloss("#efedea", 0.3, 0.3)
    style.screen = m_gloss("#0b0c0f", 0.12, 0.6)
    tx = list(p["tex"])
    rng.shuffle(tx)
    style.tex = tx
    style.leg = rng.choice([style.wood, style.wood2, style.metal])
    style.lamps_on = True
    style.glow = 1.0


def room_fabric(i=None, pat=None, **k):
    """Cloth in one of the room's colors."""
    rng = world.rng
    c = style.tex[i % len(style.tex)] if i is not None else rng.choice(style.tex)
    return m_fabric(c, pat, **k)


def cushion_fabric():
    """Cloth for a cushion, often patterned."""
    rng = world.rng
    c = rng.choice([*style.tex, style.pal["light"], style.pal["accent"]])
    pat = rng.choice([None, None, "stripe", "check", "dots", "zig", "blotch", "lines"])
    c2 = rng.choice([style.pal["light"], *style.tex])
    if c2 == c:
        pat = None
    return m_fabric(c, pat, c2, size=rng.choice([0.035, 0.05, 0.07, 0.09]))


MOODS = ["sun", "sun", "golden", "soft", "soft", "dusk"]


def begin_room():
    """Pick the room's style and mood; returns the mood."""
    rng = world.rng
    pick_style()
    style.knob = None
    mood = rng.choice(MOODS)
    style.glow = {"sun": 0.5, "golden": 0.5, "soft": 0.6, "dusk": 1.2}[mood]
    style.lamps_on = mood in ("dusk", "soft") or rng.random() < 0.5
    return mood
