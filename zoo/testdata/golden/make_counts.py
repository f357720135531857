"""Makes counts.json beside this file: parameters, and the tensors that hold them, of networks that torchvision, timm and
pytorchcv (osmr/imgclsmob) build and the zoo has too, auxiliary heads included. No weights are made.

Run it with a Python that has torch, torchvision, timm and pytorchcv: python make_counts.py.
"""
import importlib.metadata
import json
import pathlib

import timm
import torch
import torchvision
from pytorchcv.model_provider import get_model

TORCHVISION = (
    "alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn", "inception_v3", "resnet18", "resnet34",
    "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "densenet121", "densenet161", "densenet169", "densenet201", "squeezenet1_0",
    "squeezenet1_1", "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny",
)
TIMM = {"inception_v4": "inception_v4", "inception_resnet_v2": "inception_resnet_v2", "xception": "legacy_xception", "se_resnet50": "seresnet50", "efficientnet_lite0": "tf_efficientnet_lite0"}
PYTORCHCV = {
    "zfnet": "zfnet", "nin-cifar": "nin_cifar10", "bn-inception": "bninception", "inception_resnet_v1": "inceptionresnetv1",
    "cbam_resnet50": "cbam_resnet50", "resnet18_v2": "preresnet18", "resnet34_v2": "preresnet34", "resnet50_v2": "preresnet50b",
    "resnet101_v2": "preresnet101b", "resnet152_v2": "preresnet152b", "wrn-28-10": "wrn28_10_cifar10",
    "densenet-bc-100-12": "densenet100_k12_bc_cifar10", "peleenet": "peleenet", "fractalnet": "fractalnet_cifar10", "mobilenet": "mobilenet_w1",
    "darknet53": "darknet53",
}


def counted(library, name, build):
    with torch.device("meta"):
        ps = list(build().parameters())
    return {"library": library, "name": name, "params": sum(p.numel() for p in ps), "tensors": len(ps)}


nets = {n: counted("torchvision", n, lambda: getattr(torchvision.models, n)(weights=None)) for n in TORCHVISION}
nets["googlenet_bn"] = counted("torchvision", "googlenet", lambda: torchvision.models.googlenet(aux_logits=False, init_weights=False))
nets |= {k: counted("timm", n, lambda: timm.create_model(n)) for k, n in TIMM.items()}
nets |= {k: counted("pytorchcv", n, lambda: get_model(n)) for k, n in PYTORCHCV.items()}
versions = ", ".join(f"{p} {importlib.metadata.version(p).split('+')[0]}" for p in ("torchvision", "timm", "pytorchcv"))
lines = [f'  {json.dumps(k)}: {json.dumps(v)}' for k, v in nets.items()]
text = '{\n "made": ' + json.dumps(f"make_counts.py, {versions}") + ',\n "nets": {\n' + ",\n".join(lines) + "\n }\n}\n"
pathlib.Path(__file__).with_name("counts.json").write_text(text)
