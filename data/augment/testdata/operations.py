"""Makes operations.json: what Pillow makes of drawn pictures, as the independent source of what operations must make. torchvision's
RandomRotation, RandomAffine and ColorJitter are these calls for pictures of Pillow. Where Pillow counts colours in bytes of hue, or
blurs by boxes, and for what else torchvision has a function of its own, torchvision is asked.

Run in this folder, with Pillow, numpy, torch and torchvision: python operations.py
"""
import json
import math
import numpy as np
import PIL
import torchvision
import torchvision.transforms.v2.functional as F
from PIL import Image, ImageEnhance


def drawn(h, w, c, seed):
    """Pixels by a rule that the test repeats: smooth, steps and noise (a linear congruential generator)."""
    state, out = seed, bytearray()
    for y in range(h):
        for x in range(w):
            for k in range(c):
                state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
                v = (x * 255 // w + y * 127 // h * (k + 1)) & 0xFF
                if (x // 5 + y // 7) % 3 == k % 3:
                    v = 255 - v
                out.append((v * 3 + (state >> 24)) // 4)
    return Image.frombytes("RGB" if c == 3 else "L", (w, h), bytes(out))


def about(cx, cy, m):
    move = lambda x, y: np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
    return move(cx, cy) @ m @ move(-cx, -cy)


def turned(degrees):  # from the result to the picture; y points down
    a = math.radians(degrees)
    return np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1.0]])


def scaled(by):
    return np.diag([1 / by, 1 / by, 1.0])


def warped(image, size, m, pad=0, mode="constant"):
    """The window of a size (w, h) through a map from it to the picture, which is padded, so that a fill is a part of it."""
    a = np.asarray(image)
    if pad:
        a = np.pad(a, [(pad, pad), (pad, pad)] + [(0, 0)] * (a.ndim - 2), mode=mode)
        m = np.array([[1, 0, pad], [0, 1, pad], [0, 0, 1.0]]) @ m
    return Image.fromarray(a).transform(size, Image.Transform.AFFINE, m[:2].reshape(-1).tolist(), Image.Resampling.BILINEAR)


cases = []


def case(name, h, w, c, made, **more):
    cases.append({"name": name, "h": h, "w": w, "c": c, "seed": len(cases) + 1, "pixels": made(drawn(h, w, c, len(cases) + 1)).tobytes().hex(), **more})


for degrees in (-180, -90, -33, -7, 0, 1, 15, 45, 90, 135):
    case("rotate", 24, 32, 3, lambda m: m.rotate(degrees, Image.Resampling.BILINEAR), value=degrees)
    case("rotate", 15, 15, 1, lambda m: m.rotate(degrees, Image.Resampling.BILINEAR), value=degrees)
for by in (0.5, 0.8, 0.97, 1, 1.25, 2, 3.3):
    for h, w, c in ((24, 32, 3), (15, 17, 1)):
        case("scale", h, w, c, lambda m: warped(m, m.size, about(w / 2, h / 2, scaled(by))), value=by)
for mode in ("edge", "reflect"):
    for degrees in (20, -70):
        case("rotate", 20, 20, 3, lambda m: warped(m, m.size, about(10, 10, turned(degrees)), 19, mode), value=degrees, fill=mode)
# one after the other in one resampling: turned, a window cut from it, enlarged, mirrored
h, w, side, top, left = 30, 36, 20, 7, 3
window = np.array([[1, 0, left], [0, 1, top], [0, 0, 1.0]])
mirror = np.array([[-1, 0, side], [0, 1, 0], [0, 0, 1.0]])
total = about(w / 2, h / 2, turned(25)) @ window @ about(side / 2, side / 2, scaled(1.3)) @ mirror
case("rotate 25, window 7 3 20 20, scale 1.3, flip", h, w, 3, lambda m: warped(m, (side, side), total))
# mirrored first: what is turned then is the mirror image
total = mirror @ about(side / 2, side / 2, turned(25))
case("flip, rotate 25", side, side, 3, lambda m: warped(m, (side, side), total))
for f in (0, 0.6, 0.9, 1, 1.1, 1.4, 2):
    for c in (3, 1):
        case("brightness", 14, 18, c, lambda m: ImageEnhance.Brightness(m).enhance(f), value=f)
        case("contrast", 14, 18, c, lambda m: ImageEnhance.Contrast(m).enhance(f), value=f)
        case("saturation", 14, 18, c, lambda m: ImageEnhance.Color(m).enhance(f), value=f)


