"""What stands on a kitchen counter."""

from ..materials import m_clearglass, m_gloss, m_ground, m_metal
from ..mesh import box, lathe, rbox, smooth, tube
from ..registry import builds
from ..style import style
from ..world import at, thing, world
from .decor import vase


@builds("plate", "glass", "pot")
def shelf_dishes(w):
    """Plates, glasses and bowls along a shelf of width w."""
    rng = world.rng
    x = -w / 2 + 0.1
    while x < w / 2 - 0.06:
        k = rng.random()
        with at(x, 0, 0):
            if k < 0.4:
                with thing("plate"):
                    for i in range(rng.randint(3, 6)):
                        lathe(
                            [
                                (0, 0.012 * i),
                                (0.06, 0.012 * i),
                                (0.085, 0.012 * i + 0.014),
                                (0.085, 0.012 * i + 0.018),
                                (0, 0.012 * i + 0.008),
                            ],
                            m_gloss(rng.choice(["#f0ede6", style.tex[0]]), 0.3, 0.4),
                            n=28,
                        )
                x += 0.2
            elif k < 0.75:
                with thing("glass" if rng.random() < 0.5 else "pot"):
                    lathe(
                        [(0, 0), (0.035, 0), (0.04, 0.09), (0.036, 0.09), (0.032, 0.01), (0, 0.01)],
                        rng.choice([m_clearglass(), m_gloss(rng.choice([*style.tex, "#efeae0"]), 0.3, 0.4)]),
                        n=24,
                    )
                x += 0.11
            else:
                vase(0.2, False)
                x += 0.17


@builds("microwave")
def microwave():
    """A microwave oven."""
    with thing("microwave"):
        box(
            0.46,
            0.32,
            0.26,
            (0, 0, 0.01),
            style.black if world.rng.random() < 0.5 else m_metal("#c5c7c9", 0.3),
            0.01,
        )
        box(0.3, 0.01, 0.2, (-0.06, -0.163, 0.04), style.screen, 0.004)


@builds("tray", "food")
def bread_board():
    """A board with bread."""
    with thing("tray"):
        rbox(0.42, 0.28, 0.025, (0, 0, 0), style.wood2, r=0.01)
    with thing("food"), at(-0.05, 0, 0.025):
        lathe(
            smooth([(0, 0), (0.07, 0.01), (0.085, 0.04), (0.06, 0.075), (0, 0.085)], 3),
            m_ground("#b9803f", "#8a5526", 12),
            n=28,
        )
        rbox(0.22, 0.09, 0.08, (0.08, 0.05, 0), m_ground("#c08a4a", "#94602c", 12), r=0.038)


@builds("pot")
def kettle():
    """A kettle."""
    with thing("pot"):
        m = world.rng.choice([style.chrome, m_gloss(world.rng.choice(style.tex), 0.25, 0.6)])
        lathe(
            smooth(
                [
                    (0, 0),
                    (0.09, 0),
                    (0.1, 0.03),
                    (0.085, 0.12),
                    (0.05, 0.16),
                    (0.04, 0.165),
                    (0.015, 0.17),
                    (0.015, 0.185),
                    (0, 0.19),
                ],
                4,
            ),
            m,
            n=32,
        )
        tube([(0.08, 0, 0.08), (0.13, 0, 0.13), (0.15, 0, 0.16)], [0.018, 0.012, 0.009], m, curve=3)
        tube(
            [(-0.06, 0, 0.15), (-0.05, 0, 0.25), (0.05, 0, 0.25), (0.06, 0, 0.15)],
            0.009,
            style.black,
            curve=5,
        )
