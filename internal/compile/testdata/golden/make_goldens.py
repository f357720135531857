"""Makes networks.json beside this file: what PyTorch makes of small networks in three steps of SGD, in float64.

Run it with a Python that has torch and numpy: python make_goldens.py. golden_test.go builds the same networks from layers; its
function `value` and the one here give both sides the same numbers. Parameters are kept in Assay's layouts (HWIO; linear
weights [in,out], in read in the order H, W, C) and permuted on the way, so that gradients come out in them too. Of each
tensor the file holds its mean, its norm and up to sixteen elements.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

RATES = [0.1, 0.08, 0.05]


def value(name, n):
    """n numbers in [-1,1), a function of the name alone."""
    i = np.arange(n, dtype=np.int64)
    seed = sum(name.encode())
    return ((i * i * 31 + i * 1103 + seed * 7717) % 1009) / 1009 * 2 - 1


def f32(a):
    return torch.tensor(np.asarray(a).astype(np.float32).astype(np.float64))


class Net:
    """Parameters and running statistics by Assay's names, made when first asked for."""

    def __init__(self, forward, image, classes, batch, nesterov=False, decay=0.0, spare=()):
        self.forward, self.image, self.classes, self.batch = forward, image, classes, batch
        self.nesterov, self.decay, self.spare = nesterov, decay, spare
        self.params, self.spared, self.buffers, self.training = {}, set(), {}, True

    def param(self, name, shape, kind):
        if name not in self.params:
            v = value(name, int(np.prod(shape))).reshape(shape)
            if kind in ("weight", "depthwise"):
                v = v * np.sqrt(6 / np.prod(shape[:-1]))
            elif kind == "slope":
                v = 0.25 + 0.1 * v
            elif kind == "gamma":
                v = 1 + 0.2 * v
            elif kind == "exponent":
                v = 3 + v
            else:
                v = 0.2 * v
            self.params[name] = f32(v).requires_grad_()
            if kind in ("slope", "exponent") or kind in self.spare:
                self.spared.add(name)
        return self.params[name]

    def conv(self, x, name, out, kernel, stride=1, pad=0, dilation=1, groups=1, bias=True):
        kind = "depthwise" if groups > 1 and groups == x.shape[1] else "weight"
        w = self.param(name + "/weight", (kernel, kernel, x.shape[1] // groups, out), kind)
        b = self.param(name + "/bias", (out,), "bias") if bias else None
        return F.conv2d(x, w.permute(3, 2, 0, 1), b, stride, pad, dilation, groups)

    def linear(self, x, name, out):
        x = x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x
        w = self.param(name + "/weight", (x.shape[1], out), "weight")
        return x @ w + self.param(name + "/bias", (out,), "bias")

    def layer_norm(self, x, name, eps):
        """Over the channels of each position."""
        c = x.shape[1]
        gamma, beta = self.param(name + "/norm/gamma", (c,), "gamma"), self.param(name + "/norm/beta", (c,), "beta")
        return F.layer_norm(x.permute(0, 2, 3, 1), (c,), gamma, beta, float(np.float32(eps))).permute(0, 3, 1, 2)

    def norm(self, x, name):
        c = x.shape[1]
        mean = self.buffers.setdefault(name + "/norm/mean", torch.zeros(c, dtype=torch.float64))
        var = self.buffers.setdefault(name + "/norm/var", torch.ones(c, dtype=torch.float64))
        gamma, beta = self.param(name + "/norm/gamma", (c,), "gamma"), self.param(name + "/norm/beta", (c,), "beta")
        return F.batch_norm(x, mean, var, gamma, beta, self.training, 0.1, 1e-5)

    def run(self, step):
        h, w, c = self.image
        x = f32(2 * value(f"images/{step}", self.batch * h * w * c).reshape(self.batch, h, w, c))
        return self.forward(self, x.permute(0, 3, 1, 2))

    def shown(self, outputs):
        """What is added to the loss."""
        return 0

    def hidden(self):
        """What gradients are taken of besides."""
        return 0

    def bound(self):
        """What follows a step."""

    def golden(self):
        self.run(0)  # makes the parameters; the statistics begin anew
        for name, t in self.buffers.items():
            t.fill_(1.0 if name.endswith("var") else 0.0)
        groups = [
            {"params": [p for n, p in self.params.items() if n not in self.spared], "weight_decay": float(np.float32(self.decay))},
            {"params": [p for n, p in self.params.items() if n in self.spared], "weight_decay": 0.0},
        ]
        solver = torch.optim.SGD([g for g in groups if g["params"]], lr=0.1, momentum=float(np.float32(0.9)), nesterov=self.nesterov)
        losses = []
        for step, rate in enumerate(RATES):
            for g in solver.param_groups:
                g["lr"] = float(np.float32(rate))
            labels = torch.tensor([(3 * n + step) % self.classes for n in range(self.batch)])
            outputs = self.run(step)
            loss = sum(float(np.float32(weight)) * F.cross_entropy(y, labels) for weight, y in outputs) + self.shown(outputs)
            solver.zero_grad()
            (loss + self.hidden()).backward()
            solver.step()
            self.bound()
            losses.append(loss.item())
        self.training = False
        log_probs = F.log_softmax(self.run(0)[0][1], 1)
        tensors = {n: pack(t) for n, t in sorted({**self.params, **self.buffers}.items())}
        return {"losses": losses, "log_probs": log_probs.detach().flatten().tolist(), "tensors": tensors}


def pack(t):
    v = t.detach().flatten()
    stride = max(1, len(v) // 16)
    return {"shape": list(t.shape), "mean": v.mean().item(), "norm": v.norm().item(), "stride": stride, "some": v[::stride].tolist()}


def lenet5(n, x):
    x = F.avg_pool2d(torch.tanh(n.conv(x, "c1", 6, 5)), 2)
    x = F.avg_pool2d(torch.tanh(n.conv(x, "c3", 16, 5)), 2)
    x = torch.tanh(n.linear(x, "c5", 120))
    x = torch.tanh(n.linear(x, "f6", 84))
    return [(1, n.linear(x, "output", 10))]


def residual(n, x):
    """Basic blocks; where the shape changes, option A: every second position, zeros behind the channels."""
    x = F.relu(n.norm(n.conv(x, "conv1", 6, 3, pad=1, bias=False), "conv1"))
    for name, width, stride in [("stage1/block1", 6, 1), ("stage2/block1", 10, 2)]:
        y = F.relu(n.norm(n.conv(x, name + "/conv1", width, 3, stride, 1, bias=False), name + "/conv1"))
        y = n.norm(n.conv(y, name + "/conv2", width, 3, 1, 1, bias=False), name + "/conv2")
        if width != x.shape[1]:
            x = F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, width - x.shape[1]))
        x = F.relu(y + x)
    return [(1, n.linear(x.mean((2, 3)), "linear1", 5))]


def grouped(n, x):
    """Groups, depthwise, dilation; poolings that round up; branches joined; max+avg."""
    x = F.leaky_relu(n.conv(x, "conv1", 8, 3, 2, 1, groups=2), float(np.float32(0.1)))
    x = F.max_pool2d(x, 3, 2, ceil_mode=True)
    a = F.elu(n.conv(x, "depth", 16, 3, pad=1, groups=8))
    b = torch.sigmoid(n.conv(x, "wide", 4, 3, pad=2, dilation=2))
    x = torch.cat([a, b], 1)
    x = F.avg_pool2d(x, 2, 2, 1, ceil_mode=True, count_include_pad=False)
    x = F.max_pool2d(x, 2, 1) + F.avg_pool2d(x, 2, 1)
    return [(1, n.linear(F.selu(n.linear(x, "fc", 12)), "output", 4))]


def prelu(n, x):
    """A slope a channel, norms behind activations, one weight used twice, a train-only second output."""
    x = F.prelu(n.conv(x, "conv1", 6, 3, pad=1), n.param("conv1/act/slope", (6,), "slope"))
    x = n.norm(x, "conv1/act")
    for i in (2, 3):
        y = F.conv2d(x, n.param("shared", (3, 3, 6, 6), "weight").permute(3, 2, 0, 1), n.param(f"conv{i}/bias", (6,), "bias"), padding=1)
        x = n.norm(F.prelu(y, n.param(f"conv{i}/act/slope", (6,), "slope")), f"conv{i}/act")
        if i == 2:
            aux = n.linear(F.adaptive_max_pool2d(x, 1), "aux", 3)
    x = float(np.float32(0.5)) * x
    return [(1, n.linear(x.amax((2, 3)) + x.mean((2, 3)), "output", 3)), (0.3, aux)]


def functions(n, x):
    """Local response normalisation behind a relu, then every function that the others lack, side by side."""
    x = torch.nn.LocalResponseNorm(3, 0.5, 0.75, 1.0)(F.relu(n.conv(x, "conv1", 5, 3, pad=1)))
    third = float(np.float32(1 / 3))
    branches = {
        "relu6": F.relu6,
        "very-leaky": lambda x: F.leaky_relu(x, third),
        "celu": F.celu,
        "softplus": F.softplus,
        "softsign": F.softsign,
        "hard-sigmoid": F.hardsigmoid,
        "scaled-tanh": lambda x: 1.7159 * torch.tanh(2 / 3 * x),
        "arcsinh": torch.asinh,
        "swish": F.silu,
        "hard-swish": F.hardswish,
        "gelu": F.gelu,
        "mish": F.mish,
    }
    x = torch.cat([f(n.conv(x, name, 2, 1)) for name, f in branches.items()], 1)
    return [(1, n.linear(x.mean((2, 3)), "output", 3))]


def channels(n, x):
    """Functions that join, split or bend channels. Piece j of channel c of a maxout is channel j·C + c."""

    def maxout(x, pieces, groups=1):
        return x.unflatten(1, (groups, pieces, -1)).amax(2).flatten(1, 2)

    def crelu(x, groups=1):
        x = x.unflatten(1, (groups, -1))
        return torch.cat([F.relu(x), F.relu(-x)], 2).flatten(1, 2)

    def apl(x, name, hinges):
        a, b = (n.param(f"{name}/{what}", (hinges, x.shape[1]), what) for what in ("hinge-slope", "hinge"))
        return F.relu(x) + sum(a[s, :, None, None] * F.relu(b[s, :, None, None] - x) for s in range(hinges))

    x = maxout(n.conv(x, "conv1", 12, 3, pad=1), 3)
    x = crelu(n.conv(x, "conv2", 4, 3, pad=1))
    x = maxout(n.conv(x, "conv3", 12, 1, groups=2), 2, 2)
    x = crelu(n.conv(x, "conv4", 6, 1, groups=3), 3)
    x = apl(n.conv(x, "conv5", 5, 3, pad=1), "conv5/act", 3)
    x = F.relu(n.conv(x, "conv6", 6, 1)) + n.param("conv6/act/bias", (6,), "bias")[:, None, None]
    return [(1, n.linear(maxout(n.linear(0.25 * x, "fc", 8), 2), "output", 3))]


def windows(n, x):
    """Poolings of one map side by side."""
    x = F.relu(n.conv(x, "conv1", 6, 3, pad=1))
    largest, mean = F.max_pool2d(x, 3, 2, 1), F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
    m = n.param("pool1/mix", (1,), "mix")
    quarter = 0.25
    w = n.param("pool3/gate", (3, 3), "gate")
    gate = torch.sigmoid(F.conv2d(x, w.expand(6, 1, 3, 3), None, 2, 1, groups=6))
    inside = F.avg_pool2d(torch.ones_like(x), 3, 2, 1)  # the share of each window that is not padding

    def norm(p, inside):
        """F.lp_pool2d, whose sum becomes a mean; its gradient where all is 0 is not a number, ours 0."""
        y = F.lp_pool2d(F.pad(x, (1, 1, 1, 1)), float(p), 3, 2)
        return y / (9 * inside) ** (1 / p)

    def blur(x, stride):
        """Zhang's BlurPool: filter [1 2 1], pad_type repl."""
        t = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64) / 4
        c = x.shape[1]
        return F.conv2d(F.pad(x, (1, 1, 1, 1), "replicate"), (t[:, None] * t).expand(c, 1, 3, 3), None, stride, groups=c)

    branches = [
        m * largest + (1 - m) * mean,
        quarter * largest + (1 - quarter) * mean,
        gate * largest + (1 - gate) * mean,
        norm(2, inside),
        norm(3, torch.ones_like(inside)),
        blur(F.max_pool2d(x, 3, 1, 1), 2),
        blur(F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-1e9), 2, 1), 2),  # as far as the window that hangs over
    ]
    x = F.relu(n.conv(torch.cat(branches, 1), "conv2", 5, 3, pad=1))
    return [(1, n.linear(x.mean((2, 3)), "output", 3))]


