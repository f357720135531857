"""Writes what torchvision's drop_block2d makes of a map, channels last, where its random numbers are those of Philox4x32-10 by place:
blocks.json.

    python make_blocks.py
"""
import json
import pathlib

import torch
from torchvision.ops import drop_block2d

KEY, STEP = (7, 8), 17


def philox(ctr, key):
    """Salmon, Moraes, Dror, Shaw, SC 2011."""
    c0, c1, c2, c3 = ctr
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c3 ^ k1, p0 & 0xFFFFFFFF
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def bernoulli(t, p):
    n, c, h, w = t.shape
    flat = [float((philox((j // 4, STEP, 0, 0), KEY)[j % 4] >> 8) / (1 << 24) < p) for j in range(n * h * w * c)]
    return t.copy_(torch.tensor(flat, dtype=t.dtype).reshape(n, h, w, c).permute(0, 3, 1, 2))


torch.Tensor.bernoulli_ = bernoulli
torch.manual_seed(1)
out = []
for shape, rate, size in (((3, 5, 9, 8), 0.3, 3), ((2, 4, 7, 7), 0.2, 7), ((4, 3, 6, 11), 0.4, 5), ((2, 3, 4, 4), 0.25, 1)):
    x = torch.round(torch.randn(*shape, dtype=torch.float64) * 64) / 64
    y = drop_block2d(x, rate, size, eps=0.0)
    n, c, h, w = shape
    out.append({"shape": [n, h, w, c], "rate": rate, "size": size, "step": STEP, "key": KEY,
                "x": x.permute(0, 2, 3, 1).reshape(-1).tolist(), "y": y.permute(0, 2, 3, 1).reshape(-1).tolist()})
    assert (y == 0).any() and (y != 0).any()
(pathlib.Path(__file__).parent / "blocks.json").write_text("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in out) + "\n]\n")
