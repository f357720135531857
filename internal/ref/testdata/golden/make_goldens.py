"""Makes the goldens beside this file: what PyTorch gives in float64 for every op that it has, forward and gradient.

Run it with a Python that has torch and numpy: python make_goldens.py. It writes one JSON file a family, in Assay's layouts
(maps NHWC, weights HWIO); golden_test.go reads them. A case holds the op's kind and hyper-parameters (the fields of the Go
struct), its inputs in order, its outputs, what the outputs' gradient was (dout), and the gradients by the inputs.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

torch.manual_seed(1)
families = {}


def f32(v):
    """A hyper-parameter as the Go struct holds it."""
    return float(np.float32(v))


def draw(*shape):
    """Normal numbers with few digits, so that the files stay small and exact."""
    return torch.round(torch.randn(shape, dtype=torch.float64) * 64) / 64


def pack(t):
    kind = "index" if t.dtype == torch.int64 else "data"
    return {"shape": list(t.shape), kind: t.detach().reshape(-1).tolist()}


def case(family, name, op, hyper, inputs, forward, grad=True):
    """forward maps the inputs to the output, or to a list of which the first has the gradient."""
    real = [t for t in inputs if t.dtype == torch.float64]
    for t in real:
        t.requires_grad_(grad)
    outs = forward(*inputs)
    outs = list(outs) if isinstance(outs, (list, tuple)) else [outs]
    c = {"name": name, "op": op, "hyper": hyper, "inputs": [pack(t) for t in inputs], "outputs": [pack(t) for t in outs]}
    if grad:
        dout = draw(*outs[0].shape)
        outs[0].backward(dout)
        c["dout"] = pack(dout)
        c["grads"] = [pack(t.grad) for t in real if t.grad is not None]
    families.setdefault(family, []).append(c)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def window(kernel, stride=(1, 1), pad=(0, 0, 0, 0), dilation=(1, 1)):
    return {"Kernel": kernel, "Stride": stride, "Dilation": dilation, "Pad": pad}


def conv(name, x, cout, groups, w):
    def forward(x, k):
        top, bottom, left, right = w["Pad"]
        padded = F.pad(nchw(x), (left, right, top, bottom))
        return nhwc(F.conv2d(padded, k.permute(3, 2, 0, 1), stride=w["Stride"], dilation=w["Dilation"], groups=groups))

    case("conv", name, "conv", {**w, "Groups": groups}, [draw(*x), draw(*w["Kernel"], x[3] // groups, cout)], forward)


conv("3x3", (2, 5, 4, 3), 4, 1, window((3, 3), pad=(1, 1, 1, 1)))
conv("1x1 stride 2", (2, 5, 4, 3), 5, 1, window((1, 1), (2, 2)))
conv("5x5 on 3x3", (1, 3, 3, 2), 3, 1, window((5, 5), pad=(2, 2, 2, 2)))
conv("2x3 stride 3,2", (1, 8, 7, 2), 3, 1, window((2, 3), (3, 2)))
conv("7x1", (1, 8, 3, 2), 2, 1, window((7, 1), pad=(3, 3, 0, 0)))
conv("11x11 stride 4", (1, 15, 15, 1), 2, 1, window((11, 11), (4, 4), (2, 2, 2, 2)))
conv("groups 3 dilation unequal padding", (2, 6, 5, 6), 9, 3, window((3, 2), (2, 1), (1, 0, 2, 1), (1, 2)))
conv("depthwise", (2, 5, 4, 5), 5, 5, window((3, 3), (2, 2), (1, 1, 1, 1)))
conv("depthwise multiplier 2", (1, 4, 4, 3), 6, 3, window((3, 3), pad=(1, 1, 1, 1)))

for ta in (False, True):
    for tb in (False, True):
        case("matmul", f"{ta} {tb}", "matmul", {"TransA": ta, "TransB": tb}, [draw(*((5, 3) if ta else (3, 5))), draw(*((4, 5) if tb else (5, 4)))],
             lambda a, b: (a.T if ta else a) @ (b.T if tb else b))

case("bias", "map", "bias-add", {}, [draw(2, 3, 2, 5), draw(5)], lambda x, b: x + b)
case("bias", "map", "sum-channels", {}, [draw(2, 3, 2, 5)], lambda x: x.sum((0, 1, 2)), grad=False)

ALPHA = f32(0.3)
FUNCS = [  # program.Func, in its order
    ("identity", lambda x: x),
    ("relu", F.relu),
    ("leaky", lambda x: F.leaky_relu(x, ALPHA)),
    ("elu", lambda x: F.elu(x, ALPHA)),
    ("selu", F.selu),
    ("tanh", torch.tanh),
    ("sigmoid", torch.sigmoid),
    ("relu6", F.relu6),
    ("celu", lambda x: F.celu(x, ALPHA)),
    ("softplus", lambda x: F.softplus(x, threshold=50)),  # by its default, 20, PyTorch takes x from 20 on
    ("softsign", F.softsign),
    ("hard-sigmoid", lambda x: F.relu6(x + 3) / 6),  # F.hardsigmoid has a gradient of float32, even in float64
    ("scaled-tanh", lambda x: 1.7159 * torch.tanh(2 / 3 * x)),
    ("arcsinh", torch.asinh),
    ("swish", lambda x: x * torch.sigmoid(ALPHA * x)),
    ("hard-swish", F.hardswish),
    ("gelu", F.gelu),
    ("mish", F.mish),
    ("power", lambda x: x.abs() ** ALPHA),
]
for i, (name, fn) in enumerate(FUNCS):
    if i == 7:  # the cases after this family are older than these functions and keep their numbers
        before = torch.get_rng_state()
    x = draw(4, 9)
    x[0, :3] = torch.tensor([0.0 if name != "power" else 1.0, 30.0, -30.0])  # the kink and both tails; the power's slope at 0 is not finite
    case("activation", name, "activation", {"Func": i, "Alpha": ALPHA}, [x], fn)
case("activation", "silu", "activation", {"Func": 14, "Alpha": 1}, [torch.linspace(-4, 4, 17, dtype=torch.float64)], F.silu)
case("activation", "crelu", "crelu", {}, [draw(2, 3, 2, 3)], lambda x: torch.cat([F.relu(x), F.relu(-x)], -1))


def apl(x, a, b):
    return F.relu(x) + sum(a[s] * F.relu(b[s] - x) for s in range(len(a)))


case("activation", "two hinges", "apl", {}, [draw(2, 3, 2, 3), draw(2, 3), draw(2, 3)], apl)
case("activation", "rows, a hinge", "apl", {}, [draw(5, 4), draw(1, 4), draw(1, 4)], apl)
torch.set_rng_state(before)
case("activation", "map", "prelu", {}, [draw(2, 3, 2, 4), draw(4)], lambda x, a: nhwc(F.prelu(nchw(x), a)))


def pools(name, x, w, pad, ceil=False):
    """w holds what ceil adds to the padding; PyTorch takes pad, the same on both sides, and ceil_mode."""
    stride, kernel = w["Stride"], w["Kernel"]
    case("pool", name, "max-pool", w, [x.clone()], lambda x: nhwc(F.max_pool2d(nchw(x), kernel, stride, pad, ceil_mode=ceil)))
    case("pool", name, "avg-pool", w, [x.clone()], lambda x: nhwc(F.avg_pool2d(nchw(x), kernel, stride, pad, ceil, False)))
    if not ceil:
        case("pool", name + " counted", "avg-pool", {**w, "CountPad": True}, [x.clone()], lambda x: nhwc(F.avg_pool2d(nchw(x), kernel, stride, pad, ceil, True)))


pools("2x2/2", draw(2, 4, 6, 3), window((2, 2), (2, 2)), 0)
pools("3x3/2 padded", draw(1, 7, 6, 2), window((3, 3), (2, 2), (1, 1, 1, 1)), 1)
pools("3x3/1 padded", draw(1, 3, 4, 2), window((3, 3), (1, 1), (1, 1, 1, 1)), 1)
pools("3x2/2,3", draw(1, 7, 8, 2), window((3, 2), (2, 3)), 0)
pools("3x3/2 ceil", draw(1, 6, 8, 2), window((3, 3), (2, 2), (0, 1, 0, 1)), 0, ceil=True)
pools("ties", draw(1, 6, 6, 2).clamp(min=0), window((3, 3), (2, 2), (1, 1, 1, 1)), 1)
before = torch.get_rng_state()


def patches(x, w):
    """The elements of each window, [N,Ho,Wo,C,k], zeros where it lies in the padding."""
    top, bottom, left, right = w["Pad"]
    p = F.pad(nchw(x), (left, right, top, bottom)).unfold(2, w["Kernel"][0], w["Stride"][0]).unfold(3, w["Kernel"][1], w["Stride"][1])
    return p.flatten(4).permute(0, 2, 3, 1, 4)


def philox(counter, key):
    """Philox4x32 of 10 rounds: Salmon, Moraes, Dror, Shaw, SC 2011."""
    a, b, c, d = counter
    k, l = key
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ k, q & 0xFFFFFFFF, (p >> 32) ^ d ^ l, p & 0xFFFFFFFF
        k, l = (k + 0x9E3779B9) & 0xFFFFFFFF, (l + 0xBB67AE85) & 0xFFFFFFFF
    return a, b, c, d


def drawn(x, w, key, step):
    """Zeiler, Fergus, arXiv:1301.3557, section 3.1, by the numbers that program.StochasticPool documents."""
    p = patches(x, w)
    a = p.clamp(min=0)
    u = torch.tensor([(philox((i // 4, step, 0, 0), key)[i % 4] >> 8) / 2**24 for i in range(a[..., 0].numel())]).double().reshape(a.shape[:-1])
    run = a.cumsum(-1)
    picked = (run <= (u * run[..., -1])[..., None]).sum(-1).clamp(max=a.shape[-1] - 1)
    return torch.where(run[..., -1] > 0, p.gather(-1, picked[..., None])[..., 0], torch.zeros(()).double())


def weighed(x, w):
    """The same, section 3.2."""
    a = patches(x, w).clamp(min=0)
    return torch.nan_to_num((a * a).sum(-1) / a.sum(-1))


for name, x, w in [("2x2/2", (2, 4, 6, 3), window((2, 2), (2, 2))), ("3x3/2 padded", (1, 7, 6, 2), window((3, 3), (2, 2), (1, 1, 1, 1)))]:
    n = int(np.prod(x))
    x = ((torch.randperm(n) - n // 2 + 0.5) / 64).double().reshape(x)  # no two alike, some windows without a positive element
    case("pool", name, "stochastic-pool", {**w, "Key": [7, 9]}, [x.clone(), torch.tensor(3.0, dtype=torch.float64)],
         lambda x, step: drawn(x, w, (7, 9), int(step)))
    case("pool", name, "stochastic-pool-inference", w, [x.clone()], lambda x: weighed(x, w), grad=False)
torch.set_rng_state(before)
case("pool", "map", "global-avg-pool", {}, [draw(3, 4, 2, 5)], lambda x: x.mean((1, 2)))
case("pool", "map", "spread-hw", {"H": 2, "W": 4, "Scale": 0.125}, [draw(3, 5)], lambda y: 0.125 * y[:, None, None, :].expand(3, 2, 4, 5))


def gem(x, p):
    return x.clamp(min=0).pow(p).mean((1, 2)).pow(1 / p)


before = torch.get_rng_state()
for name, x, p in [("map", draw(3, 4, 2, 5), 3.0), ("near the mean", draw(2, 3, 3, 2), 1.25), ("near the maximum", draw(2, 2, 3, 3), 9.5)]:
    # Something positive in each channel: without, PyTorch's gradient is NaN.
    case("gem", name, "gem", {}, [x + 0.75, torch.tensor([p], dtype=torch.float64)], gem)
torch.set_rng_state(before)

case("arith", "map", "add", {}, [draw(2, 3), draw(2, 3)], lambda a, b: a + b)
before = torch.get_rng_state()
case("arith", "map", "mul", {}, [draw(2, 3), draw(2, 3)], lambda a, b: a * b)
torch.set_rng_state(before)
case("arith", "map", "scale", {"By": -1.5}, [draw(2, 3)], lambda x: -1.5 * x)
case("arith", "map", "mean", {}, [draw(4, 8)], lambda x: x.mean())
case("arith", "map", "expand", {"Shape": [2, 3], "Scale": 0.75}, [draw()], lambda s: 0.75 * s.expand(2, 3), grad=False)
case("arith", "map", "variance", {}, [draw(3, 7)], lambda x: x.var(unbiased=False), grad=False)

case("shape", "map", "reshape", {"Shape": [3, 8]}, [draw(2, 3, 4)], lambda x: x.reshape(3, 8))
case("shape", "three", "concat", {}, [draw(2, 3, 2), draw(2, 3, 1), draw(2, 3, 3)], lambda *x: torch.cat(x, -1))
case("shape", "middle", "slice-channels", {"From": 1, "To": 4}, [draw(3, 5)], lambda x: x[:, 1:4])
case("shape", "both sides", "pad-channels", {"Before": 1, "After": 2}, [draw(3, 2)], lambda x: F.pad(x, (1, 2)))
before = torch.get_rng_state()
case("shape", "three of four", "shuffle-channels", {"Groups": 3}, [draw(2, 3, 1, 12)], lambda x: nhwc(F.channel_shuffle(nchw(x), 3)))
torch.set_rng_state(before)
case("shape", "odd", "subsample", {"Stride": 2}, [draw(2, 5, 4, 2)], lambda x: x[:, ::2, ::2, :])
before = torch.get_rng_state()
case("shape", "cycle", "transpose", {"Axes": [0, 3, 1, 2]}, [draw(2, 3, 2, 4)], lambda x: x.permute(0, 3, 1, 2))
case("shape", "six axes", "transpose", {"Axes": [0, 3, 5, 1, 2, 4]}, [draw(1, 2, 3, 2, 1, 2)], lambda x: x.permute(0, 3, 5, 1, 2, 4))
torch.set_rng_state(before)

EPS = f32(1e-3)


def moments(x):
    over = tuple(range(x.dim() - 1))
    return x.mean(over), x.var(over, unbiased=False)


def norm(x, *affine):
    y = F.batch_norm(x.movedim(-1, 1), None, None, *affine, training=True, eps=EPS).movedim(1, -1)
    return [y, *moments(x)]


def given(x, mean, var, *affine):
    return F.batch_norm(x.movedim(-1, 1), mean, var, *affine, training=False, eps=EPS).movedim(1, -1)


case("batchnorm", "map", "batch-norm", {"Eps": EPS}, [draw(2, 3, 4, 3)], norm)
case("batchnorm", "affine map", "batch-norm", {"Eps": EPS, "Affine": True}, [draw(2, 3, 4, 3), draw(3), draw(3)], norm)
case("batchnorm", "affine rows", "batch-norm", {"Eps": EPS, "Affine": True}, [draw(7, 4), draw(4), draw(4)], norm)
case("batchnorm", "map", "batch-norm-inference", {"Eps": EPS}, [draw(2, 3, 2, 3), draw(3), draw(3) ** 2], given, grad=False)
case("batchnorm", "affine", "batch-norm-inference", {"Eps": EPS, "Affine": True}, [draw(2, 3, 2, 3), draw(3), draw(3) ** 2, draw(3), draw(3)], given, grad=False)

before = torch.get_rng_state()
for name, x, size, alpha, beta, k in [("alexnet", (2, 3, 2, 7), 5, 1e-4, 0.75, 1), ("strong", (2, 2, 2, 6), 3, 2, 0.5, 0.5), ("wider than the map", (1, 2, 2, 3), 9, 1, 0.75, 2)]:
    case("lrn", name, "lrn", {"Size": size, "Alpha": f32(alpha), "Beta": f32(beta), "K": k}, [draw(*x) * 4],
         lambda x: nhwc(torch.nn.LocalResponseNorm(size, f32(alpha), f32(beta), k)(nchw(x))))
torch.set_rng_state(before)

before = torch.get_rng_state()


def sweep(name, cell, x, columns, reverse):
    """nn.LSTM or nn.GRU over the rows or columns of a map; its input weight is the identity, so that x is the input product."""
    gates, (n, h, w, units) = {"lstm": 4, "gru": 3}[cell], x
    rnn = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](gates * units, units, batch_first=True).double()

    def forward(x, u, b):
        weights = {"weight_ih_l0": torch.eye(gates * units, dtype=torch.float64), "weight_hh_l0": u.T, "bias_ih_l0": torch.zeros(gates * units, dtype=torch.float64), "bias_hh_l0": b}
        s = x.transpose(1, 2) if columns else x
        s = s.reshape(-1, s.shape[2], s.shape[3])
        s = s.flip(1) if reverse else s
        y = torch.func.functional_call(rnn, weights, (s,))[0]
        y = (y.flip(1) if reverse else y).reshape(n, *((w, h) if columns else (h, w)), units)
        return y.transpose(1, 2) if columns else y

    case("recurrent", name, cell, {"Columns": columns, "Reverse": reverse}, [draw(n, h, w, gates * units), draw(units, gates * units), draw(gates * units)], forward)


for cell in ("lstm", "gru"):
    sweep("rows", cell, (2, 3, 4, 3), False, False)
    sweep("rows reverse", cell, (1, 2, 5, 4), False, True)
    sweep("columns", cell, (2, 4, 3, 2), True, False)
    sweep("columns reverse", cell, (2, 3, 2, 3), True, True)
    sweep("one step", cell, (3, 2, 1, 3), False, False)
    sweep("one sequence", cell, (1, 1, 7, 5), False, False)
torch.set_rng_state(before)

SMOOTH = f32(0.1)
labels = torch.tensor([4, -1, 0, 2, 3])
case("loss", "hard", "cross-entropy", {}, [draw(5, 6), labels], lambda x, l: F.cross_entropy(x, l, ignore_index=-1, reduction="none"))
case("loss", "large logits", "cross-entropy", {}, [draw(5, 6) * 500, labels], lambda x, l: F.cross_entropy(x, l, ignore_index=-1, reduction="none"))
case("loss", "smooth", "cross-entropy", {"Smoothing": SMOOTH}, [draw(5, 6), labels],
     lambda x, l: F.cross_entropy(x, l, ignore_index=-1, reduction="none", label_smoothing=SMOOTH))
case("loss", "rows", "log-softmax", {}, [draw(4, 7)], lambda x: F.log_softmax(x, 1), grad=False)


def sgd(name, nesterov, steps=3):
    """Each step is a case: p, g, v, lr, momentum, l2 before it; p and v after it."""
    p = torch.nn.Parameter(draw(2, 3))
    lr, momentum, l2 = 0.125, 0.875, 0.03125
    o = torch.optim.SGD([p], lr=lr, momentum=momentum, weight_decay=l2, nesterov=nesterov)
    v = torch.zeros(2, 3, dtype=torch.float64)
    for step in range(steps):
        before, g = p.detach().clone(), draw(2, 3)
        p.grad = g.clone()
        o.step()
        after = o.state[p]["momentum_buffer"].clone()
        scalars = [torch.tensor(s, dtype=torch.float64) for s in (lr, momentum, l2)]
        case("update", f"{name} step {step + 1}", "sgd", {"Nesterov": nesterov}, [before, g, v, *scalars], lambda *_: [p.detach().clone(), after], grad=False)
        v = after


sgd("plain", False)
sgd("nesterov", True)

x, r = draw(9, 4), draw(4)  # 9 elements a channel: the unbiased variance is 1.125 times the biased one
bn = torch.nn.BatchNorm1d(4, momentum=0.125).double()
bn.running_var.copy_(r)
bn(x)
case("update", "running variance", "blend", {"Scale": 1.125}, [r, x.var(0, unbiased=False), torch.tensor(0.875, dtype=torch.float64)],
     lambda *_: bn.running_var.clone(), grad=False)

torch.manual_seed(14)  # what is drawn above stays what it is
case("attention", "by channel", "gate", {}, [draw(2, 3, 2, 5), draw(2, 1, 1, 5)], lambda x, g: x * g)
case("attention", "by position", "gate", {}, [draw(2, 3, 2, 5), draw(2, 3, 2, 1)], lambda x, g: x * g)
case("attention", "map", "channel-mean", {}, [draw(2, 3, 2, 4)], lambda x: x.mean(3, keepdim=True))
case("attention", "map", "channel-max", {}, [draw(2, 3, 2, 5)], lambda x: x.max(3, keepdim=True).values)
case("attention", "map", "spread-channels", {"C": 4, "Scale": 0.5}, [draw(2, 3, 2, 1)], lambda y: 0.5 * y.expand(2, 3, 2, 4))
case("attention", "rows", "softmax", {}, [draw(3, 7) * 4], lambda x: x.softmax(-1))
case("attention", "large", "softmax", {}, [draw(2, 2, 3, 5) * 500], lambda x: x.softmax(-1))
case("attention", "plain", "batch-matmul", {}, [draw(2, 3, 4, 5), draw(2, 3, 5, 2)], torch.matmul)
case("attention", "a transposed", "batch-matmul", {"TransA": True}, [draw(2, 3, 5, 4), draw(2, 3, 5, 2)], lambda a, b: a.mT @ b)
case("attention", "b transposed", "batch-matmul", {"TransB": True}, [draw(2, 3, 4, 5), draw(2, 3, 2, 5)], lambda a, b: a @ b.mT)
case("attention", "three", "split-heads", {"Heads": 3}, [draw(2, 2, 3, 6)], lambda x: x.reshape(2, 6, 3, 2).permute(0, 2, 1, 3))
case("attention", "three", "merge-heads", {"H": 2, "W": 3}, [draw(2, 3, 6, 2)], lambda y: y.permute(0, 2, 1, 3).reshape(2, 2, 3, 6))


def relative_bias(name, h, w, r):
    """The index table of torchvision's ShiftedWindowAttention, offsets key less query and clipped to r."""
    at = torch.stack(torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")).flatten(1)
    by = (at[:, None, :] - at[:, :, None]).clamp(-r, r) + r
    case("attention", name, "relative-bias", {"H": h, "W": w, "Range": r}, [draw(2, 2, h * w, h * w), draw(2, 2 * r + 1, 2 * r + 1)], lambda s, t: s + t[:, by[0], by[1]])


relative_bias("within the range", 2, 3, 2)
relative_bias("clipped", 3, 4, 1)

for name, shape in (("map", (2, 3, 2, 5)), ("rows", (3, 8))):
    case("layernorm", name, "layer-norm", {"Eps": f32(1e-5)}, [draw(*shape), draw(shape[-1]), draw(shape[-1])],
         lambda x, g, b: F.layer_norm(x, x.shape[-1:], g, b, f32(1e-5)))

for family, cases in families.items():
    text = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    made = json.dumps(f"make_goldens.py with torch {torch.__version__}, float64")
    here = pathlib.Path(__file__).parent / f"{family}.json"
    here.write_text(f'{{"made": {made}, "cases": [\n{text}\n]}}\n')
