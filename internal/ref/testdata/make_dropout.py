"""Writes what torchvision's stochastic depth and PyTorch's Dropout2d make of a map, channels last: dropout.json.

    python make_dropout.py
"""
import json
import os

import torch
from torchvision.ops import stochastic_depth

torch.manual_seed(1)
x = torch.randn(8, 3, 2, 2, dtype=torch.float64)
rate = 0.3
whole = {
    "channels": torch.nn.functional.dropout2d(x, rate, training=True),
    "images": stochastic_depth(x, rate, "row", training=True),
}
out = {"rate": rate, "x": x.permute(0, 2, 3, 1).reshape(-1).tolist()}
for name, y in whole.items():
    out[name] = y.permute(0, 2, 3, 1).reshape(-1).tolist()
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "dropout.json"), "w") as f:
    json.dump(out, f)
    f.write("\n")
