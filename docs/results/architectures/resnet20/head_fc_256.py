"""Trains resnet20 with a head of 256 hidden units in PyTorch as the study does: python head_fc_256.py FOLDER RATE SEED [EPOCHS]."""

import glob
import os
import random
import sys

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.io import read_image

folder, rate, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
epochs = int(sys.argv[4]) if len(sys.argv) > 4 else 3
torch.manual_seed(seed)
random.seed(seed)

x, y = [], []
for label, name in enumerate(sorted(os.listdir(f"{folder}/train"))):
    files = sorted(glob.glob(f"{folder}/train/{name}/*"))
    random.shuffle(files)
    for file in files[:500]:
        x.append(read_image(file))
        y.append(label)
x, y = torch.stack(x).float() / 255, torch.tensor(y)
x = (x - x.mean((0, 2, 3), keepdim=True)) / x.std((0, 2, 3), keepdim=True)


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
        self.conv2, self.norm2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
        self.stride, self.more = stride, cout - cin

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(y + F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more)))  # option A


layers, channels = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
for width in 16, 32, 64:
    for _ in range(3):
        layers.append(Block(channels, width, 1 if channels == width else 2))
        channels = width
net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(4096, 256), nn.ReLU(), nn.Linear(256, 10))
for m in net.modules():
    if isinstance(m, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
        if m.bias is not None:
            nn.init.zeros_(m.bias)

solver = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4)
steps = len(x) // 32
for step in range(epochs * steps):
    if step % steps == 0:
        order, total = torch.randperm(len(x)), 0.0
    at = order[step % steps * 32 :][:32]
    batch = x[at].flip(3) if random.random() < 0.5 else x[at]
    top, left = random.randint(0, 8), random.randint(0, 8)
    batch = F.pad(batch, (4, 4, 4, 4))[:, :, top : top + 32, left : left + 32]
    for group in solver.param_groups:
        group["lr"] = rate * ((step + 1) / steps if step < steps else (8 * steps - step) / (7 * steps))
    loss = F.cross_entropy(net(batch), y[at])
    solver.zero_grad()
    loss.backward()
    solver.step()
    total += loss.item()
    if step % steps == steps - 1:
        print(f"epoch {step // steps + 1}  loss {total / steps:.4f}")
