"""What data is here, and is it good: `adebook data info | download | verify | stats`."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adebook.statistics import Statistics

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `adebook data` to its parser."""
    from adebook.datasets import SOURCES, SPLITS

    parser.description = "Find, fetch, check and count data sets."
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)

    actions.add_parser("info", help="list the sources: what they are, where they lie, how to get them")

    download = actions.add_parser(
        "download",
        help="fetch an official archive, checked and unpacked; goes on where it broke off",
        description="Fetch an official archive, check it and unpack it. The same command goes on where it "
        "broke off, and does nothing when all is there.",
    )
    download.add_argument(
        "what",
        nargs="?",
        default="sceneparse150",
        help="sceneparse150 (the default) or sceneparse150-test (test pictures, which have no masks)",
    )
    download.add_argument(
        "--root", type=Path, metavar="FOLDER", help="where to put it, instead of the cache of this machine"
    )

    verify = actions.add_parser(
        "verify",
        help="decode every file of a data set; list what is missing, extra or bad",
        description="Decode every picture and mask of a data set, and list what is missing, extra or bad. "
        "The exit status is 1 when anything is.",
    )
    stats = actions.add_parser(
        "stats",
        help="count a data set: pixels, pictures, sizes, scenes, classes",
        description="Count one split of a data set and print the table by class.",
    )
    for command in (verify, stats):
        command.add_argument(
            "source",
            nargs="?",
            choices=SOURCES,
            help="default: the environment variable ADEBOOK_SOURCE, else dollhouse",
        )
        command.add_argument(
            "--root", metavar="FOLDER", help="a folder in official layout, instead of the usual place"
        )
    stats.add_argument(
        "--split", choices=SPLITS, default="validation", help="which pictures (default: validation)"
    )
    stats.add_argument(
        "--colors", action="store_true", help="also mean and deviation of the pictures' colors"
    )
    stats.add_argument(
        "--objects",
        choices=("instances", "regions"),
        help="also count objects: as the source numbers them, or connected regions of one class",
    )
    stats.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: every core for 512 pictures and more)"
    )
    stats.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="write parquet files here, and partial results from which the same command goes on after an "
        "interruption",
    )


def run(args: argparse.Namespace) -> int:
    """Do it; returns the exit status."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "info": _info,
        "download": _download,
        "verify": _verify,
        "stats": _stats,
    }
    return actions[args.action](args)


# info -------------------------------------------------------------------------------------------------------


def _info(args: argparse.Namespace) -> int:
    from adebook import _cache, datasets

    for key in datasets.SOURCES:
        about = datasets.source_info(key)
        print(f"{key}: {about.title}")
        print(f"  license  {about.license}")
        if about.root is None:
            print(f"  missing  {_how_to_get(key)}")
        else:
            print(f"  folder   {about.root}")
            # The full release has no one folder for the pictures of a split, and none for its masks.
            for split in datasets.SPLITS if key != "ade20k-full" else ():
                print(f"  {split:<10} {_contents(about.root, split)}")
        print()
    chosen = datasets.source()
    origin = "ADEBOOK_SOURCE" if os.environ.get("ADEBOOK_SOURCE", "").strip() else "the default"
    print(f"adebook.load() takes {chosen!r} ({origin}). Downloads go to {_cache.place()}.")
    return 0


def _how_to_get(key: str) -> str:
    """What `load` says about a source that is not here."""
    from adebook import datasets

    try:
        datasets.load(key)
    except (OSError, ValueError) as error:
        return str(error)
    return "not looked for"  # a source that is read from elsewhere


def _contents(root: Path, split: str) -> str:
    """Pictures and bytes of a split, as far as it is there."""
    counts = {}
    size = 0
    for kind in ("images", "annotations"):
        folder = root / kind / split
        files = [e for e in os.scandir(folder) if e.is_file()] if folder.is_dir() else []
        counts[kind] = len(files)
        size += sum(entry.stat().st_size for entry in files)
    masks = "" if counts["images"] == counts["annotations"] else f", {counts['annotations']:,} masks"
    return f"{counts['images']:,} pictures{masks}, {size / 1e6:,.1f} MB"


# download, verify -------------------------------------------------------------------------------------------


def _download(args: argparse.Namespace) -> int:
    from adebook.downloads import download

    print(download(args.what, root=args.root))
    return 0


def _verify(args: argparse.Namespace) -> int:
    from adebook import datasets
    from adebook.verification import verify

    found = verify(args.root, source=args.source or datasets.source())
    print(found)
    return 0 if found.ok else 1


# stats ------------------------------------------------------------------------------------------------------


def _stats(args: argparse.Namespace) -> int:
    from adebook import datasets
    from adebook.statistics import measure

    data = datasets.load(args.source, args.split, root=args.root, **_columns(args.objects))
    try:
        counted = measure(
            data,
            colors=args.colors,
            objects=args.objects,
            workers=args.workers,
            cache=None if args.out is None else args.out / "parts",
            progress=sys.stderr.isatty(),
        )
    except KeyboardInterrupt:
        kept = "nothing is kept without --out" if args.out is None else "the same command goes on from here"
        print(f"adebook data stats: stopped; {kept}", file=sys.stderr)
        raise
    about = datasets.info_of(data)
    print(f"{about.title if about else 'data set'}, {args.split}: {_summary(counted)}\n")
    print(_table(counted))
    if args.out is not None:
        counted.save(args.out)
        print(f"\nWritten to {args.out}; adebook.statistics.Statistics.load reads it.")
    return 0


def _columns(objects: str | None) -> dict[str, bool]:
    return {"instances": True} if objects == "instances" else {}


def _summary(counted: "Statistics") -> str:
    classes = counted.classes()
    sizes = counted.sizes()
    width, height, images, share = sizes.iloc[0]
    per_image = counted.class_images.sum() / counted.images
    lines = [
        f"{counted.images:,} pictures, {counted.all_pixels:,} pixels, "
        f"{counted.unlabeled_pixels / counted.all_pixels:.2%} of them unlabeled",
        f"{int((classes['pixels'] > 0).sum())} of {len(classes)} classes, {per_image:.2f} in a picture",
        f"{len(sizes):,} size{'s' * (len(sizes) > 1)}, most often {width:.0f} x {height:.0f} "
        f"({images:,.0f} times, {share:.1%}); "
        f"{sum(scene is not None for scene in counted.scene_images):,} scene labels",
    ]
    if counted.color_values is not None:
        table = counted.colors()
        values = [" ".join(f"{value:.4f}" for value in table[column]) for column in ("mean", "std")]
        lines.append(f"colors, red green blue in 0..1: mean {values[0]}, deviation {values[1]}")
    return "\n".join(lines)


def _table(counted: "Statistics") -> str:
    """The classes that occur, the largest first."""
    table = counted.classes()
    table = table[table["pixels"] > 0].sort_values(["pixels", "id"], ascending=[False, True])
    formats = {
        "pixels": "{:,}",
        "share": "{:.4%}",
        "images": "{:,}",
        "image_share": "{:.1%}",
        "pixels_per_image": "{:,.0f}",
        "objects": "{:,}",
    }
    return table.to_string(
        index=False, formatters={c: spec.format for c, spec in formats.items() if c in table.columns}
    )
