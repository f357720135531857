"""Makes solvers.json beside this file: three steps each of solvers' ops, by PyTorch in float64, and by timm for lion, lars and lamb; what
clips gradients; losses.

Run it with a Python that has torch and timm: python make_solvers.py. The form is that of make_goldens.py: a case is a step, with
p, g, what is remembered and the scalars before it, and what it changes after it.
"""
import json
import math
import pathlib

import timm.optim
import timm.utils
import torch
import torch.nn.functional as F

torch.manual_seed(2)
cases = []
LR, EPS, L2 = 0.125, 0.03125, 0.0625


def draw(*shape):
    return torch.round(torch.randn(shape, dtype=torch.float64) * 64) / 64


def pack(t):
    return {"shape": list(t.shape), "data": t.detach().reshape(-1).tolist()}


def add(name, op, hyper, inputs, outputs):
    inputs = [t if isinstance(t, torch.Tensor) else torch.tensor(float(t), dtype=torch.float64) for t in inputs]
    cases.append({"name": name, "op": op, "hyper": hyper, "inputs": [pack(t) for t in inputs], "outputs": [pack(t) for t in outputs]})


def solver(name, op, hyper, make, slots, scalars):
    """slots are names in the solver's state; scalars are those of a step, counted from 1."""
    p = torch.nn.Parameter(draw(2, 3))
    o = make([p])
    held = [torch.zeros(2, 3, dtype=torch.float64) for _ in slots]
    for t in range(1, 4):
        before, g = p.detach().clone(), draw(2, 3)
        p.grad = g.clone()
        o.step()
        after = [o.state[p][s].clone() for s in slots]
        add(f"{name} step {t}", op, hyper, [before, g, *held, *scalars(t)], [p.detach().clone(), *after])
        held = after


B1, B2, DECAY = 0.875, 0.96875, 0.25
moments = ["exp_avg", "exp_avg_sq"]


def adam(l2, decay):
    return lambda t: [LR / (1 - B1**t), 0, 1 / math.sqrt(1 - B2**t), EPS, B1, B2, l2, decay]


solver("adam", "adam", {}, lambda ps: torch.optim.Adam(ps, LR, (B1, B2), EPS, L2), moments, adam(L2, 0))
solver("adamw", "adam", {}, lambda ps: torch.optim.AdamW(ps, LR, (B1, B2), EPS, DECAY), moments, adam(0, LR * DECAY))
solver("plain", "rmsprop", {}, lambda ps: torch.optim.RMSprop(ps, LR, B1, EPS, L2), ["square_avg"], lambda t: [LR, B1, 1 - B1, EPS, L2])
solver("momentum", "rmsprop", {"Momentum": True}, lambda ps: torch.optim.RMSprop(ps, LR, B1, EPS, L2, 0.75), ["square_avg", "momentum_buffer"],
       lambda t: [LR, B1, 1 - B1, EPS, L2, 0.75])
solver("adagrad", "rmsprop", {}, lambda ps: torch.optim.Adagrad(ps, LR, weight_decay=L2, eps=EPS), ["sum"], lambda t: [LR, 1, 1, EPS, L2])
solver("plain", "adadelta", {}, lambda ps: torch.optim.Adadelta(ps, LR, B1, EPS, L2), ["square_avg", "acc_delta"], lambda t: [LR, B1, EPS, L2])
solver("plain", "lion", {}, lambda ps: timm.optim.Lion(ps, LR, (B1, B2), DECAY), ["exp_avg"], lambda t: [LR, B1, B2, 0, LR * DECAY])
for nesterov in (False, True):
    solver(f"nesterov {nesterov}", "lars", {"Nesterov": nesterov},
           lambda ps: timm.optim.Lars(ps, LR, B1, 0, L2, nesterov, 0.5, EPS), ["momentum_buffer"], lambda t: [LR, B1, L2, 0.5, EPS])
solver("plain", "lamb", {}, lambda ps: timm.optim.Lamb(ps, LR, betas=(B1, B2), eps=EPS, weight_decay=DECAY, max_grad_norm=None), moments,
       lambda t: [LR, 1 / (1 - B1**t), 1 / math.sqrt(1 - B2**t), EPS, B1, B2, 0, DECAY])

# TensorFlow's RMSProp has eps under the root; timm's port of it begins with squares of 1.
p = torch.nn.Parameter(draw(2, 3))
o, before, g = timm.optim.RMSpropTF([p], LR, B1, EPS, 0, 0.75, lr_in_momentum=False), p.detach().clone(), draw(2, 3)
p.grad = g.clone()
o.step()
one, zero = torch.ones(2, 3, dtype=torch.float64), torch.zeros(2, 3, dtype=torch.float64)
add("eps inside", "rmsprop", {"Momentum": True, "EpsInside": True}, [before, g, one, zero, LR, B1, 1 - B1, EPS, 0, 0.75],
    [p.detach(), o.state[p]["square_avg"], o.state[p]["momentum_buffer"]])

