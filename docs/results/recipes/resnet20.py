"""Trains resnet20.yaml in PyTorch: python resnet20.py FOLDER SEED [--steps N]."""
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from recipes import Kept, append, arguments, part, split

EPOCHS, BATCH, MOMENTUM, DECAY, RATE, WARM = 12, 128, 0.9, 1e-4, 0.4, 1
PAD = 4


def conv(cin, cout, stride):
    c = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
    nn.init.kaiming_normal_(c.weight)
    return c


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1, self.norm1 = conv(cin, cout, stride), nn.BatchNorm2d(cout)
        self.conv2, self.norm2 = conv(cout, cout, 1), nn.BatchNorm2d(cout)
        self.stride, self.more = stride, cout - cin

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(y + F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more)))  # option A


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = conv(3, 16, 1), nn.BatchNorm2d(16)
        blocks, cin = [], 16
        for cout, stride in [(16, 1), (32, 2), (64, 2)]:
            for i in range(3):
                blocks.append(Block(cin, cout, stride if i == 0 else 1))
                cin = cout
        self.blocks, self.last = nn.Sequential(*blocks), nn.Linear(64, 10)
        nn.init.kaiming_normal_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x):
        return self.last(self.blocks(F.relu(self.norm(self.conv(x)))).mean((2, 3)))


def factor(step, steps, per_epoch):
    """Of the rate: up in equal steps over WARM epochs, then down to 0 along a line."""
    warm = WARM * per_epoch
    if step < warm:
        return (step + 1) / warm
    return 1 - (step - warm) / (steps - warm)


def measure(net, x, y):
    net.eval()
    with torch.no_grad():
        right = sum((net(b).argmax(1) == of).sum().item() for b, of in zip(x.split(500), y.split(500)))
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
    weights = [p for n, p in net.named_parameters() if p.dim() > 1]
    others = [p for n, p in net.named_parameters() if p.dim() == 1]
    solver = torch.optim.SGD([{"params": weights, "weight_decay": DECAY}, {"params": others, "weight_decay": 0}], lr=RATE, momentum=MOMENTUM)
    per_epoch = max(1, len(train) // BATCH)
    steps = EPOCHS * per_epoch
    kept = Kept("resnet20", a, net, solver, draw)
    first = kept.resume()
    step = first * per_epoch
    for epoch in range(first, EPOCHS):
        order = draw.permutation(train)
        for i in range(per_epoch):
            of = order[i * BATCH : (i + 1) * BATCH]
            b = x[of]
            turn = torch.tensor(draw.random(len(of)) < 0.5)[:, None, None, None]
            b = F.pad(torch.where(turn, b.flip(3), b), (PAD,) * 4)  # 0 is the mean colour
            at = draw.integers(0, 2 * PAD + 1, (len(of), 2))
            b = torch.stack([p[:, r : r + 32, c : c + 32] for p, (r, c) in zip(b, at)])
            for g in solver.param_groups:
                g["lr"] = RATE * factor(step, steps, per_epoch)
            loss = F.cross_entropy(net(b.contiguous(memory_format=torch.channels_last)), y[of])
            solver.zero_grad()
            loss.backward()
            solver.step()
            step += 1
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
        "recipe": "resnet20", "by": "pytorch", "version": torch.__version__, "seed": a.seed,
        "val": round(measure(net, x[val], y[val]), 4), "test": round(measure(net, test, torch.tensor(of_test)), 4),
    })
    kept.remove()


main()
