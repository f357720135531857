"""Makes solvers.json beside this file: ten steps of every solver on one small network, in float64.

Run it with a Python that has torch, numpy and timm: python make_solvers.py. Rules are PyTorch's; sgd with decoupled decay, lars, lamb
and lion are timm's; sam is written after its authors' algorithm (github.com/davda54/sam). PyTorch's Muon works in bfloat16: its
source is read with float64 in that place. solvers_test.go has the same network and settings; `value` gives both sides the same
numbers. A kernel is kept as [out, in, kh, kw], or as Muon's matrix [out, in·kh·kw], and written in Assay's layout.
"""
import inspect
import json
import pathlib

import numpy as np
import timm.loss
import timm.optim
import timm.utils
import torch
import torch.nn.functional as F

IMAGE, CLASSES, BATCH, STEPS = (8, 7, 3), 4, 5, 10
FACTORS = {"wide": 0.3, "output": 2.0}  # on the learning rate, by layer

source = inspect.getsource(torch.optim._muon._zeropower_via_newtonschulz).replace("torch.bfloat16", "torch.float64")
exec(source, torch.optim._muon.__dict__)


def f(v):
    """A setting as Assay holds it."""
    return float(np.float32(v))


def value(name, n):
    """n numbers in [-1,1), a function of the name alone."""
    i = np.arange(n, dtype=np.int64)
    return ((i * i * 31 + i * 1103 + sum(name.encode()) * 7717) % 1009) / 1009 * 2 - 1


def tensor(a):
    return torch.tensor(np.asarray(a).astype(np.float32).astype(np.float64))


SHAPES = {  # kh, kw, in, out
    "first/weight": (3, 3, 3, 8), "deep/weight": (3, 3, 1, 8), "wide/weight": (1, 1, 8, 20), "narrow/weight": (3, 3, 20, 6),
    "hidden/weight": (6, 12), "hidden/bias": (12,), "output/weight": (12, 4), "output/bias": (4,),
    **{f"{layer}/norm/{what}": (c,) for layer, c in (("first", 8), ("deep", 8), ("wide", 20), ("narrow", 6)) for what in ("gamma", "beta")},
}
MATRICES = ("wide/weight", "narrow/weight", "hidden/weight")


