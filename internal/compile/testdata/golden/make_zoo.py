"""Makes zoo.json beside this file: logits that networks of torchvision, timm and pytorchcv (osmr/imgclsmob) give in float64,
evaluated on one image.

Run it with a Python that has torch, torchvision, timm, pytorchcv and numpy: python make_zoo.py. golden_zoo_test.go builds the
same networks from the zoo. The k-th tensor that a network meets on its way has the numbers of `value(k)` on both sides, in
Assay's layout and scaled by what it is for; the image has those of `value("image")`.
"""
import collections
import importlib.metadata
import json
import pathlib

import numpy as np
import timm
import torch
import torchvision
from pytorchcv.model_provider import get_model
from pytorchcv.models.cbamresnet import SpatialGate
from pytorchcv.models.fractalnet_cifar import FractalUnit
from pytorchcv.models.wrn_cifar import get_wrn_cifar
from torchvision.models.convnext import CNBlock

NORMS = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.LayerNorm)
TORCHVISION = (
    "resnet18", "resnet50", "resnext50_32x4d", "densenet121", "squeezenet1_0", "squeezenet1_1", "inception_v3", "mobilenet_v2",
    "mobilenet_v3_small", "mobilenet_v3_large", "shufflenet_v2_x1_0", "efficientnet_b0", "convnext_tiny",
)
TIMM = {"se_resnet50": "seresnet50", "inception_resnet_v2": "inception_resnet_v2", "xception": "legacy_xception"}
PYTORCHCV = {
    "bn-inception": "bninception", "inception_resnet_v1": "inceptionresnetv1", "cbam_resnet50": "cbam_resnet50", "peleenet": "peleenet",
    "resnet18_v2": "preresnet18", "resnet50_v2": "preresnet50b", "mobilenet": "mobilenet_w1", "darknet53": "darknet53",
    "nin-cifar": "nin_cifar10", "fractalnet": "fractalnet_cifar10", "densenet-bc-100-12": "densenet100_k12_bc_cifar10",
}
SIDE = collections.defaultdict(lambda: 96)
SIDE |= {"inception_v3": 299, "inception_v4": 139, "inception_resnet_v1": 139, "inception_resnet_v2": 139}
SIDE |= dict.fromkeys(("nin-cifar", "fractalnet", "densenet-bc-100-12", "wrn-16-4"), 32)


def value(name, n):
    """n numbers in [-1,1), a function of the name alone."""
    i = np.arange(n, dtype=np.int64)
    seed = sum(name.encode())
    return ((i * i * 31 + i * 1103 + seed * 7717) % 1009) / 1009 * 2 - 1


def modules(m):
    """The modules without children, in the zoo's order: that of the paths; a layer scale is a parameter alone."""
    for name, child in sorted(m.named_children(), key=lambda c: c[0].startswith(("skip", "identity"))):
        if isinstance(child, CNBlock):
            yield from modules(child.block)
            yield child.layer_scale
        elif isinstance(child, FractalUnit):
            for block, column in (3, 2), (1, 1), (0, 0), (1, 0), (3, 1), (2, 0), (3, 0):
                yield from modules(child.block.blocks[block][column])
        elif list(child.children()) and not isinstance(child, NORMS):  # timm's norms hold their activation
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
        elif isinstance(l, NORMS):
            self.fill(l.weight, 1, 0.2)
            self.fill(l.bias, 0, 0.2)
            if not isinstance(l, torch.nn.LayerNorm):
                self.fill(l.running_mean, 0, 0.1)
                self.fill(l.running_var, 1, 0.2)
        elif isinstance(l, (torch.nn.Conv2d, torch.nn.Linear)):
            by = float(np.sqrt(4.5 / l.weight[0].numel()))
            self.fill(l.weight, 0, by, lambda w: w.permute(2, 3, 1, 0) if w.dim() == 4 else w.t())
            if l.bias is not None:
                self.fill(l.bias, 0, 0.1)


@torch.no_grad()
def logits(m, side):
    m, filling = m.eval().double(), Filling()
    for l in modules(m):
        filling.module(l)
    x = (2 * value("image", side * side * 3)).astype(np.float32).astype(np.float64)
    y = m(torch.tensor(x).reshape(1, side, side, 3).permute(0, 3, 1, 2))[0]
    few = y[:: max(1, len(y) // 20)].tolist()
    return {"side": side, "tensors": filling.count, "logits": [float(f"{v:.9g}") for v in few]}


def turned(gate, _):
    """Turns the inputs of the 7x7 convolution round, once it is filled."""
    w = gate.conv.conv.weight
    if not hasattr(gate, "turned"):
        w.copy_(w.flip(1))
    gate.turned = True


def of_pytorchcv(name):
    """A network in the zoo's form where that differs in no shape.

    The last pooling, of the windows of its own images, averages all that it gets; CBAM's 7x7 convolution reads the mean first;
    the poolings of NiN round up, as its authors' do, and are not padded.
    """
    if name == "wrn-16-4":
        m = get_wrn_cifar(num_classes=10, blocks=16, width_factor=4)
    else:
        m = get_model(PYTORCHCV[name])
    for part in list(m.modules()):
        if isinstance(getattr(part, "final_pool", None), torch.nn.AvgPool2d):
            part.final_pool = torch.nn.AdaptiveAvgPool2d(1)
        if isinstance(part, SpatialGate):
            part.register_forward_pre_hook(turned)
        if name == "nin-cifar" and isinstance(part, (torch.nn.AvgPool2d, torch.nn.MaxPool2d)):
            part.ceil_mode, part.padding = True, 0
    return m


def inception_v4():
    """timm's with the narrow windows turned and the pooling branches in front, as in the paper's figures 3 to 8."""
    m = timm.create_model("inception_v4")
    pooled = {"InceptionA": 96, "InceptionB": 128, "InceptionC": 256, "ReductionA": 384, "ReductionB": 1024}
    narrow = {"Mixed4a": ("branch1",), "InceptionB": ("branch2",), "InceptionC": ("branch2_1", "branch2_2", "branch2_3a", "branch2_3b")}
    for part in list(m.modules()):
        kind = type(part).__name__
        for branch in narrow.get(kind, ()):
            for conv in getattr(part, branch).modules():
                if isinstance(conv, torch.nn.Conv2d):
                    conv.kernel_size, conv.padding = conv.kernel_size[::-1], conv.padding[::-1]
                    conv.weight = torch.nn.Parameter(conv.weight.transpose(2, 3).contiguous())
        if kind in pooled:
            part.register_forward_hook(lambda _, x, y, n=pooled[kind]: y.roll(n, 1))
        if hasattr(part, "branch3"):
            part._modules = {"branch3": part.branch3} | part._modules
    return m


nets = {n: getattr(torchvision.models, n) for n in TORCHVISION}
nets |= {k: lambda n=n: timm.create_model(n) for k, n in TIMM.items()}
nets["inception_v4"] = inception_v4
nets |= {k: lambda k=k: of_pytorchcv(k) for k in (*PYTORCHCV, "wrn-16-4")}
versions = ", ".join(f"{p} {importlib.metadata.version(p).split('+')[0]}" for p in ("torchvision", "timm", "pytorchcv"))
golden = {"made": f"make_zoo.py, {versions}", "nets": {k: logits(build(), SIDE[k]) for k, build in nets.items()}}
pathlib.Path(__file__).with_name("zoo.json").write_text(json.dumps(golden, indent=1) + "\n")
