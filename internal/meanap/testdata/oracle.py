# Makes golden-*.json: made-up images with what pycocotools (2.0.11) and voc_eval of rbgirshick/py-faster-rcnn at 781a917
# (lib/datasets/voc_eval.py, not kept here) say of them.
#
#   python oracle.py voc_eval.py
#
# Boxes are half-open, [x0, y0, x1, y1]: voc_eval, which counts pixels from 1 and both ends, gets x0+1, y0+1, x1, y1. A truth that is
# difficult is one that pycocotools ignores; a crowd is one that is difficult to voc_eval, which knows none.
import contextlib, io, json, random, re, sys, tempfile, os
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def girshick(path):
    """voc_eval as a function of Python 3. Its sort is made stable, so that equal scores have an order."""
    text = open(path).read()
    for old, new in [(r"\bprint ", "_ = "), ("import cPickle", "import pickle as cPickle"), (r"open\(cachefile, 'w'\)", "open(cachefile, 'wb')"),
                     (r"np\.bool\b", "bool"), (r"np\.argsort\(-confidence\)", "np.argsort(-confidence, kind='stable')")]:
        text = re.sub(old, new, text)
    room = {}
    exec(compile(text, path, "exec"), room)
    return room["voc_eval"]


class Ignoring(COCOeval):
    def _prepare(self):
        super()._prepare()
        for gts in self._gts.values():
            for g in gts:
                g["ignore"] = g["ignore"] or g["difficult"]


