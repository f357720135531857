"""Images/s of torchvision v2 on one thread: pictures in memory, changed and normalised. Run by bench/augment.go; needs torch, torchvision,
numpy and Pillow. Prints a line of JSON a figure.
"""
import argparse
import json
import pathlib
import time
import torch
import torchvision
from PIL import Image
from torchvision.transforms import InterpolationMode, v2

BILINEAR = InterpolationMode.BILINEAR
LISTS = {
    "crop, flip": [],
    "crop, flip, color": [v2.ColorJitter(0.4, 0.4, 0.4)],
    "crop, flip, color with hue": [v2.ColorJitter(0.4, 0.4, 0.4, 0.1)],
    "crop, flip, color, erase": [v2.ColorJitter(0.4, 0.4, 0.4)],
    "crop, flip, rotate": [v2.RandomRotation(15, BILINEAR)],
    "crop, flip, blur": [v2.GaussianBlur(13, (0.1, 2))],
    "crop, flip, randaugment": [v2.RandAugment(interpolation=BILINEAR)],
    "crop, flip, trivial": [v2.TrivialAugmentWide(interpolation=BILINEAR)],
    "crop, flip, auto": [v2.AutoAugment(interpolation=BILINEAR)],
    "crop, flip, augmix": [v2.AugMix(all_ops=False)],
}


def main():
    p = argparse.ArgumentParser(description="speed of torchvision's augmentations on one thread")
    p.add_argument("--side", type=int, default=224)
    p.add_argument("--seconds", type=float, default=4, help="of each figure")
    p.add_argument("--files", type=pathlib.Path, required=True, help="folder of JPEG files")
    p.add_argument("--processor", action="store_true", help="seconds of processor time, not of the clock")
    a = p.parse_args()
    clock = time.process_time if a.processor else time.perf_counter
    torch.set_num_threads(1)
    torch.manual_seed(1)
    small = round(1.125 * a.side)
    tensors = [torch.randint(0, 256, (3, small, small * 335 // 252), dtype=torch.uint8) for _ in range(16)]
    pictures = [v2.functional.to_pil_image(t) for t in tensors]
    normal = v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    files = sorted(a.files.rglob("*.jpg"))
    cases = [(name, ops, tensors, pictures) for name, ops in LISTS.items()]
    cases.append(("crop, flip, from files", [], files, files))
    decode = lambda f: torchvision.io.decode_jpeg(torchvision.io.read_file(str(f)))
    opened = lambda f: Image.open(f).convert("RGB")
    for name, ops, tensors, pictures in cases:
        start = [v2.RandomResizedCrop(a.side, antialias=True), v2.RandomHorizontalFlip(), *ops]
        end = [v2.ToDtype(torch.float32, scale=True), normal] + ([v2.RandomErasing(0.5)] if "erase" in name else [])
        for by, images, change in (
            ("torchvision", tensors, v2.Compose(start + end)),
            ("torchvision on Pillow", pictures, v2.Compose(start + [v2.PILToTensor()] + end)),
        ):
            if images is files:
                change = v2.Compose([decode if by == "torchvision" else opened, change])
            n, least = (-1, 1) if images is files else (-2, 3)
            while n < least or clock() - at < a.seconds:
                if n == 0:
                    at = clock()
                for m in images:
                    change(m)
                n += 1
            v = n * len(images) / (clock() - at)
            print(json.dumps({"part": "augment", "by": by, "batch": len(images), "variant": name, "version": torchvision.__version__, "images_per_s": v}), flush=True)


if __name__ == "__main__":
    main()
