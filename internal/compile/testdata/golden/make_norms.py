"""Makes norms.json beside this file, as make_goldens.py makes networks.json: networks with norms of groups and of weights, and penalties.

    python make_norms.py
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from make_goldens import Net, short


def f32(v):
    return float(np.float32(v))


class Normed(Net):
    def affine(self, name, c):
        return self.param(name + "/norm/gamma", (c,), "gamma"), self.param(name + "/norm/beta", (c,), "beta")

    def ghost(self, x, name, images):
        """BatchNorm2d called on each chunk of the batch in turn."""
        parts = x.split(images) if self.training else [x]
        return torch.cat([self.norm(part, name) for part in parts])

    def shift(self, x, name):
        """BatchNorm2d whose weight stays 1, with a momentum and an epsilon of its own."""
        c = x.shape[1]
        mean = self.buffers.setdefault(name + "/norm/mean", torch.zeros(c, dtype=torch.float64))
        var = self.buffers.setdefault(name + "/norm/var", torch.ones(c, dtype=torch.float64))
        return F.batch_norm(x, mean, var, None, self.param(name + "/norm/beta", (c,), "beta"), self.training, 1 - f32(0.6), f32(1e-3))

    def group_norm(self, x, name, groups):
        return F.group_norm(x, groups, *self.affine(name, x.shape[1]), f32(1e-5))

    def standard(self, x, name, out, kernel, pad):
        """The weights of timm's StdConv2d: batch_norm of the outputs' weights, without statistics."""
        w = self.param(name + "/weight", (kernel, kernel, x.shape[1], out), "weight").permute(3, 2, 0, 1)
        w = F.batch_norm(w.reshape(1, out, -1), None, None, training=True, momentum=0.0, eps=f32(1e-5)).reshape_as(w)
        return F.conv2d(x, w, None, 1, pad)

    def normed(self, name, shape):
        v, g = self.param(name + "/weight", shape, "weight"), self.param(name + "/length", (shape[-1],), "gamma")
        return torch._weight_norm(v, g.reshape([1] * (len(shape) - 1) + [-1]), len(shape) - 1)

    def weights(self):
        return {n: p for n, p in self.params.items() if n.endswith("/weight")}


class Orthogonal(Normed):
    def hidden(self):
        total = 0
        for w in self.weights().values():
            w = w.reshape(-1, w.shape[-1])
            gram = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
            total = total + f32(0.01) * (gram - torch.eye(len(gram), dtype=w.dtype)).square().sum()
        return total


class Slim(Normed):
    def hidden(self):
        return f32(0.01) * sum(p.abs().sum() for n, p in self.params.items() if n.endswith("/norm/gamma"))


class Bounded(Normed):
    def bound(self):
        with torch.no_grad():
            for w in self.weights().values():
                w.mul_((f32(1.2) / w.flatten(0, -2).norm(dim=0)).clamp(max=1))


class Confident(Normed):
    def shown(self, outputs):
        return sum(-f32(0.1) * torch.distributions.Categorical(logits=y).entropy().mean() for _, y in outputs)


def ghosts(n, x):
    x = F.relu(n.ghost(n.conv(x, "conv1", 6, 3, pad=1, bias=False), "conv1", 2))
    x = F.relu(n.ghost(n.conv(x, "conv2", 5, 3, 2, 1, bias=False), "conv2", 3))
    return [(1, n.linear(x.mean((2, 3)), "linear1", 3))]


def groups(n, x):
    x = F.relu(n.group_norm(n.conv(x, "conv1", 6, 3, pad=1), "conv1", 2))
    x = F.relu(n.group_norm(n.standard(x, "conv2", 8, 3, 1), "conv2", 4))
    w = n.normed("conv3", (3, 3, 8, 5)).permute(3, 2, 0, 1)
    x = F.conv2d(x, w, n.param("conv3/bias", (5,), "bias"), 2, 1)
    x = F.relu(n.group_norm(x, "conv3", 5))
    x = x.permute(0, 2, 3, 1).flatten(1)
    x = torch.tanh(x @ n.normed("linear1", (x.shape[1], 4)) + n.param("linear1/bias", (4,), "bias"))
    return [(1, n.linear(x, "linear2", 3))]


def shifts(n, x):
    x = F.gelu(n.shift(F.max_pool2d(n.conv(x, "conv1", 6, 3, pad=1, bias=False), 2), "pool1"))
    x = F.relu(n.shift(n.conv(x, "conv2", 5, 3, pad=1, bias=False), "conv2"))
    return [(1, n.linear(x.mean((2, 3)), "linear1", 3))]


def plain(n, x):
    x = F.relu(n.conv(x, "conv1", 6, 3, pad=1))
    x = F.relu(n.conv(x, "conv2", 6, 3, 1, 1, groups=6))
    return [(1, n.linear(x.mean((2, 3)), "linear1", 3))]


nets = {
    "ghosts": Slim(ghosts, (6, 5, 3), 3, 6, decay=0.01, spare=("bias", "gamma", "beta")),
    "shifts": Normed(shifts, (6, 5, 3), 3, 4, nesterov=True, decay=0.01, spare=("beta",)),
    "groups": Orthogonal(groups, (6, 5, 3), 3, 4, nesterov=True, decay=0.01, spare=("bias", "gamma", "beta")),
    "bounded": Bounded(plain, (6, 5, 3), 3, 4),
    "confident": Confident(plain, (6, 5, 3), 3, 4),
}
golden = {"made": f"make_norms.py, PyTorch {torch.__version__.split('+')[0]}", "nets": {k: short(n.golden()) for k, n in nets.items()}}
pathlib.Path(__file__).with_name("norms.json").write_text(json.dumps(golden) + "\n")
