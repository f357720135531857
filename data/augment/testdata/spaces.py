"""Makes spaces.json: what OpenCV makes of drawn pictures, as the independent source of what spaces must make.

Run in this folder, with opencv and numpy: python spaces.py
"""
import json
import cv2
import numpy as np


def drawn(h, w, c, seed):
    """Pixels by the rule of operations.py, which the test repeats: smooth, steps and noise (a linear congruential generator)."""
    state, out = seed, bytearray()
    for y in range(h):
        for x in range(w):
            for k in range(c):
                state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
                v = (x * 255 // w + y * 127 // h * (k + 1)) & 0xFF
                if (x // 5 + y // 7) % 3 == k % 3:
                    v = 255 - v
                out.append((v * 3 + (state >> 24)) // 4)
    return np.frombuffer(bytes(out), np.uint8).reshape((h, w, 3) if c == 3 else (h, w))


def by_brightness(change):
    def made(a):
        if a.ndim == 2:
            return change(a)
        y = cv2.cvtColor(a, cv2.COLOR_RGB2YCrCb)
        y[..., 0] = change(np.ascontiguousarray(y[..., 0]))
        return cv2.cvtColor(y, cv2.COLOR_YCrCb2RGB)
    return made


spaces = {
    "ycrcb": lambda a: cv2.cvtColor(a, cv2.COLOR_RGB2YCrCb),
    "hsv": lambda a: cv2.cvtColor(a, cv2.COLOR_RGB2HSV),
    "lab": lambda a: cv2.cvtColor(a, cv2.COLOR_RGB2LAB),
    "log": lambda a: np.round(255 * np.log1p(a.astype(np.float64)) / np.log(256)).astype(np.uint8),
    "equalize": by_brightness(cv2.equalizeHist),
    "clahe": by_brightness(cv2.createCLAHE(clipLimit=2, tileGridSize=(8, 8)).apply),
}
cases = []
for name, space in spaces.items():
    for h, w, c in [(24, 32, 3), (37, 45, 3)] + ([(40, 32, 1), (64, 72, 1)] if name in ("log", "equalize", "clahe") else []):
        seed = len(cases) + 1
        made = space(drawn(h, w, c, seed))
        cases.append({"space": name, "h": h, "w": w, "c": c, "seed": seed, "pixels": made.tobytes().hex()})
with open("spaces.json", "w") as f:
    json.dump({"made_by": f"OpenCV {cv2.__version__}", "cases": cases}, f, separators=(",", ":"))
