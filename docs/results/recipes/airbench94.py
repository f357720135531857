"""Trains examples/airbench94.yaml in PyTorch, as that file has it and not as published: python airbench94.py FOLDER SEED [--steps N]."""
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from recipes import Kept, append, arguments, part, split

EPOCHS, BATCH, MOMENTUM, DECAY = 10, 1024, 0.85, 0.00133
RATE, WARM, START, FINAL, OF_SHIFTS = 1.5, 2.28, 0.2, 0.07, 64
GAIN, EVERY, ALPHA, POWER = 0.408, 5, 0.2262, 3
PAD = 2


class Shift(nn.Module):
    """Batch norm that learns a shift alone, of the old statistics .6 kept."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=1e-12, momentum=0.4, affine=False)
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return self.norm(x) + self.beta[:, None, None]


def drawn(w):
    """Normal of the spread that PyTorch's own uniform start has."""
    nn.init.kaiming_normal_(w)
    with torch.no_grad():
        w *= GAIN


def conv(cin, cout):
    c = nn.Conv2d(cin, cout, 3, padding=1, bias=False)
    drawn(c.weight)
    nn.init.dirac_(c.weight.data[:cin])
    return c


def group(cin, cout):
    return [conv(cin, cout), nn.MaxPool2d(2), Shift(cout), nn.GELU(), conv(cout, cout), Shift(cout), nn.GELU()]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 24, 2)
        self.first.weight.requires_grad = False
        nn.init.zeros_(self.first.bias)
        self.rest = nn.Sequential(nn.GELU(), *group(24, 64), *group(64, 256), *group(256, 256), nn.MaxPool2d(3), nn.Flatten())
        self.last = nn.Linear(256, 10, bias=False)
        drawn(self.last.weight)

    def forward(self, x):
        return self.last(self.rest(self.first(x))) / 9

    def whiten(self, x):
        """Directions of the patches of 2x2, each by its spread, and their negatives (arXiv:2404.00498, §3.2)."""
        patches = F.unfold(x, 2).transpose(1, 2).reshape(-1, 12)
        values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
        scaled = (vectors / (values + 5e-4).sqrt()).T.flip(0).reshape(12, 3, 2, 2)
        self.first.weight.copy_(torch.cat([scaled, -scaled]))


def factor(step, steps, per_epoch):
    """Of the rate: up from START over WARM epochs, then down to FINAL."""
    warm = WARM * per_epoch
    if step < warm:
        return START + (1 - START) * step / warm
    return 1 - (1 - FINAL) * (step - warm) / (steps - warm)


def measure(net, x, y):
    net.eval()
    with torch.no_grad():
        right = sum(((net(b).softmax(1) + net(b.flip(3)).softmax(1)).argmax(1) == of).sum().item() for b, of in zip(x.split(500), y.split(500)))
    net.train()
    return right / len(y)


def main():
    a = arguments(__doc__)
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    draw = np.random.default_rng(a.seed)
    pictures, labels = part(a.folder, "train", a.limit)
    train, val = split(labels, 0.1, a.seed)
    x, y = torch.tensor(pictures).float() / 255, torch.tensor(labels)
    mean, std = x[train].mean((0, 2, 3), keepdim=True), x[train].std((0, 2, 3), keepdim=True)
    x = (x - mean) / std

    net = Net().to(memory_format=torch.channels_last)  # the faster layout
    with torch.no_grad():
        net.whiten(x[train[:5000]])
    shifts = [p for n, p in net.named_parameters() if n.endswith("beta")]
    others = [p for n, p in net.named_parameters() if not n.endswith("beta") and p.requires_grad]
    solver = torch.optim.SGD(
        [{"params": shifts, "weight_decay": 0, "of": OF_SHIFTS}, {"params": others, "weight_decay": DECAY, "of": 1}], lr=RATE, momentum=MOMENTUM, nesterov=True
    )
    per_epoch = len(train) // BATCH if len(train) >= BATCH else 1
    steps = EPOCHS * per_epoch
    slow = [p.detach().clone() for p in shifts + others]
    mirrored = draw.random(len(y)) < 0.5
    kept = Kept("airbench94", a, net, solver, draw, slow)
    first = kept.resume()
    step = first * per_epoch
    for epoch in range(first, EPOCHS):
        order = draw.permutation(train)
        for i in range(per_epoch):
            of = order[i * BATCH : (i + 1) * BATCH]
            b = x[of]
            turn = torch.tensor(mirrored[of] ^ (epoch % 2 == 1))[:, None, None, None]
            b = F.pad(torch.where(turn, b.flip(3), b), (PAD,) * 4, "reflect")
            at = draw.integers(0, 2 * PAD + 1, (len(of), 2))
            b = torch.stack([p[:, r : r + 32, c : c + 32] for p, (r, c) in zip(b, at)])
            for g in solver.param_groups:
                g["lr"] = RATE * g["of"] * factor(step, steps, per_epoch)
            loss = F.cross_entropy(net(b.contiguous(memory_format=torch.channels_last)), y[of], label_smoothing=0.2)
            solver.zero_grad()
            loss.backward()
            solver.step()
            step += 1
            if step % EVERY == 0 or step == steps:
                share = (1 - ALPHA) * (step / steps) ** POWER
                with torch.no_grad():
                    for s, p in zip(slow, shifts + others):
                        s.lerp_(p, 1 - share)
                        p.copy_(s)
            if a.steps:
                print(f"step {step}: loss {loss.item():.4f}", flush=True)
                if step == a.steps:
                    return
            if not math.isfinite(loss.item()):
                raise SystemExit(f"the loss is {loss.item()} at step {step}")
        kept.after(epoch + 1)
    test, of_test = part(a.folder, "test")
    test = (torch.tensor(test).float() / 255 - mean) / std
    append({
        "recipe": "airbench94", "by": "pytorch", "version": torch.__version__, "seed": a.seed,
        "val": round(measure(net, x[val], y[val]), 4), "test": round(measure(net, test, torch.tensor(of_test)), 4),
    })
    kept.remove()


main()
