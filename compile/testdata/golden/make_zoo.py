"""Makes zoo.json beside this file: logits that torchvision's and timm's networks give in float64, evaluated on one image.

Run it with a Python that has torch, torchvision, timm and numpy: python make_zoo.py. golden_zoo_test.go builds the same
networks from the zoo. The k-th tensor that a network meets on its way has the numbers of `value(k)` on both sides, in Assay's
layout and scaled by what it is for; the image has those of `value("image")`.
"""
import json
import pathlib

import numpy as np
import timm
import torch
import torchvision
from torchvision.models.convnext import CNBlock

SIDE = 96
TORCHVISION = (
    "resnet18", "resnet50", "resnext50_32x4d", "densenet121", "squeezenet1_1", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large",
    "shufflenet_v2_x1_0", "efficientnet_b0", "convnext_tiny",
)


def value(name, n):
    """n numbers in [-1,1), a function of the name alone."""
    i = np.arange(n, dtype=np.int64)
    seed = sum(name.encode())
    return ((i * i * 31 + i * 1103 + seed * 7717) % 1009) / 1009 * 2 - 1


def modules(m):
    """The modules without children, in the order in which an image meets them; a layer scale is a parameter alone."""
    for child in m.children():
        if isinstance(child, CNBlock):
            yield from modules(child.block)
            yield child.layer_scale
        elif list(child.children()):
            yield from modules(child)
        else:
            yield child


class Filling:
    def __init__(self):
        self.count = 0

    def fill(self, t, at, by, layout=lambda t: t):
        """Writes at + by·value into a tensor, by way of a view of it in Assay's layout."""
        view = layout(t)
        v = (at + by * value(str(self.count), t.numel())).astype(np.float32).astype(np.float64)
        view.copy_(torch.tensor(v).reshape(view.shape))
        self.count += 1

    def module(self, l):
        if isinstance(l, torch.nn.Parameter):
            self.fill(l, 0.75, 0.25)
        elif isinstance(l, (torch.nn.BatchNorm2d, torch.nn.LayerNorm)):
            self.fill(l.weight, 1, 0.2)
            self.fill(l.bias, 0, 0.2)
            if isinstance(l, torch.nn.BatchNorm2d):
                self.fill(l.running_mean, 0, 0.1)
                self.fill(l.running_var, 1, 0.2)
        elif isinstance(l, (torch.nn.Conv2d, torch.nn.Linear)):
            by = float(np.sqrt(4.5 / l.weight[0].numel()))
            self.fill(l.weight, 0, by, lambda w: w.permute(2, 3, 1, 0) if w.dim() == 4 else w.t())
            if l.bias is not None:
                self.fill(l.bias, 0, 0.1)


@torch.no_grad()
def logits(m):
    m, filling = m.eval().double(), Filling()
    for l in modules(m):
        filling.module(l)
    x = (2 * value("image", SIDE * SIDE * 3)).astype(np.float32).astype(np.float64)
    y = m(torch.tensor(x).reshape(1, SIDE, SIDE, 3).permute(0, 3, 1, 2))[0]
    return {"tensors": filling.count, "logits": [float(f"{v:.9g}") for v in y[::50].tolist()]}


nets = {n: getattr(torchvision.models, n) for n in TORCHVISION}
nets["se_resnet50"] = lambda: timm.create_model("seresnet50")
made = f"make_zoo.py, torchvision {torchvision.__version__.split('+')[0]}, timm {timm.__version__}"
golden = {"made": made, "nets": {k: logits(build()) for k, build in nets.items()}}
pathlib.Path(__file__).with_name("zoo.json").write_text(json.dumps(golden, indent=1) + "\n")