def torched(f):
    return lambda m: F.to_pil_image(f(F.pil_to_tensor(m)))


for degrees in (-45, -20, -3, 0, 10, 31, 45):
    case("shear", 14, 18, 3, lambda m: F.affine(m, 0.0, [0, 0], 1.0, [float(degrees), 0.0], F.InterpolationMode.BILINEAR), value=degrees)
for down, right in ((0, 0), (3, -5), (-13, 17)):
    case(f"translate {down} {right}", 14, 18, 3, lambda m: F.affine(m, 0.0, [right, down], 1.0, [0.0, 0.0]))
case("rotate 25, translate 3 -5, flip", 20, 20, 3, lambda m: F.horizontal_flip(warped(m, m.size, about(10, 10, turned(25)) @ np.array([[1, 0, 5], [0, 1, -3], [0, 0, 1.0]]))))
case("upside down", 14, 18, 3, F.vertical_flip)
for y, x, height, width in ((0, 0, 16, 24), (3, 5, 9, 14), (15, 1, 1, 3), (2, 20, 14, 4), (7, 7, 3, 17)):
    case(f"part {y} {x} {height} {width}", 16, 24, 3, lambda m: m.resize((28, 20), Image.Resampling.BILINEAR, (x, y, x + width, y + height)))
for share in (-0.5, -0.31, -0.1, -1 / 3, 0, 0.001, 1 / 6, 0.25, 0.5):
    case("hue", 14, 18, 3, torched(lambda t: F.adjust_hue(t, share)), value=share)
values, vectors = np.array([0.2175, 0.0188, 0.0045]), np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])
for alpha in ((0.1, 0, 0), (-0.2, 0.7, -1.5), (0, 3, 3)):
    light = 255 * vectors @ (values * alpha)
    case("pca " + " ".join(map(str, alpha)), 14, 18, 3, lambda m: Image.fromarray((np.asarray(m) + light).round().clip(0, 255).astype(np.uint8)))
for c in (3, 1):
    case("grey", 14, 18, c, lambda m: F.rgb_to_grayscale(m, c), value=0)
    for sigma in (0.1, 0.4, 1, 1.7, 2, 4):
        side = 2 * math.ceil(3 * sigma) + 1
        case("blur", 20, 26, c, torched(lambda t: F.gaussian_blur(t, [side, side], [sigma, sigma])), value=sigma)
    for f in (0, 0.01, 0.5, 1, 1.3, 1.99):
        case("sharpness", 14, 18, c, lambda m: ImageEnhance.Sharpness(m).enhance(f), value=f)
    for bits in range(1, 9):
        case("posterize", 6, 8, c, lambda m: F.posterize(m, bits), value=bits)
    for threshold in (0, 0.5, 1, 127.5, 128, 254.9, 255, 256):
        case("solarize", 6, 8, c, lambda m: F.solarize(m, threshold), value=threshold)
    case("invert", 14, 18, c, F.invert, value=0)
    for h, w in ((8, 8), (18, 15), (24, 32), (40, 52)):  # few pixels: steps of 0 and 1
        case("equalize", h, w, c, F.equalize, value=0)
        case("autocontrast", h, w, c, lambda m: F.autocontrast(m.point(lambda v: 40 + v // 2)), value=0)
json.dump({"pillow": PIL.__version__, "torchvision": torchvision.__version__, "cases": cases}, open("operations.json", "w"), indent=0)