class Net:
    def __init__(self):
        self.params, self.buffers = {}, {}
        self.kept = ()  # layers whose norms go by running statistics
        for name, shape in SHAPES.items():
            v = value(name, int(np.prod(shape))).reshape(shape)
            if name.endswith("weight"):
                v = v * np.sqrt(6 / np.prod(shape[:-1]))
            else:
                v = 1 + 0.2 * v if name.endswith("gamma") else 0.2 * v
            t = tensor(v)
            t = t.permute(3, 2, 0, 1) if t.dim() == 4 else t.T if t.dim() == 2 else t
            if name in MATRICES:
                t = t.flatten(1)
            self.params[name] = t.contiguous().requires_grad_()
        for name in SHAPES:
            if name.endswith("gamma"):
                self.buffers[name.replace("gamma", "mean")] = torch.zeros(SHAPES[name], dtype=torch.float64)
                self.buffers[name.replace("gamma", "var")] = torch.ones(SHAPES[name], dtype=torch.float64)

    def unit(self, x, name, pad=0, groups=1, moves=True):
        kh, kw, cin, out = SHAPES[name + "/weight"]
        x = F.conv2d(x, self.params[name + "/weight"].reshape(out, cin, kh, kw), None, 1, pad, 1, groups)
        running = [self.buffers[f"{name}/norm/{what}"] for what in ("mean", "var")]
        if name in self.kept:
            return torch.tanh(F.batch_norm(x, *running, self.params[name + "/norm/gamma"], self.params[name + "/norm/beta"], False, 0.1, 1e-5))
        if not moves:
            running = [t.clone() for t in running]
        return torch.tanh(F.batch_norm(x, *running, self.params[name + "/norm/gamma"], self.params[name + "/norm/beta"], True, 0.1, 1e-5))

    def loss(self, step, moves=True, smoothing=0.0, of=F.cross_entropy):
        h, w, c = IMAGE
        x = tensor(2 * value(f"images/{step}", BATCH * h * w * c).reshape(BATCH, h, w, c)).permute(0, 3, 1, 2)
        x = self.unit(x, "first", 1, moves=moves)
        x = self.unit(x, "deep", 1, 8, moves=moves)
        x = self.unit(x, "wide", moves=moves)
        x = self.unit(x, "narrow", 1, moves=moves).mean((2, 3))
        x = torch.tanh(F.linear(x, self.params["hidden/weight"], self.params["hidden/bias"]))
        x = F.linear(x, self.params["output/weight"], self.params["output/bias"])
        return of(x, torch.tensor([(3 * n + step) % CLASSES for n in range(BATCH)]), label_smoothing=smoothing)

    def written(self):
        out = {}
        for name, t in {**self.params, **self.buffers}.items():
            t = t.detach()
            if name in SHAPES and len(SHAPES[name]) == 4:
                kh, kw, cin, cout = SHAPES[name]
                t = t.reshape(cout, cin, kh, kw).permute(2, 3, 1, 0)
            elif name in SHAPES and len(SHAPES[name]) == 2:
                t = t.T
            v = t.reshape(-1)
            stride = max(1, len(v) // 12)
            out[name] = {"shape": list(t.shape), "norm": v.norm().item(), "stride": stride, "some": v[::stride].tolist()}
        return out


def is_norm(name):
    return "/norm/" in name


def is_bias(name):
    return name.endswith("/bias")


class SAM:
    """first_step and second_step of the authors' class."""

    def __init__(self, base, radius, adaptive):
        self.base, self.radius, self.adaptive = base, radius, adaptive

    def step(self, net, step):
        ps = list(net.params.values())
        size = lambda p: p.abs() if self.adaptive else 1.0
        norm = torch.stack([(size(p) * p.grad).norm() for p in ps]).norm()
        scale = self.radius / (norm + 1e-12)
        old = [p.detach().clone() for p in ps]
        with torch.no_grad():
            for p in ps:
                p.add_((p.pow(2) if self.adaptive else 1.0) * p.grad * scale)
                p.grad = None
        net.loss(step, moves=False).backward()
        with torch.no_grad():
            for p, was in zip(ps, old):
                p.copy_(was)
        self.base.step()


def run(lr, make, decay=0.0, spare=(is_norm, is_bias), sam=None, matrix=None, before=None, smoothing=0.0, of=F.cross_entropy, frozen=(), thaw=0, norms=False):
    """make gets groups of one parameter each, weight_decay within; matrix makes the solver of Muon's matrices. Layers of frozen get no
    gradient before step thaw, but for their norms where these are trained."""
    net = Net()
    groups, matrices = [], []
    for name, p in net.params.items():
        spared = any(s(name) for s in spare)
        g = {"params": [p], "lr": lr, "factor": f(FACTORS.get(name.split("/")[0], 1)), "weight_decay": 0.0 if spared else f(decay), "name": name}
        (matrices if matrix and name in MATRICES else groups).append(g)
    solvers = [make(groups)] + ([matrix(matrices)] if matrix else [])
    losses = []
    for step in range(STEPS):
        rate = f(lr) * (1 - 0.05 * step)
        for s in solvers:
            for g in s.param_groups:
                g["lr"] = f(rate) * g["factor"]
        for p in net.params.values():
            p.grad = None
        still = frozen if step < thaw else ()
        net.kept = () if norms else still
        loss = net.loss(step, smoothing=smoothing, of=of)
        loss.backward()
        for name, p in net.params.items():
            if name.split("/")[0] in still and not (norms and is_norm(name)):
                p.grad = None
        losses.append(loss.item())
        if before:
            before(net.params)
        if sam:
            SAM(solvers[0], *sam).step(net, step)
        else:
            for s in solvers:
                s.step()
    return {"losses": losses, "tensors": net.written()}


BETAS, EPS, M = (f(0.9), f(0.999)), f(1e-8), f(0.9)
O = torch.optim


def adaptive(cls, **more):
    """timm's classes that scale by a trust ratio where there is decay: weights always, biases and norms never."""
    def make(groups):
        for g in groups:
            g["always_adapt"] = g["name"].endswith("/weight")
        return cls(groups, **more)
    return make


def muon(decay, nesterov, adjust):
    def make(groups):
        for g in groups:
            g["weight_decay"] = f(decay)
        return O.Muon(groups, momentum=M, nesterov=nesterov, adjust_lr_fn=adjust)
    return make


def lasso(params):
    sum(f(0.01) * p.abs().sum() for n, p in params.items() if n.endswith("/weight")).backward()


def channels(params):
    timm.utils.adaptive_clip_grad([p for n, p in params.items() if not n.startswith("output/")], f(0.02))


def binary(x, labels, label_smoothing):
    return timm.loss.BinaryCrossEntropy(label_smoothing)(x, labels)


def focal(x, labels, label_smoothing):
    logp = F.log_softmax(x, 1).gather(1, labels[:, None])[:, 0]
    return -((1 - logp.exp()) ** f(1.5) * logp).mean()


def never(_):
    return False


cases = {
    "sgd decoupled": run(0.1, lambda g: timm.optim.SGDW(g, momentum=M, nesterov=True), 0.05),
    "adam": run(0.01, lambda g: O.Adam(g, betas=BETAS, eps=EPS), 0.02),
    "adamw": run(0.01, lambda g: O.AdamW(g, betas=BETAS, eps=EPS), 0.01),
    "adamw, decay given": run(0.01, lambda g: O.AdamW(g, betas=BETAS, eps=EPS), 0.5, [lambda n: n == "deep/weight"]),
    "nadam": run(0.01, lambda g: O.NAdam(g, betas=BETAS, eps=EPS, momentum_decay=0.004), 0.02),
    "radam": run(0.01, lambda g: O.RAdam(g, betas=BETAS, eps=EPS), 0.02),
    "rmsprop": run(0.001, lambda g: O.RMSprop(g, alpha=f(0.9), eps=EPS, momentum=M), 0.02),
    "rmsprop without momentum": run(0.001, lambda g: O.RMSprop(g, alpha=f(0.9), eps=EPS), 0.02, [never]),
    "adagrad": run(0.05, lambda g: O.Adagrad(g, eps=EPS), 0.02),
    "adadelta": run(1.0, lambda g: O.Adadelta(g, rho=f(0.9), eps=f(1e-6)), 0.02),
    "lars": run(1.0, adaptive(timm.optim.Lars, momentum=M, trust_coeff=f(0.02), eps=EPS), 0.02),
    "lamb": run(0.02, adaptive(timm.optim.Lamb, betas=BETAS, eps=EPS, max_grad_norm=None), 0.05),
    "lion": run(0.002, lambda g: timm.optim.Lion(g, betas=(f(0.9), f(0.99))), 0.5),
    "muon": run(0.02, lambda g: O.AdamW(g, betas=BETAS, eps=EPS), 0.01, matrix=muon(0, True, "original")),
    "muon, match-rms": run(0.02, lambda g: timm.optim.SGDW(g, momentum=M), 0.5, matrix=muon(0.5, False, "match_rms_adamw")),
    "label smoothing": run(0.1, lambda g: O.SGD(g, momentum=M), smoothing=f(0.2)),
    "binary": run(0.5, lambda g: O.SGD(g, momentum=M), smoothing=f(0.2), of=binary),
    "focal": run(0.1, lambda g: O.SGD(g, momentum=M), of=focal),
    "l1": run(0.1, lambda g: O.SGD(g, momentum=M), before=lasso),
    "clip by norm": run(0.1, lambda g: O.SGD(g, momentum=M), 0.02, before=lambda ps: torch.nn.utils.clip_grad_norm_(ps.values(), f(0.5))),
    "clip by value": run(0.1, lambda g: O.SGD(g, momentum=M), 0.02, before=lambda ps: torch.nn.utils.clip_grad_value_(ps.values(), f(0.02))),
    "clip by channel": run(0.1, lambda g: O.SGD(g, momentum=M), 0.02, before=channels),
    "sam": run(0.1, lambda g: O.SGD(g, momentum=M), 0.02, sam=(f(0.05), False)),
    "sam, adaptive over adamw": run(0.01, lambda g: O.AdamW(g, betas=BETAS, eps=EPS), 0.01, sam=(f(0.5), True)),
}


FROZEN = {"frozen": ("first", "deep", "narrow"), "thaw": 4}
thawed = {
    "adamw": run(0.01, lambda g: O.AdamW(g, betas=BETAS, eps=EPS), 0.01, **FROZEN),
    "nadam, norms trained": run(0.01, lambda g: O.NAdam(g, betas=BETAS, eps=EPS, momentum_decay=0.004), 0.02, norms=True, **FROZEN),
}


def short(v):
    if isinstance(v, float):
        return float(f"{v:.9g}")
    if isinstance(v, dict):
        return {k: short(x) for k, x in v.items()}
    return [short(x) for x in v] if isinstance(v, list) else v


made = f"make_solvers.py, PyTorch {torch.__version__.split('+')[0]}, timm {timm.__version__}"
pathlib.Path(__file__).with_name("solvers.json").write_text(json.dumps({"made": made, "cases": short(cases), "thawed": short(thawed)}) + "\n")
