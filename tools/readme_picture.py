"""Draw _assets/scenes.jpg, the picture at the top of the README: four Dollhouse scenes above their masks."""

from pathlib import Path

import numpy as np
from PIL import Image

import adebook

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("bedroom", "kitchen", "street", "park")  # in this order; the README's alternative text names them
WIDTH, HEIGHT, GAP = 320, 240, 6


def main() -> None:
    rows = {
        row["scene"]: row for split in ("training", "validation") for row in adebook.load("dollhouse", split)
    }
    missing = [kind for kind in KINDS if kind not in rows]
    if missing:
        raise SystemExit(f"data/dollhouse has no scene of kind {missing[0]!r}; it has {sorted(rows)}")
    size = (WIDTH * len(KINDS) + GAP * (len(KINDS) - 1), 2 * HEIGHT + GAP)
    sheet = Image.new("RGB", size, "white")
    for column, kind in enumerate(KINDS):
        x = column * (WIDTH + GAP)
        picture = rows[kind]["image"].resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        ids = Image.fromarray(np.array(rows[kind]["annotation"]))
        mask = adebook.palette.colorize(ids.resize((WIDTH, HEIGHT), Image.Resampling.NEAREST))
        sheet.paste(picture, (x, 0))
        sheet.paste(Image.fromarray(mask), (x, HEIGHT + GAP))
    path = ROOT / "_assets" / "scenes.jpg"
    sheet.save(path, quality=88, subsampling=0)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
