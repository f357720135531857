"""The effects of studies beside the published ones: python beside.py REPORT.json [REPORT.json ...]

prints a row a choice, how many published signs are decided, how many of these agree, and Kendall's tau (tau-b) of all effects and of the decided ones.
Decided is what helps or hurts.
"""
import json
import sys


def found(report):
    """Variant -> (effect, low, high, verdict): of the contrast that is about it alone, or against the baseline."""
    for of in report.get("contrasts") or report["arms"]:
        if len(of.get("of") or []) == 1 and of.get("effect") is not None:
            yield of["of"][0], (of["effect"], of["low"], of["high"], of["verdict"])


def tau(pairs):
    """Kendall's tau-b, and its pairs alike and unlike."""
    alike = unlike = here = there = 0
    for i, (a, b) in enumerate(pairs):
        for c, d in pairs[:i]:
            x, y = (a > c) - (a < c), (b > d) - (b < d)
            alike, unlike = alike + (x * y > 0), unlike + (x * y < 0)
            here, there = here + (x != 0), there + (y != 0)
    return (alike - unlike) / (here * there) ** 0.5, alike, unlike


rows = []
for path in sys.argv[1:]:
    with open(path) as f:
        report = json.load(f)
    published = {p["variant"]: p["points"] for p in report["published"] or []}
    for name, (effect, low, high, verdict) in found(report):
        rows.append((name, effect, low, high, verdict, published.get(name)))
print("| choice | effect here, points | published |\n|---|---|---|")
for name, effect, low, high, verdict, points in sorted(rows, key=lambda r: -r[1]):
    print(f"| {name} | {effect:+.1f} [{low:+.1f}, {high:+.1f}] {verdict} | {'' if points is None else f'{points:+.1f}'} |")
of = [r for r in rows if r[5]]
decided = [r for r in of if r[4] in ("helps", "hurts")]
agree = [r for r in decided if (r[1] > 0) == (r[5] > 0)]
print(f"\n{len(of)} published signs, {len(decided)} decided here, of which {len(agree)} agree; not: {', '.join(r[0] for r in decided if r not in agree)}")
for what, some in ("all", of), ("the decided", decided):
    if len(some) < 3:
        continue
    t, alike, unlike = tau([(r[1], r[5]) for r in some])
    print(f"Kendall's tau of {what}: {t:+.2f} ({alike} pairs alike, {unlike} not)")