# A tensor of zeros, a gradient of zeros: the ratio is 1.
for name, w, g in (("no weights", zero, draw(2, 3)), ("no gradient", draw(2, 3), zero)):
    for op, make, slots, scalars in (
        ("lars", lambda ps: timm.optim.Lars(ps, LR, B1, 0, L2, False, 0.5, EPS), ["momentum_buffer"], [LR, B1, L2, 0.5, EPS]),
        ("lamb", lambda ps: timm.optim.Lamb(ps, LR, betas=(B1, B2), eps=EPS, weight_decay=DECAY, max_grad_norm=None), moments,
         [LR, 1 / (1 - B1), 1 / math.sqrt(1 - B2), EPS, B1, B2, 0, DECAY]),
    ):
        p = torch.nn.Parameter(w.clone())
        o = make([p])
        p.grad = g.clone()
        o.step()
        add(name, op, {}, [w, g, *[zero] * len(slots), *scalars], [p.detach().clone(), *[o.state[p][s] for s in slots]])

x, y, a, b = draw(2, 3), draw(2, 3), draw(), draw()
add("one", "combine", {}, [x, a], [a * x])
add("two", "combine", {}, [x, y, a, b], [a * x + b * y])
row = draw(5)
total = torch.nn.utils.get_total_norm([x, row])
add("two", "norm", {}, [x, row], [total])
add("plain", "quotient", {"Eps": 0.5}, [a, total], [a / (total + 0.5)])
add("bounded", "quotient", {"Most": 0.125}, [draw().abs() + 1, total], [torch.tensor(0.125, dtype=torch.float64)])
add("plain", "shift", {}, [x, y, a], [x - a * y])

w = draw(2, 3)
w[0, 0] = 0
g = w.detach().clone().requires_grad_()
(a * g.abs().sum() + (x * g).sum()).backward()
add("plain", "lasso", {}, [x, w, a], [g.grad])
for name, shape in (("linear", (4, 5)), ("kernel", (3, 3, 2, 4)), ("vector", (6,))):
    w, g = draw(*shape), draw(*shape)
    w[..., 0] = 0  # at least 1e-3
    g[..., 1] *= 1e-3  # too small to be clipped
    order = (3, 2, 0, 1) if len(shape) == 4 else (1, 0) if len(shape) == 2 else (0,)
    p = torch.nn.Parameter(w.permute(order).contiguous())
    p.grad = g.permute(order).contiguous()
    timm.utils.adaptive_clip_grad([p], 0.125)
    add(name, "clip-channels", {}, [g, w, 0.125], [p.grad.permute([order.index(i) for i in range(len(order))])])
p = torch.nn.Parameter(w)
p.grad = draw(6)
before = p.grad.clone()
torch.nn.utils.clip_grad_value_([p], 0.5)
add("plain", "clamp", {}, [before, 0.5], [p.grad])



def loss(name, op, hyper, x, target, forward):
    """target is labels, of which one below 0 counts nothing, or shares."""
    x = x.clone().requires_grad_()
    k = x.shape[1]
    if target.dtype == torch.int64:
        there = (target >= 0).double()
        q = F.one_hot(target.clamp(min=0), k).double()
        packed = {"shape": list(target.shape), "index": target.tolist()}
    else:
        there, q, packed = torch.ones(len(x), dtype=torch.float64), target, pack(target)
    q = (1 - SMOOTH) * q + SMOOTH / k * q.sum(1, keepdim=True) if hyper.get("Smoothing") else q
    y = forward(x, q) * there
    dout = draw(len(x))
    y.backward(dout)
    grads = [x.grad]
    cases.append({"name": name, "op": op, "hyper": hyper, "inputs": [pack(x), packed], "outputs": [pack(y)], "dout": pack(dout), "grads": [pack(g) for g in grads]})


SMOOTH = 0.125
labels, shares = torch.tensor([4, -1, 0, 2, 3]), torch.softmax(draw(5, 6), 1)


def focal(gamma):
    return lambda x, q: -(q * (1 - x.softmax(1)) ** gamma * x.log_softmax(1)).sum(1)


def binary(x, q):
    return F.binary_cross_entropy_with_logits(x, q, reduction="none").mean(1)


for smooth in ({}, {"Smoothing": SMOOTH}):
    for kind, target in (("labels", labels), ("shares", shares)):
        name = f"{kind} {'smooth' if smooth else 'as they are'}"
        loss(name, "binary-cross-entropy", smooth, draw(5, 6) * 4, target, binary)
        loss(name, "focal", {"Gamma": 2, **smooth}, draw(5, 6), target, focal(2))
        loss(name + ", gamma 0.5", "focal", {"Gamma": 0.5, **smooth}, draw(5, 6), target, focal(0.5))

pathlib.Path(__file__).with_name("solvers.json").write_text(json.dumps({"made": f"make_solvers.py, PyTorch {torch.__version__.split('+')[0]}, timm {timm.__version__}", "cases": cases}) + "\n")