def recurrent(n, x):
    """Sweeps of nn.LSTM and nn.GRU, one direction or two, over columns, rows and all positions of a map."""

    def sweep(x, name, kind, units, scan, patch=(1, 1), both=False, last=False):
        ph, pw = patch
        x = x[:, :, : x.shape[2] // ph * ph, : x.shape[3] // pw * pw]
        batch, c, h, w = x.shape[0], x.shape[1], x.shape[2] // ph, x.shape[3] // pw
        x = x.reshape(batch, c, h, ph, w, pw).permute(0, 2, 4, 3, 5, 1).reshape(batch, h, w, ph * pw * c)
        gates = {"lstm": 4, "gru": 3}[kind] * units
        weights = {}
        for suffix, end in [("", "")] + [("_reverse", "reverse/")] * both:
            own = f"{name}/{end}"
            weights["weight_ih_l0" + suffix] = n.param(own + "weight", (ph, pw, c, gates), "weight").reshape(-1, gates).T
            weights["weight_hh_l0" + suffix] = n.param(own + "recurrent", (units, gates), "weight").T
            weights["bias_ih_l0" + suffix] = n.param(own + "bias", (gates,), "bias")
            weights["bias_hh_l0" + suffix] = n.param(own + "recurrent-bias", (gates,), "bias")
        rnn = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind](ph * pw * c, units, batch_first=True, bidirectional=both).double()
        if scan == "columns":
            s = x.transpose(1, 2).reshape(batch * w, h, -1)
        else:
            s = x.reshape(batch * h, w, -1) if scan == "rows" else x.reshape(batch, h * w, -1)
        y, end = torch.func.functional_call(rnn, weights, (s,))
        if last:  # h_n: what each direction ends with
            end = end[0] if kind == "lstm" else end
            y = end.transpose(0, 1).reshape(s.shape[0], 1, -1)
            h, w = {"rows": (h, 1), "columns": (1, w), "positions": (1, 1)}[scan]
        if scan == "columns":
            return y.reshape(batch, w, h, -1).permute(0, 3, 2, 1)
        return y.reshape(batch, h, w, -1).permute(0, 3, 1, 2)

    def flat(x):
        return x.permute(0, 2, 3, 1).flatten(1)

    x = sweep(x, "recurrent", "lstm", 3, "columns", (2, 1), both=True)
    x = sweep(x, "recurrent2", "gru", 4, "rows", both=True)
    rows = sweep(x, "recurrent3", "gru", 2, "rows", both=True, last=True)
    columns = sweep(x, "recurrent4", "lstm", 2, "columns", last=True)
    every = sweep(sweep(x, "recurrent5", "gru", 3, "positions"), "recurrent6", "lstm", 5, "positions", both=True, last=True)
    return [(1, n.linear(torch.cat([flat(rows), flat(columns), flat(every)], 1), "linear1", 3))]


