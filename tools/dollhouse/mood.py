"""The mood of an outdoor scene: day, overcast, dusk or night, and how bright its lamps are.

Scenes of the first edition (`world.second_edition` is false) are all by day.
"""

from .world import stream, world

MOODS = {"day": 3, "overcast": 3, "dusk": 3, "night": 3}  # with their weights
LIT = ("street", "plaza", "house_front", "campsite", "stadium")  # the kinds with enough lamps for the night


def outdoor_mood() -> str:
    """One of MOODS; the same whenever it is asked, from a random stream of its own."""
    if not world.second_edition:
        return "day"
    with stream("mood") as rng:
        moods = [m for m in MOODS if m != "night" or world.kind in LIT]
        return rng.choices(moods, [MOODS[m] for m in moods])[0]


def lamps() -> float:
    """How bright lamps, lit windows and headlights are: 0 by day, 1 at night."""
    return {"dusk": 0.5, "night": 1.0}.get(outdoor_mood(), 0.0)
