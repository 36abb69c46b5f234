"""Televisions, monitors, laptops."""

from ..art import picture
from ..materials import m_image, m_metal
from ..mesh import add, box, rbox, vf_picture
from ..registry import builds
from ..style import style
from ..world import at, other, thing, world


@builds("television_receiver")
def television(w=1.2):
    """A television on its foot."""
    with thing("television_receiver"):
        h = w * 0.57
        rbox(w, 0.035, h, (0, 0, 0.06), style.black, r=0.008)
        box(w - 0.02, 0.004, h - 0.025, (0, -0.018, 0.072), style.screen, 0)
        box(w * 0.3, 0.18, 0.012, (0, 0, 0), style.black, 0.005)
        box(0.08, 0.04, 0.08, (0, 0.01, 0), style.black, 0.005)


def laptop():
    """An open laptop (not one of the 150 classes)."""
    with other("laptop"):
        box(0.32, 0.22, 0.016, (0, 0, 0), m_metal("#b9bbbe", 0.3), 0.004)
        box(0.28, 0.11, 0.002, (0, 0.03, 0.0155), style.dark, 0)
        with at(0, 0.11, 0.012, rx=-0.28):
            box(0.32, 0.01, 0.21, (0, 0, 0), m_metal("#b9bbbe", 0.3), 0.003)
            with at(0, -0.007, 0.008):
                add(vf_picture(0.3, 0.185), m_image(picture(world.nprng, 96, 60), 0.3, emit=0.7))


@builds("monitor")
def desktop_screen(w=0.6):
    """A computer monitor."""
    with thing("monitor"):
        h = w * 0.58
        box(w, 0.025, h, (0, 0, 0.13), style.black, 0.006)
        with at(0, -0.0145, 0.14):
            add(vf_picture(w - 0.02, h - 0.02), m_image(picture(world.nprng, 128, 76), 0.25, emit=0.8))
        box(0.04, 0.02, 0.2, (0, 0.02, 0), style.chrome, 0.003)
        box(0.22, 0.16, 0.01, (0, 0, 0), style.chrome, 0.004)
