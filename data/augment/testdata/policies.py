"""Makes policies.json: the tables of torchvision's policies, and what its operations make of drawn pictures at each of their magnitudes.

Run in this folder, with Pillow, numpy, torch and torchvision: python policies.py
"""
import base64
import json
import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision.transforms import autoaugment as A, InterpolationMode


def drawn(h, w, seed):
    """Pixels by the rule of the test, as in operations.py."""
    state, out = seed, bytearray()
    for y in range(h):
        for x in range(w):
            for k in range(3):
                state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
                v = (x * 255 // w + y * 127 // h * (k + 1)) & 0xFF
                if (x // 5 + y // 7) % 3 == k % 3:
                    v = 255 - v
                out.append((v * 3 + (state >> 24)) // 4)
    return Image.frombytes("RGB", (w, h), bytes(out))


H, W = 9, 7
spaces = {
    "rand": lambda h, w: A.RandAugment()._augmentation_space(31, (h, w)),
    "wide": lambda h, w: A.TrivialAugmentWide()._augmentation_space(31),
    "auto": lambda h, w: A.AutoAugment()._augmentation_space(10, (h, w)),
    "mix": lambda h, w: A.AugMix(all_ops=False)._augmentation_space(10, (h, w)),
}
tables, cases = [], []
for policy, space in spaces.items():
    for h, w in ((32, 32), (33, 27), (224, 176)):
        for name, (values, signed) in space(h, w).items():
            tables.append({"policy": policy, "h": h, "w": w, "act": name, "signed": signed, "values": values.reshape(-1).tolist()})
for policy in ("rand", "wide"):
    for name, (values, signed) in spaces[policy](H, W).items():
        for bin, value in enumerate(values.reshape(-1).tolist()):
            for sign in ((1, -1) if policy == "rand" else ((-1) ** bin,)) if signed else (1,):
                m = A._apply_op(drawn(H, W, len(cases) + 1), name, sign * value, InterpolationMode.BILINEAR, None)
                cases.append({"policy": policy, "act": name, "bin": bin, "sign": sign, "pixels": base64.b64encode(m.tobytes()).decode()})
# A mixture of three chains, drawn as the test draws them: shares, then acts (an index of the table) and bins; signs are drawn as 0. Moves are
# by whole pixels, since torchvision mixes the pixels of a tensor's edge with what it fills in.
shares, chains = [0.35, 0.2, 0.15], [[(2, 5)], [(6, 4), (5, 3)], [(3, 8), (2, 2)]]
picture = drawn(H, W, 1)
mean = [round(v) for v in np.asarray(picture).reshape(-1, 3).mean(0)]
draws = [v for acts in chains for act, bin in acts for v in ([act, bin, 0] if act < 5 else [act, bin])]
depths = [len(acts) for acts in chains]


class Drawn(A.AugMix):
    def _sample_dirichlet(self, params):
        rest = sum(shares)
        return torch.tensor([[1 - rest, rest]] if params.shape[1] == 2 else [[v / rest for v in shares]])


def drawing(*args, **kwargs):  # a depth is asked for by name
    return torch.tensor([(depths if "low" in kwargs else draws).pop(0)])


torch.randint, randint = drawing, torch.randint
mixture = Drawn(severity=10, all_ops=False, fill=mean)(picture)
torch.randint = randint
assert not draws and not depths
pairs = {p.value: A.AutoAugment(p).policies for p in (A.AutoAugmentPolicy.IMAGENET, A.AutoAugmentPolicy.CIFAR10)}
json.dump({"torchvision": torchvision.__version__, "h": H, "w": W, "tables": tables, "pairs": pairs, "mixture": base64.b64encode(mixture.tobytes()).decode(), "cases": cases}, open("policies.json", "w"), separators=(",", ":"))
