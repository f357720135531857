"""Makes frames.json: by network, the side to which torchvision's transforms resize pictures for the weights that it publishes, the side
of the window, and the interpolation; of efficientnet_lite0 those of timm. Run in this folder, with torchvision and timm: python frames.py"""
import json
import re

import timm
from torchvision.models import get_model_weights

nets = re.findall(r'"(\w+)":\s*"[^"]+\.pth"', open("../../published.go").read())
frames = {}
for net in nets:
    t = get_model_weights({"googlenet_bn": "googlenet"}.get(net, net)).IMAGENET1K_V1.transforms()
    frames[net] = [t.resize_size[0], t.crop_size[0], t.interpolation.value]
c = timm.get_pretrained_cfg("efficientnet_lite0")
frames["efficientnet_lite0"] = [int(c.input_size[1] / c.crop_pct), c.input_size[1], c.interpolation]
json.dump(frames, open("frames.json", "w"), indent=0, sort_keys=True)