def made_up(seed, images, classes, crowded):
    r = random.Random(seed)
    out = []
    for i in range(images):
        truths, found = [], []
        for _ in range(0 if i % 7 == 3 else r.randint(1, 6)):
            w, h = (max(1, int(r.choice([12, 32, 50, 96, 150]) * r.uniform(.6, 1.6))) for _ in range(2))
            if r.random() < .1:
                w = h = r.choice([32, 96])  # on the bound between two sizes
            x, y = r.randint(0, 300), r.randint(0, 300)
            mark = r.random()
            # the last class has no truths, the one before them marked alone
            c = min(int(r.random() ** 2 * (classes - 1)), classes - 2)
            t = {"box": [x, y, x + w, y + h], "class": c, "difficult": mark < .12 or c == classes - 2, "crowd": .12 <= mark < .2}
            truths.append(t)
            for _ in range(r.choice([0, 1, 1, 1, 2, 3])):
                j = r.choice([0, .08, .2, .4])
                b = [round(4 * (v + r.uniform(-j, j) * s)) / 4 for v, s in zip(t["box"], [w, h, w, h])]
                if b[2] - b[0] >= 1 and b[3] - b[1] >= 1:
                    found.append({"box": b, "class": t["class"] if r.random() < .85 else r.randrange(classes), "score": round(r.random(), r.choice([1, 2, 5]))})
            if t["crowd"]:
                for _ in range(3):
                    found.append({"box": [x, y, x + (w + 1) // 2, y + h], "class": t["class"], "score": round(r.random(), 1)})
        for _ in range(r.randint(0, 4)):
            x, y = r.randint(0, 300), r.randint(0, 300)
            found.append({"box": [x, y, x + r.randint(2, 120), y + r.randint(2, 120)], "class": r.randrange(classes), "score": round(r.random() ** 2, 2)})
        if crowded and i == 5:
            for _ in range(130):
                x, y = r.randint(0, 300), r.randint(0, 300)
                found.append({"box": [x, y, x + 30, y + 30], "class": 0, "score": round(r.random(), 2)})
        r.shuffle(found)
        if i % 5 == 4:
            found = []
        if i == 1:  # the surer one lies as well on two truths; which it takes decides what is left for the other
            truths += [{"box": [400 + x, 400, 412 + x, 410], "class": 0, "difficult": False, "crowd": False} for x in (0, 4)]
            found += [{"box": [402, 400, 414, 410], "class": 0, "score": .97}, {"box": [400, 400, 412, 410], "class": 0, "score": .93}]
        if classes > 4:  # a class that nothing is found of
            found = [f for f in found if f["class"] != 2]
        out.append({"truths": truths, "found": found})
    return out


def coco(images, classes):
    xywh = lambda b: [b[0], b[1], b[2] - b[0], b[3] - b[1]]
    area = lambda b: (b[2] - b[0]) * (b[3] - b[1])
    gt = {"images": [{"id": i + 1} for i in range(len(images))], "categories": [{"id": c + 1} for c in range(classes)], "annotations": []}
    dt = []
    for i, im in enumerate(images):
        for t in im["truths"]:
            gt["annotations"].append({"id": len(gt["annotations"]) + 1, "image_id": i + 1, "category_id": t["class"] + 1, "bbox": xywh(t["box"]),
                                      "area": t.get("mask") or area(t["box"]), "iscrowd": int(t["crowd"]), "difficult": int(t["difficult"])})
        for f in im["found"]:
            dt.append({"image_id": i + 1, "category_id": f["class"] + 1, "bbox": xywh(f["box"]), "score": f["score"]})
    with contextlib.redirect_stdout(io.StringIO()):
        g = COCO()
        g.dataset = gt
        g.createIndex()
        e = Ignoring(g, g.loadRes(dt), "bbox")
        e.evaluate()
        e.accumulate()
        e.summarize()
    p, r = e.eval["precision"], e.eval["recall"]  # [T,R,K,A,M], [T,K,A,M]; -1 where there are no truths

    def mean(v):
        v = v[v > -1]
        return float(v.mean()) if v.size else None

    per = [{"ap": mean(p[:, :, k, 0, 2]), "ap50": mean(p[0, :, k, 0, 2]), "ap75": mean(p[5, :, k, 0, 2]), "ar": mean(r[:, k, 0, 2]),
            "envelope": p[0, :, k, 0, 2].tolist() if p[0, 0, k, 0, 2] > -1 else None} for k in range(classes)]
    by = {n: {"ap": mean(p[:, :, :, a, 2]), "ap50": mean(p[0, :, :, a, 2]), "ap75": mean(p[5, :, :, a, 2]), "ar": mean(r[:, :, a, 2])}
          for a, n in enumerate(["all", "small", "medium", "large"])}
    assert abs(by["all"]["ap"] - e.stats[0]) < 1e-12 and abs(by["small"]["ap"] - e.stats[3]) < 1e-12 and abs(by["all"]["ar"] - e.stats[8]) < 1e-12
    return {**by, "classes": per}


def voc(voc_eval, images, classes):
    out = []
    for c in range(classes):
        if not any(t["class"] == c and not t["difficult"] and not t["crowd"] for im in images for t in im["truths"]):
            out.append({"voc07": None, "voc": None})
            continue
        if not any(f["class"] == c for im in images for f in im["found"]):  # it cannot read an empty file
            out.append({"voc07": 0, "voc": 0})
            continue
        aps = []
        with tempfile.TemporaryDirectory() as d:
            with open(d + "/set.txt", "w") as s, open(f"{d}/det_{c}.txt", "w") as det:
                for i, im in enumerate(images):
                    s.write(f"{i}\n")
                    for f in im["found"]:
                        if f["class"] == c:
                            x0, y0, x1, y1 = f["box"]
                            det.write(f"{i} {f['score']} {x0 + 1} {y0 + 1} {x1} {y1}\n")
                    with open(f"{d}/{i}.xml", "w") as x:
                        x.write("<annotation>")
                        for t in im["truths"]:
                            x0, y0, x1, y1 = t["box"]
                            x.write(f"<object><name>{t['class']}</name><pose/><truncated>0</truncated><difficult>{int(t['difficult'] or t['crowd'])}</difficult>"
                                    f"<bndbox><xmin>{x0 + 1}</xmin><ymin>{y0 + 1}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>")
                        x.write("</annotation>")
            for old in [True, False]:
                cache = f"{d}/cache{old}"
                aps.append(float(voc_eval(d + "/det_{}.txt", d + "/{}.xml", d + "/set.txt", str(c), cache, 0.5, old)[2]))
        out.append({"voc07": aps[0], "voc": aps[1]})
    return out


voc_eval = girshick(sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))
for n, (seed, images, classes, crowded) in enumerate([(1, 40, 6, True), (2, 25, 4, False), (3, 12, 9, False), (4, 30, 5, False)]):
    ims = made_up(seed, images, classes, crowded)
    if n == 3:  # areas of outlines, which decide what is small
        r = random.Random(44)
        for t in (t for im in ims for t in im["truths"]):
            if r.random() < .8:
                x0, y0, x1, y1 = t["box"]
                t["mask"] = round(r.uniform(.05, .99) * (x1 - x0) * (y1 - y0), 2)
    golden = {"classes": classes, "images": ims, "coco": coco(ims, classes), "voc": voc(voc_eval, ims, classes)}
    with open(f"{here}/golden-{n + 1}.json", "w") as f:
        json.dump(golden, f, separators=(",", ":"))
        f.write("\n")
