"""Writes whiten.json beside this file: the first convolution's weights that whiten patches, as arXiv:2404.00498, §3.2, has them, by PyTorch's
eigh in float64. Of an eigenvector the largest element is positive.

    python make_whiten.py
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F


def images(n, h, w, c):
    """Numbers that vary slowly over a picture and alike in its channels; whiten_test.go makes the same."""
    i = np.arange(n * h * w * c, dtype=np.int64)
    noise = ((i * i * 31 + i * 1103) % 1009) / 1009 - 0.5
    y, x, k, m = (i // (w * c)) % h, (i // c) % w, i % c, i // (h * w * c)
    v = ((7 * m + 3 * y + 2 * x) % 23) / 23 + 0.1 * k + 0.5 * noise
    return torch.tensor(v.astype(np.float32).astype(np.float64).reshape(n, h, w, c))


def whiten(x, kernel, out):
    n, c = len(x), x.shape[3]
    patches = F.unfold(x.permute(0, 3, 1, 2), kernel)  # [n, c·kh·kw, places]
    patches = patches.reshape(n, c, kernel[0] * kernel[1], -1).permute(0, 3, 2, 1).reshape(-1, kernel[0] * kernel[1] * c)
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    rows = vectors.T.flip(0)
    rows = rows * rows.gather(1, rows.abs().argmax(1, keepdim=True)).sign()
    rows = (rows / (values.flip(0)[:, None] + 5e-4).sqrt())[: out // 2]
    return torch.cat([rows, -rows])  # by output, patches in the order kh, kw, c


cases = []
for n, h, w, c, kernel, out in ((6, 8, 9, 3, (2, 2), 24), (5, 7, 7, 3, (3, 3), 16), (4, 6, 5, 1, (2, 3), 20)):
    rows = whiten(images(n, h, w, c), kernel, out)
    cases.append({"images": [n, h, w, c], "kernel": kernel, "out": out, "weights": [[float(f"{v:.9g}") for v in r] for r in rows.tolist()]})
pathlib.Path(__file__).with_name("whiten.json").write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
