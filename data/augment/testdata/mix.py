"""Makes mix.json: what torchvision makes of a batch by MixUp and CutMix, given the share and the centre that they would draw, and the
Beta distribution by scipy.

Run in this folder, with torchvision and scipy: python mix.py
"""
import json
import scipy.stats
import torch
import torchvision
from torchvision.transforms import v2

N, H, W, C = 3, 5, 7, 2


class Drawn:
    def __init__(self, value):
        self.value = value

    def sample(self, *_):
        return torch.tensor(self.value)


def batch():
    """Numbers by a rule that the test repeats (a linear congruential generator), in the order n, h, w, c."""
    state, out = 1, []
    for _ in range(N * H * W * C):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append((state >> 16) / 8192 - 4)
    return torch.tensor(out).reshape(N, H, W, C).permute(0, 3, 1, 2)


cases = []


def case(name, transform, share, y=0, x=0):
    transform._dist = Drawn(share)
    drawn = iter([x, y])  # the column first
    torch.randint, old = lambda *_, **__: torch.tensor([next(drawn)]), torch.randint
    made, labels = transform(batch(), torch.arange(N))
    torch.randint = old
    values = made.permute(0, 2, 3, 1).reshape(-1).tolist()
    cases.append({"name": name, "share": share, "y": y, "x": x, "values": [round(v, 7) for v in values], "labels": labels.reshape(-1).tolist()})


for share in (0.0, 0.125, 0.7, 1.0):
    case("mixup", v2.MixUp(num_classes=N), share)
for share, y, x in ((0.5, 2, 3), (0.5, 0, 0), (0.2, 4, 6), (0.9, 1, 5), (0.99, 2, 2), (0.0, 2, 3), (1.0, 2, 3)):
    case("cutmix", v2.CutMix(num_classes=N), share, y, x)
points = [0.001, 0.02, 0.1, 0.3, 0.5, 0.8, 0.97]
betas = [{"alpha": a, "points": points, "below": scipy.stats.beta.cdf(points, a, a).tolist()} for a in (0.01, 0.2, 1.0, 3.5)]
with open("mix.json", "w") as f:
    json.dump({"made_by": f"torchvision {torchvision.__version__}, scipy {scipy.__version__}", "cases": cases, "betas": betas}, f, separators=(",", ":"))