def gates(n, x):
    """Squeeze-and-excitation, ECA and CBAM, each behind a convolution."""

    def perceptron(v, name):
        return n.conv(F.relu(n.conv(v, name + "/reduce", 3, 1)), name + "/expand", 8, 1)

    x = F.relu(n.conv(x, "conv1", 8, 3, pad=1))
    x = x * torch.sigmoid(perceptron(x.mean((2, 3), keepdim=True), "se"))
    x = F.relu(n.conv(x, "conv2", 8, 3, pad=1))
    w = n.param("eca/channel-conv/weight", (1, 3, 1, 1), "weight")
    x = x * torch.sigmoid(F.conv1d(x.mean((2, 3))[:, None, :], w.permute(3, 2, 0, 1)[:, :, 0, :], padding=1)[:, 0, :, None, None])
    x = F.relu(n.conv(x, "conv3", 8, 3, pad=1))
    mean, largest = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
    x = x * torch.sigmoid(perceptron(mean, "cbam") + perceptron(largest, "cbam"))
    maps = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
    x = x * torch.sigmoid(n.norm(n.conv(maps, "cbam/spatial", 1, 7, pad=3, bias=False), "cbam/spatial"))
    return [(1, n.linear(x.mean((2, 3)), "linear1", 4))]


def attention(n, x):
    """A non-local block, two heads with a bias by offset, a layer scale and norm, attention pooling."""
    x = n.layer_norm(F.gelu(n.conv(x, "conv1", 8, 3, pad=1)), "conv1/act", 1e-6) * 0.25
    flat = lambda name, c: n.conv(x, name, c, 1, bias=False).flatten(2)  # [N,C,P]
    shares = (flat("nonlocal/theta", 4).mT @ flat("nonlocal/phi", 4)).softmax(-1)
    y = (shares @ flat("nonlocal/g", 4).mT).mT.reshape(x.shape[0], 4, *x.shape[2:])
    x = x + n.conv(y, "nonlocal/out", 8, 1, bias=False)

    heads = lambda name: flat("self/" + name, 8).unflatten(1, (2, 4)).mT  # [N,G,P,D]
    at = torch.stack(torch.meshgrid(torch.arange(x.shape[2]), torch.arange(x.shape[3]), indexing="ij")).flatten(1)
    by = (at[:, None, :] - at[:, :, None]).clamp(-7, 7) + 7
    bias = n.param("self/attention/bias", (2, 15, 15), "bias")[:, by[0], by[1]]
    y = F.scaled_dot_product_attention(heads("query"), heads("key"), heads("value"), attn_mask=bias.expand(x.shape[0], -1, -1, -1))
    y = n.conv(y.mT.reshape(x.shape), "self/out", 8, 1, bias=False)
    x = x + y

    x = x * n.param("layer-scale/gamma", (1, 1, 1, 8), "gamma").permute(0, 3, 1, 2)
    shares = n.conv(x, "scores", 2, 1, bias=False).flatten(2).softmax(-1)  # [N,G,P]
    x = (x.unflatten(1, (2, 4)).flatten(3) @ shares[..., None]).flatten(1)
    return [(1, n.linear(x, "linear1", 4))]


