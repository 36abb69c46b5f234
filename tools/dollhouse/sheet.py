"""A contact sheet: pictures beside their masks. `python tools/dollhouse/sheet.py out.png NAME...`"""

import argparse
from pathlib import Path

from PIL import Image

DATA = Path(__file__).resolve().parent.parent.parent / "data" / "dollhouse"
GAP = 6


def contact_sheet(names, root=DATA, columns=3, scale=0.5, masks=True):
    """One picture of many scenes: each image, with its mask in MIT's colors to the right of it."""
    tiles = []
    for name in names:
        image = Image.open(next(Path(root).glob(f"images/*/{name}.jpg"))).convert("RGB")
        size = round(image.width * scale), round(image.height * scale)
        tile = Image.new("RGB", (size[0] * (1 + masks), size[1]))
        tile.paste(image.resize(size, Image.Resampling.LANCZOS), (0, 0))
        if masks:
            mask = Image.open(next(Path(root).glob(f"annotations/*/{name}.png"))).convert("RGB")
            tile.paste(mask.resize(size, Image.Resampling.NEAREST), (size[0], 0))
        tiles.append(tile)
    if not tiles:
        raise FileNotFoundError(f"No scenes to show below {root}.")
    w, h = tiles[0].width + GAP, tiles[0].height + GAP
    sheet = Image.new("RGB", (columns * w + GAP, -(-len(tiles) // columns) * h + GAP), "white")
    for i, tile in enumerate(tiles):
        sheet.paste(tile, (GAP + i % columns * w, GAP + i // columns * h))
    return sheet


def main():
    """Read the command line and write the sheet."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("out", type=Path)
    p.add_argument("names", nargs="*", help="scene names; none means all")
    p.add_argument("--root", type=Path, default=DATA)
    p.add_argument("--columns", type=int, default=3)
    p.add_argument("--scale", type=float, default=0.5)
    p.add_argument("--no-masks", action="store_true")
    a = p.parse_intermixed_args()
    names = a.names or sorted(f.stem for f in a.root.glob("recipes/*/*.json"))
    contact_sheet(names, a.root, a.columns, a.scale, not a.no_masks).save(a.out)


if __name__ == "__main__":
    main()
