"""Write the statistics into data/dollhouse/README.md: `python tools/dollhouse/datasheet.py`."""

import csv
import json
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "data" / "dollhouse"
MARK = "<!-- statistics -->"


def read(root=DATA):
    """All recipes below root, by split."""
    files = sorted(Path(root).glob("recipes/*/*.json"))
    if not files:
        raise FileNotFoundError(
            f"No recipes below {root}: render some scenes first (python -m tools.dollhouse)."
        )
    return [(f.parent.name, json.loads(f.read_text(encoding="utf-8"))) for f in files]


def table(recipes, data=ROOT / "data"):
    """The statistics as Markdown. ADE20K's are those of data/classes.csv and data/facts.csv."""
    with (Path(data) / "classes.csv").open(newline="", encoding="utf-8") as f:
        ade = {row["name"]: row for row in csv.DictReader(f)}
    with (Path(data) / "facts.csv").open(newline="", encoding="utf-8") as f:
        facts = {row["key"]: row["value"] for row in csv.DictReader(f)}
    splits = {s: [r for split, r in recipes if split == s] for s in ("training", "validation")}
    seen = {s: {o["class"] for r in rs for o in r["objects"] if o["class_id"]} for s, rs in splits.items()}
    all_of_them = [r for _, r in recipes]
    n = len(all_of_them)
    pixels, things = Counter(), Counter()
    for r in all_of_them:
        for o in r["objects"]:
            (pixels if o["class_id"] else things)[o["class"]] += o["pixels"]
    labeled = sum(pixels.values())
    ade_labeled = sum(float(row["pixel_share"]) for row in ade.values())
    stuff = sum(p for c, p in pixels.items() if ade[c]["is_stuff"] == "1") / labeled
    ade_stuff = sum(float(row["pixel_share"]) for row in ade.values() if row["is_stuff"] == "1") / ade_labeled
    kinds = Counter(r["kind"] for r in all_of_them)
    moods = Counter(r["light"]["mood"] for r in all_of_them)
    per_image = [len({o["class_id"] for o in r["objects"]} - {0}) for r in all_of_them]
    parts = [sum(len(o["parts"]) for o in r["objects"]) for r in all_of_them]
    total = sum(r["size"][0] * r["size"][1] for r in all_of_them)
    lines = [
        f"{len(splits['training'])} training and {len(splits['validation'])} validation scenes "
        f"of {len(kinds)} kinds: " + ", ".join(f"{k} {v}" for k, v in sorted(kinds.items())) + ".",
        "",
        f"- classes: {len(seen['training'] | seen['validation'])} of 150, "
        f"{len(seen['training'] & seen['validation'])} in both splits; per image {sum(per_image) / n:.1f} "
        f"(ADE20K {facts['classes_per_image_150']})",
        f"- objects per image: {sum(len(r['objects']) for r in all_of_them) / n:.0f}, stuff counted too "
        f"(ADE20K {facts['instances_per_image']}, of all its classes); parts: {sum(parts) / n:.0f}",
        "- light: " + ", ".join(f"{mood} {n}" for mood, n in moods.most_common()),
        f"- pixels outside the 150 (label 0): {sum(things.values()) / total:.1%}, of "
        + f"{len(things)} kinds of thing, most of them "
        + ", ".join(c for c, _ in things.most_common(6)),
        f"- stuff among the labeled pixels: {stuff:.0%} (ADE20K {ade_stuff:.0%})",
        "",
        "| class | share of labeled pixels | in ADE20K |",
        "|---|---|---|",
    ]
    for c, p in pixels.most_common(15):
        share = float(ade[c]["pixel_share"]) / ade_labeled
        lines.append(f"| {c} | {p / labeled:.1%} | {share:.1%} |")
    apart = {c: pixels[c] / labeled - float(row["pixel_share"]) / ade_labeled for c, row in ade.items()}
    for word, order in (("more", lambda c: -apart[c]), ("less", apart.get)):
        far = sorted(apart, key=order)[:6]
        lines += ["", f"Most {word} than in ADE20K, in points: "]
        lines[-1] += ", ".join(f"{c} {100 * apart[c]:+.1f}" for c in far) + "."
    missing = sorted(set(ade) - set(pixels))
    lines += ["", "Classes that appear nowhere: " + (", ".join(missing) or "none") + "."]
    return "\n".join(lines)


def main(readme=DATA / "README.md"):
    """Replace what stands between the two marks of the datasheet."""
    before, _, after = readme.read_text(encoding="utf-8").split(MARK)
    readme.write_text(f"{before}{MARK}\n{table(read())}\n{MARK}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
