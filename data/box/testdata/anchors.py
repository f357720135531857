"""Makes anchors.json: shapes of boxes, and how well the best of many runs of k-means on 1 - IoU stand for them, by numpy.
Run it in this folder: python anchors.py"""
import json
import numpy as np

rng = np.random.default_rng(4)
shapes = np.concatenate([np.exp(rng.normal(m, s, (n, 2))) for m, s, n in ((-3, 0.2, 60), ((-1.8, -1.2), 0.25, 80), ((-1.0, -1.7), 0.2, 60))]).round(4)


def iou(a, b):
    both = np.minimum(a[:, None, 0], b[None, :, 0]) * np.minimum(a[:, None, 1], b[None, :, 1])
    return both / (a.prod(1)[:, None] + b.prod(1)[None] - both)


def mean_iou(anchors):
    return float(iou(shapes, anchors).max(1).mean())


def run(k):
    anchors = shapes[rng.choice(len(shapes), k, replace=False)]
    for _ in range(200):
        of = iou(shapes, anchors).argmax(1)
        new = np.array([shapes[of == j].mean(0) if (of == j).any() else shapes[rng.integers(len(shapes))] for j in range(k)])
        if np.allclose(new, anchors):
            break
        anchors = new
    return mean_iou(anchors)


some = np.array([[0.05, 0.05], [0.2, 0.3], [0.4, 0.2]])
json.dump({"shapes": shapes.tolist(), "best": {str(k): max(run(k) for _ in range(8)) for k in range(1, 7)}, "some": some.tolist(), "mean": {"some": mean_iou(some)}}, open("anchors.json", "w"))
