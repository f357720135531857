"""Writes confident.json: what cleanlab's find_label_issues finds among labels, given probabilities, by each of five rules.

    python make_confident.py   # needs cleanlab (2.9.0 made the file) and numpy

Probabilities are whole 4096ths, which float32 holds, so that two of them tie for every program or for none. Where counts are
rounded, remainders that tie are given to whichever numpy's sort happens to put first, and so is the last place of a rule that
prunes; no case has ties there.
"""
import json
import pathlib
import warnings

import numpy as np
from cleanlab.count import compute_confident_joint
from cleanlab.filter import find_label_issues

RULES = ["prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given"]


def case(name, seed, n, k, noise, sharp, steps=4096, shares=None, one=None):
    """n images of k classes whose labels are wrong with a probability, and probabilities of a network that is mostly right."""
    r = np.random.default_rng(seed)
    true = r.choice(k, n, p=shares)
    true[:k] = np.arange(k)  # every class has an image
    labels = np.where(r.random(n) < noise, r.integers(0, k, n), true)
    labels[:k] = np.arange(k)
    if one is not None:  # a class that one image alone is given
        labels[labels == one] = (one + 1) % k
        labels[one] = one
    logits = r.normal(size=(n, k))
    logits[np.arange(n), true] += sharp
    p = np.exp(logits)
    p /= p.sum(1, keepdims=True)
    p = np.round(p * steps) / steps
    joint = compute_confident_joint(labels, p, calibrate=False)
    for row, images in zip(joint, np.bincount(labels)):
        exact = row * images / row.sum()
        rest = np.sort(exact % 1)[::-1]
        up = round(rest.sum())
        assert up == 0 or up == k or rest[up - 1] - rest[up] > 1e-9, f"{name}: remainders tie"
    counts = compute_confident_joint(labels, p, calibrate=True)
    for c in range(k):  # given, then true
        for d in range(k):
            own = np.sort(p[labels == c, c] - (p[labels == c, d] if c != d else 0))
            n = counts[c, d] if c != d else len(own) - counts[c, c]
            assert not 0 < n < len(own) or own[n - 1] < own[n], f"{name}: the last place of a rule ties"
    found = {}
    for rule in RULES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found[rule] = np.flatnonzero(find_label_issues(labels, p, filter_by=rule, n_jobs=1)).tolist()
    return {"name": name, "classes": k, "labels": labels.tolist(), "probs": (p.ravel() * 4096).astype(int).tolist(), "found": found}


def first(name, *rest, **more):
    """The case of the first seed without ties where numpy's sort would decide."""
    for seed in range(4000):
        try:
            return case(name, seed, *rest, **more)
        except AssertionError:
            pass
    raise SystemExit(f"{name}: ties at every seed")


cases = [
    first("four classes", 200, 4, 0.2, 2.5),
    first("six classes, a good network", 400, 6, 0.25, 4),
    first("two classes", 120, 2, 0.3, 1.5),
    first("a poor network", 150, 5, 0.3, 0.5),
    first("classes out of balance", 300, 4, 0.2, 2, shares=[0.8, 0.15, 0.04, 0.01]),
    first("ties", 200, 3, 0.25, 1.5, steps=16),
    first("a class of one image", 90, 4, 0.2, 2, one=2),
    first("no noise", 100, 3, 0, 6),
    first("few images", 14, 3, 0.4, 1),
    first("half of the labels wrong", 300, 5, 0.6, 3),
]
lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
pathlib.Path(__file__).with_name("confident.json").write_text("[\n" + lines + "\n]\n")
