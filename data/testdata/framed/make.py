"""Makes photo.png beside this file, a picture with smooth parts, edges and grain, and golden.json: what torchvision's and timm's
transforms of evaluation make of it, as bytes in hex. 64·133/97 is 87.75, which torchvision rounds down, and the middle of 87 - 56 is
halfway between two pixels, so that both of its roundings show.

Run in this folder, with torch, torchvision and timm: python make.py"""
import json

import numpy
import PIL
import timm.data
import torchvision
from PIL import Image
from torchvision.transforms import v2 as transforms

H, W = 97, 133
rng = numpy.random.default_rng(7)
y, x = numpy.mgrid[0:H, 0:W]
picture = numpy.zeros((H, W, 3))
for octave in range(5):  # clouds of five sizes
    for c in range(3):
        coarse = Image.fromarray(rng.normal(size=(3 * 2**octave, 4 * 2**octave)).astype("float32"))
        picture[:, :, c] += 45 / 1.7**octave * numpy.asarray(coarse.resize((W, H), Image.Resampling.BICUBIC))
picture += numpy.array([120, 130, 110]) + 40 * (y / H)[:, :, None]
picture[(x - 40) ** 2 + (y - 50) ** 2 < 700] += [70, -20, -40]  # a disc
picture[(x // 3 + y // 5) % 2 * (x > 95) == 1] -= 60  # a fence
picture += rng.normal(scale=4, size=picture.shape)
photo = Image.fromarray(picture.clip(0, 255).astype("uint8"))
photo.save("photo.png", optimize=True)

golden = {}
tv = transforms.Compose([transforms.Resize(64, interpolation=transforms.InterpolationMode.BILINEAR), transforms.CenterCrop(56)])
golden["bilinear"] = numpy.asarray(tv(photo)).tobytes().hex()
lite = timm.data.create_transform(input_size=56, interpolation="bicubic", crop_pct=0.875, mean=(0, 0, 0), std=(1, 1, 1))
golden["bicubic"] = (lite(photo).permute(1, 2, 0) * 255).round().byte().numpy().tobytes().hex()
golden["made by"] = f"Pillow {PIL.__version__}, torchvision {torchvision.__version__.split('+')[0]}, timm {timm.__version__}"
json.dump(golden, open("golden.json", "w"), indent=0)
