"""Makes golden.json: what Pillow's BICUBIC (a = -1/2) makes of drawn pictures, as the independent source of what Resize must make.

Run in this folder, with Pillow 11.3: python make.py. Pillow 13 begins with the columns where that is cheaper, which changes a fifth
of the samples of tall pictures by 1.
"""
import json
import PIL
from PIL import Image


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
    return bytes(out)


cases = []
for i, (h, w, c, box, oh, ow) in enumerate([
    (40, 60, 1, None, 13, 20), (40, 60, 3, None, 13, 20), (20, 30, 3, None, 46, 69), (17, 23, 1, None, 17, 9), (17, 23, 3, None, 5, 23),
    (64, 64, 3, None, 9, 9), (24, 24, 3, None, 23, 23), (24, 24, 3, None, 25, 25), (8, 8, 1, None, 1, 1), (1, 1, 3, None, 7, 5), (2, 3, 3, None, 16, 16),
    (100, 30, 3, (0, 12, 30, 88), 37, 15), (31, 31, 3, (0, 0, 30.125, 30.625), 12, 12), (48, 64, 1, (16, 0, 48, 48), 24, 16), (240, 320, 3, None, 24, 32),
]):
    pixels = drawn(h, w, c, i + 1)
    image = Image.frombytes("RGB" if c == 3 else "L", (w, h), pixels)
    small = image.resize((ow, oh), Image.Resampling.BICUBIC, box=box)
    x0, y0, x1, y1 = box or (0, 0, w, h)
    cases.append({"h": h, "w": w, "c": c, "seed": i + 1, "box": [y0, x0, y1, x1], "outH": oh, "outW": ow, "pixels": small.tobytes().hex()})
json.dump({"pillow": PIL.__version__, "cases": cases}, open("golden.json", "w"), indent=0)