def pooled(n, x):
    """A pyramid of poolings, a generalised mean whose exponent is learned, one whose exponent is not."""
    x = F.relu(n.conv(x, "conv1", 6, 3, pad=1))
    means = [x.pow(p).mean((2, 3)).pow(1 / p) for p in (n.param("gem/exponent", (1,), "exponent"), 2.5)]
    levels = [F.max_pool2d(x, (3, 2), (2, 2)), F.avg_pool2d(x, (7, 6))]
    return [(1, n.linear(torch.cat([y.permute(0, 2, 3, 1).flatten(1) for y in levels] + means, 1), "output", 3))]


nets = {
    "lenet5": Net(lenet5, (32, 32, 1), 10, 3),
    "residual": Net(residual, (9, 8, 3), 5, 4, nesterov=True, decay=0.01, spare=("bias", "gamma", "beta")),
    "grouped": Net(grouped, (19, 17, 4), 4, 5, decay=0.02, spare=("depthwise",)),
    "channels": Net(channels, (6, 5, 3), 3, 4, decay=0.01),
    "windows": Net(windows, (13, 11, 3), 3, 4, decay=0.01, spare=("mix", "gate")),
    "functions": Net(functions, (6, 5, 3), 3, 4, decay=0.01),
    "recurrent": Net(recurrent, (7, 6, 2), 3, 4, decay=0.01, spare=("bias",)),
    "gates": Net(gates, (9, 8, 3), 4, 3, nesterov=True, decay=0.01, spare=("bias", "gamma", "beta")),
    "attention": Net(attention, (9, 10, 3), 4, 3, decay=0.01, spare=("bias",)),
    "pooled": Net(pooled, (7, 6, 2), 3, 4, decay=0.02),
    "prelu": Net(prelu, (7, 6, 2), 3, 6, nesterov=True, decay=0.05, spare=("bias",)),
}


def short(v):
    if isinstance(v, float):
        return float(f"{v:.9g}")
    if isinstance(v, dict):
        return {k: short(x) for k, x in v.items()}
    return [short(x) for x in v] if isinstance(v, list) else v


if __name__ == "__main__":
    golden = {"made": f"make_goldens.py, PyTorch {torch.__version__.split('+')[0]}", "nets": {k: short(n.golden()) for k, n in nets.items()}}
    pathlib.Path(__file__).with_name("networks.json").write_text(json.dumps(golden) + "\n")
