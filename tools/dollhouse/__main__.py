"""Render Dollhouse: `python -m tools.dollhouse` renders what scenes.csv lists and data/dollhouse lacks."""

import argparse
import sys
from pathlib import Path

if not __package__:  # started as `python tools/dollhouse`
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tools.dollhouse import dataset, registry, render


def parse(argv=None):
    """Read the command line."""
    p = argparse.ArgumentParser(prog="python -m tools.dollhouse", description=__doc__)
    p.add_argument("kind", nargs="?", help="a scene kind; without one, the scenes of scenes.csv")
    p.add_argument("seeds", nargs="*", type=int, help=f"whole numbers, 0 to {dataset.MAX_SEED}")
    p.add_argument("--out", type=Path, default=dataset.DATA, help="folder of the data set (data/dollhouse)")
    p.add_argument("--samples", type=int, default=2, help="light paths per rendered pixel (2)")
    p.add_argument("--supersample", type=int, default=2, help="render at this many times the size (2)")
    p.add_argument("--size", type=int, nargs=2, default=(render.WIDTH, render.HEIGHT), metavar=("W", "H"))
    p.add_argument("--again", action="store_true", help="render scenes anew that are there already")
    p.add_argument("--list", action="store_true", help="list the scene kinds and what is missing")
    args = p.parse_args(argv)
    if args.kind and not args.list and not args.seeds:
        p.error(f"which seeds? For example: python -m tools.dollhouse {args.kind} 1 2 3")
    return args


def wanted(args) -> list[tuple[str, int, str]]:
    """What is to do: (kind, seed, dataset.state), checked; what is whole is left out unless --again."""
    if args.kind:
        registry.check_kind(args.kind)
        scenes = [(args.kind, dataset.check_seed(seed)) for seed in args.seeds]
    else:
        scenes = dataset.listed_scenes()
    states = [(*s, "missing" if args.again else dataset.state(args.out, *s)) for s in scenes]
    return [s for s in states if s[2] != "whole"]


def main(argv=None) -> int:
    """Render scene after scene; an interrupted run resumes at the first one that is not whole."""
    args = parse(argv)
    try:
        todo = wanted(args)
        if args.list:
            print("Kinds:", ", ".join(registry.kinds()))
            print("Missing:", ", ".join(f"{k} {s}" for k, s, what in todo if what == "missing") or "nothing")
            print(
                "Without depth:", ", ".join(f"{k} {s}" for k, s, what in todo if what != "missing") or "none"
            )
            return 0
        if todo:
            render.require_bpy()
            dataset.sweep(args.out)
        else:
            print(f"All scenes are there: {args.out}")
        for i, (kind, seed, what) in enumerate(todo, start=1):
            if what == "no depth":
                dataset.add_depth(args.out, render.labels(kind, seed, tuple(args.size)))
                print(f"{i}/{len(todo)} {dataset.scene_name(kind, seed)}: depth", flush=True)
                continue
            scene = render.render(kind, seed, args.samples, args.supersample, tuple(args.size))
            dataset.write_scene(args.out, scene)
            dataset.write_categories(args.out)
            r = scene.recipe
            classes = len({o["class_id"] for o in r["objects"]} - {0})
            facts = f"{r['seconds']:.0f} s, {classes} classes, {r['unlabeled_share']:.1%} outside the 150"
            print(f"{i}/{len(todo)} {dataset.scene_name(kind, seed)}: {facts}", flush=True)
    except (ValueError, FileNotFoundError, RuntimeError) as e:
        print(f"dollhouse: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
