"""Makes averages.json beside this file: ten steps on one small network, and what averages of its weights come to, in float64.

Run it with a Python that has torch, numpy and timm: python make_averages.py. ema is torch.optim.swa_utils.AveragedModel, warm timm's
ModelEmaV3 whose decay is set before each update, swa AveragedModel, SWALR and update_bn, lookahead timm's, and with a power as
LookaheadState of KellerJordan/cifar10-airbench has it, over the parameters alone. averages_test.go has the
same network and settings; `value` gives both sides the same numbers, as in make_solvers.py.
"""
import json
import pathlib

import numpy as np
import timm.optim
import timm.utils
import torch
import torch.nn.functional as F
from torch.optim import swa_utils

IMAGE, CLASSES, BATCH, STEPS, EPOCH = (8, 7, 3), 4, 5, 10, 2
torch.set_default_dtype(torch.float64)


def f(v):
    """A setting as Assay holds it."""
    return float(np.float32(v))


def value(name, n):
    """n numbers in [-1,1), a function of the name alone."""
    i = np.arange(n, dtype=np.int64)
    return ((i * i * 31 + i * 1103 + sum(name.encode()) * 7717) % 1009) / 1009 * 2 - 1


def tensor(a):
    return torch.tensor(np.asarray(a).astype(np.float32).astype(np.float64))


class Net(torch.nn.Module):
    LAYERS = {"first": ("conv", 3, 8, 1), "deep": ("conv", 8, 8, 8), "hidden": ("linear", 8, 12), "output": ("linear", 12, 4)}

    def __init__(self):
        super().__init__()
        for name, (kind, cin, out, *groups) in self.LAYERS.items():
            if kind == "conv":
                layer, shape = torch.nn.Conv2d(cin, out, 3, padding=1, groups=groups[0], bias=False), (3, 3, cin // groups[0], out)
                norm = torch.nn.BatchNorm2d(out)
                norm.weight.data = tensor(1 + 0.2 * value(name + "/norm/gamma", out))
                norm.bias.data = tensor(0.2 * value(name + "/norm/beta", out))
                setattr(self, name + "_norm", norm)
            else:
                layer, shape = torch.nn.Linear(cin, out), (cin, out)
                layer.bias.data = tensor(0.2 * value(name + "/bias", out))
            w = tensor(value(name + "/weight", int(np.prod(shape))).reshape(shape) * np.sqrt(6 / np.prod(shape[:-1])))
            layer.weight.data = (w.permute(3, 2, 0, 1) if w.dim() == 4 else w.T).contiguous()
            setattr(self, name, layer)

    def forward(self, x):
        for name in ("first", "deep"):
            x = torch.tanh(getattr(self, name + "_norm")(getattr(self, name)(x)))
        return self.output(torch.tanh(self.hidden(x.mean((2, 3)))))


def images(step):
    h, w, c = IMAGE
    return tensor(2 * value(f"images/{step}", BATCH * h * w * c).reshape(BATCH, h, w, c)).permute(0, 3, 1, 2)


def written(net):
    out = {}
    for key, t in net.state_dict().items():
        layer, what = key.rsplit(".", 1)
        if what == "num_batches_tracked":
            continue
        if layer.endswith("_norm"):
            name = layer.replace("_", "/") + "/" + {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "var"}[what]
        else:
            name = layer + "/" + what
        t = t.permute(2, 3, 1, 0) if t.dim() == 4 else t.T if t.dim() == 2 else t
        v = t.reshape(-1)
        stride = max(1, len(v) // 12)
        out[name] = {"shape": list(t.shape), "norm": v.norm().item(), "stride": stride, "some": v[::stride].tolist()}
    return out


def run(before=None, after=None, wrap=None):
    """before sees the net and its solver, and gives what after sees behind each step with their number; wrap makes another solver."""
    net = Net()
    solver = torch.optim.SGD(net.parameters(), lr=f(0.1), momentum=f(0.9))
    if wrap:
        solver = wrap(net, solver)
    mean = before(net) if before else None
    net.train()
    losses = []
    for step in range(STEPS):
        if after:
            after(mean, net, solver, step)
        solver.zero_grad()
        loss = F.cross_entropy(net(images(step)), torch.tensor([(3 * n + step) % CLASSES for n in range(BATCH)]))
        loss.backward()
        losses.append(loss.item())
        solver.step()
    if after:
        after(mean, net, solver, STEPS)
    return net, mean, losses


def case(net, losses):
    return {"losses": losses, "tensors": written(net)}


def ema():
    def averaged(net):
        return swa_utils.AveragedModel(net, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(f(0.8)), use_buffers=True)

    net, mean, losses = run(averaged, lambda mean, net, solver, done: mean.update_parameters(net))  # the first copies
    return case(mean.module, losses)


def warm():
    def update(mean, net, solver, done):
        if done > 0:
            mean.decay = min(f(0.4), f(done / (9 + done)))  # (1+t)/(10+t) of t = done-1 updates before
            mean.update(net)

    net, mean, losses = run(lambda net: timm.utils.ModelEmaV3(net, decay=f(0.4)), update)
    return case(mean.module, losses)


def swa(rate=None):
    begins = 4
    scheduler = []

    def update(mean, net, solver, done):
        if done == begins and rate:
            scheduler.append(swa_utils.SWALR(solver, swa_lr=f(rate), anneal_epochs=0))
        if done > begins and done % EPOCH == 0:
            mean.update_parameters(net)
            for s in scheduler:
                s.step()

    net, mean, losses = run(swa_utils.AveragedModel, update)
    swa_utils.update_bn([images(100 + i) for i in range(3)], mean)
    return case(mean.module, losses)


def lookahead():
    def wrap(net, solver):
        slow = timm.optim.Lookahead(solver, alpha=f(0.3), k=4)
        for p in net.parameters():
            p.grad = torch.zeros_like(p)
        slow.sync_lookahead()  # the slow weights begin where the fast ones do, as in the paper; by itself timm's begin at the first sync
        return slow

    def end(mean, net, solver, done):
        if done == STEPS:
            solver.sync_lookahead()

    net, _, losses = run(wrap=wrap, after=end)
    return case(net, losses)


def power():
    def update(slow, net, solver, done):
        if done and (done % 4 == 0 or done == STEPS):
            kept = f(1 - 0.3) * (done / STEPS) ** 3
            with torch.no_grad():
                for s, p in zip(slow, net.parameters()):
                    s.lerp_(p, 1 - kept)
                    p.copy_(s)

    net, _, losses = run(lambda net: [p.detach().clone() for p in net.parameters()], update)
    return case(net, losses)


def short(v):
    if isinstance(v, float):
        return float(f"{v:.9g}")
    if isinstance(v, dict):
        return {k: short(x) for k, x in v.items()}
    return [short(x) for x in v] if isinstance(v, list) else v


cases = {"ema": ema(), "ema, warm": warm(), "swa": swa(), "swa with a rate": swa(0.03), "lookahead": lookahead(), "with a power": power()}
made = f"make_averages.py, PyTorch {torch.__version__.split('+')[0]}, timm {timm.__version__}"
pathlib.Path(__file__).with_name("averages.json").write_text(json.dumps({"made": made, "cases": short(cases)}) + "\n")
