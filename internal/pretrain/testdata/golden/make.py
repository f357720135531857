"""Makes pretrained.json beside this file: what timm and torchvision compute, in float64, with weights that Assay is given by file.

Run it with a Python that has torch, torchvision and timm: python make.py SHARED PIXELS, where SHARED is the folder with
data/pretrained and PIXELS one that `go test ./internal/pretrain -pixels PIXELS` filled (leave both out, and lite0 stays as it is).
golden_test.go runs the same networks.

lite0: logits of timm's tf_efficientnet_lite0 with pretrained/efficientnet-lite0.pth, whose tensors have its order, on two photos:
their middle of 224x224 pixels, values from -1 to 1. Decoders of JPEG differ by a grey level here and there, so the pixels are those
that Assay reads.

nets: logits of torchvision's networks, and of timm's under "timm/NAME", whose tensors are functions of their names: `value(name)`, of element i in PyTorch's order.
golden_test.go makes the same tensors under the same names, of tensors.json.gz. Running statistics are neither 0 nor 1. Logits that the
file has stay; take it away to make all anew.

tensors.json.gz: names and shapes of the tensors of all networks, and of those that are too dear to run: every one that torchvision
publishes weights of and the zoo has.
"""
import gzip
import importlib.metadata
import json
import pathlib
import sys

import numpy as np
import timm
import torch
import torchvision
from PIL import Image

NETS = {
    "resnet18": (64, 96), "resnet50": (64,), "resnext50_32x4d": (64,), "vgg11_bn": (224,), "mobilenet_v2": (64, 96), "densenet121": (64, 96),
    "squeezenet1_0": (96,), "squeezenet1_1": (64, 96), "shufflenet_v2_x1_0": (64,), "shufflenet_v2_x0_5": (64, 96), "googlenet": (64, 96), "inception_v3": (299,),
    "mobilenet_v3_small": (64, 96), "mobilenet_v3_large": (64,), "efficientnet_b0": (64, 96), "convnext_tiny": (64, 96), "alexnet": (224,),
}
ALONE = (
    "vgg11", "vgg13", "vgg16", "vgg19", "vgg13_bn", "vgg16_bn", "vgg19_bn", "resnet34", "resnet101", "resnet152", "densenet161", "densenet169", "densenet201",
    "timm/vgg11_bn", "timm/resnet34", "timm/resnet101", "timm/resnext50_32x4d", "timm/densenet121", "timm/mobilenetv2_100", "timm/vgg16",
)  # names and shapes
TIMM = {"tf_efficientnet_lite0": (64, 96), "efficientnet_b0": (64,), "mobilenetv2_100": (64,), "seresnet50": (64,)}
PHOTOS = ("train/daisy/14073784469_ffb12f3387_n.jpg", "train/roses/12243069253_e512464095_n.jpg")


def value(name, n):
    """n numbers in [-1,1), a function of the name and the place alone."""
    i = np.arange(n, dtype=np.int64)
    seed = sum(k * b for k, b in enumerate(name.encode(), 1))
    return ((i % 4093 * (i % 4093) * 31 + i * 1103 + seed * 7717) % 1009) / 1009 * 2 - 1


def filled(name, t):
    v = value(name, t.numel())
    if name.endswith("running_var"):
        v = 1 + 0.3 * v
    elif name.endswith("running_mean"):
        v = 0.1 * v
    elif name.endswith("layer_scale"):
        v = 0.75 + 0.25 * v
    elif name.endswith("weight") and t.dim() > 1:
        v = v * np.sqrt(4.5 / t[0].numel())
    elif name.endswith("weight"):
        v = 1 + 0.2 * v
    else:
        v = 0.1 * v
    return torch.tensor(v.astype(np.float32).astype(np.float64)).reshape(t.shape)


def few(y):
    return [float(f"{v:.9g}") for v in y[::50].tolist()]


def network(name):
    if name.startswith("timm/"):
        return timm.create_model(name.removeprefix("timm/")).eval().double()
    more = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return getattr(torchvision.models, name)(**more).eval().double()


@torch.no_grad()
def logits(name, side):
    m = network(name)
    m.load_state_dict({k: t if "num_batches" in k else filled(k, t) for k, t in m.state_dict().items()})
    x = torch.tensor((2 * value("image", side * side * 3)).astype(np.float32).astype(np.float64)).reshape(1, side, side, 3).permute(0, 3, 1, 2)
    return few(m(x)[0])


@torch.no_grad()
def lite0(shared, pixels):
    weights = torch.load(shared / "data/pretrained/efficientnet-lite0.pth", weights_only=True)
    m = timm.create_model("tf_efficientnet_lite0").eval()
    own = m.state_dict()
    assert [t.shape for t in own.values()] == [t.shape for t in weights.values()]
    m.load_state_dict(dict(zip(own, weights.values())))
    photos = {}
    for name in PHOTOS:
        p = Image.open(pixels / (pathlib.Path(name).stem + ".ppm"))
        x = torch.tensor((np.asarray(p).astype(np.float64) / 255 - 0.5) / 0.5).permute(2, 0, 1)[None]
        y = m.double()(x)[0]
        photos[name] = {"best": int(y.argmax()), "largest": float(f"{y.abs().max():.9g}"), "logits": few(y)}
    return photos


path = pathlib.Path(__file__).with_name("pretrained.json")
old = json.loads(path.read_text()) if path.exists() else {}
versions = ", ".join(f"{p} {importlib.metadata.version(p).split('+')[0]}" for p in ("torch", "torchvision", "timm"))
golden = {"made": f"make.py, {versions}", "lite0": lite0(*map(pathlib.Path, sys.argv[1:3])) if sys.argv[2:] else old.get("lite0")}
NETS |= {f"timm/{name}": sides for name, sides in TIMM.items()}
have = old.get("nets", {})
golden["nets"] = {name: {str(side): have.get(name, {}).get(str(side)) or logits(name, side) for side in sides} for name, sides in NETS.items()}
path.write_text(json.dumps(golden, indent=1) + "\n")
with torch.device("meta"):
    text = json.dumps({name: {k: list(t.shape) for k, t in network(name).state_dict().items()} for name in dict.fromkeys((*NETS, *ALONE))})
path.with_name("tensors.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
