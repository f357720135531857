"""Makes plateau.json beside this file: how often PyTorch's ReduceLROnPlateau drops a rate, epoch by epoch, for series of losses.

Run it with a Python that has torch and numpy: python make_plateau.py.
"""
import json
import pathlib

import numpy as np
import torch

rng = np.random.default_rng(1)
SERIES = {
    "falls": [2.0 * 0.9**i for i in range(12)],
    "stands": [1.0] * 12,
    "falls too little": [1 - 5e-5 * i for i in range(16)],
    "falls, stands, falls": [2, 1.5, 1.2, 1.2, 1.2, 1.21, 1.1, 1.1, 1.1, 1.1, 1.1, 1.0, 1.0],
    "not a number": [2, float("nan"), float("nan"), 1.9, float("nan"), float("nan"), float("nan"), 1.95],
    **{f"noise {k}": (2 * np.exp(-np.arange(40) / 8) + 0.5 + 0.1 * rng.standard_normal(40)).tolist() for k in range(4)},
}


def drops(losses, patience):
    solver = torch.optim.SGD([torch.zeros(1, dtype=torch.float64)], lr=1.0)
    policy = torch.optim.lr_scheduler.ReduceLROnPlateau(solver, factor=0.5, patience=patience, eps=0)
    out = []
    for loss in losses:
        policy.step(loss)
        out.append(round(-np.log2(solver.param_groups[0]["lr"])))
    return out


cases = [
    {"name": name, "patience": patience, "losses": [None if np.isnan(x) else x for x in losses], "drops": drops(losses, patience)}
    for name, losses in SERIES.items() for patience in (0, 1, 3)
]
pathlib.Path(__file__).with_name("plateau.json").write_text(json.dumps({"made": f"make_plateau.py, PyTorch {torch.__version__.split('+')[0]}", "cases": cases}) + "\n")
