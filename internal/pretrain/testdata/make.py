"""Makes small.pth beside this file, a checkpoint as training scripts leave them, and what PyTorch computes with it (small.json).
Run: python make.py"""
import argparse
import json

import torch

torch.manual_seed(3)
net = torch.nn.Sequential(
    torch.nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False), torch.nn.BatchNorm2d(4), torch.nn.ReLU(),
    torch.nn.Conv2d(4, 6, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(6 * 4 * 4, 5),
)
with torch.no_grad():
    net(torch.randn(16, 3, 8, 8) * 3 + 1)  # running statistics other than 0 and 1
net.eval()
x = (torch.arange(8 * 8 * 3) % 23 / 11.5 - 1).reshape(1, 8, 8, 3).permute(0, 3, 1, 2)
grey = x.mean(1, keepdim=True).expand(1, 3, 8, 8)
with torch.no_grad():
    json.dump({"logits": net(x)[0].tolist(), "grey": net(grey)[0].tolist()}, open("small.json", "w"))
wrapped = {f"module._orig_mod.{k}": v for k, v in net.state_dict().items()}
averaged = {f"module.{k}": v + 1 if v.is_floating_point() else v for k, v in net.state_dict().items()} | {"n_averaged": torch.tensor(4)}
torch.save({"epoch": 3, "loss": torch.tensor(0.5), "state_dict": wrapped, "swa": averaged, "args": argparse.Namespace(lr=0.1)}, "small.pth")
