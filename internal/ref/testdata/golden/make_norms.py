"""Makes norms.json beside this file: what PyTorch gives in float64 for the norms of groups of images, of groups of channels and of
weights, for the bound on norms and for the entropy of a softmax.

    python make_norms.py

The form is make_goldens.py's.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

torch.manual_seed(40)
cases = []


def f32(v):
    """A hyper-parameter as the Go struct holds it."""
    return float(np.float32(v))


def draw(*shape):
    """Normal numbers with few digits, so that the file stays small and exact."""
    return torch.round(torch.randn(shape, dtype=torch.float64) * 64) / 64


def pack(t):
    return {"shape": list(t.shape), "data": t.detach().reshape(-1).tolist()}


def case(name, op, hyper, inputs, forward, grad=True):
    for t in inputs:
        t.requires_grad_(grad)
    outs = forward(*inputs)
    outs = list(outs) if isinstance(outs, (list, tuple)) else [outs]
    c = {"name": name, "op": op, "hyper": hyper, "inputs": [pack(t) for t in inputs], "outputs": [pack(t) for t in outs]}
    if grad:
        dout = draw(*outs[0].shape)
        outs[0].backward(dout)
        c["dout"] = pack(dout)
        c["grads"] = [pack(t.grad) for t in inputs]
    cases.append(c)


EPS = f32(1e-5)


def ghost(groups):
    """BatchNorm2d called on each chunk of the batch in turn."""

    def forward(x, *gb):
        ys, means, variances = [], [], []
        for part in x.chunk(groups):
            ys.append(F.batch_norm(part.movedim(-1, 1), None, None, *gb, training=True, eps=EPS).movedim(1, -1))
            flat = part.detach().reshape(-1, x.shape[-1])
            means.append(flat.mean(0))
            variances.append(flat.var(0, unbiased=False))
        return torch.cat(ys), torch.stack(means), torch.stack(variances)

    return forward


case("groups of images", "batch-norm", {"Eps": EPS, "Affine": True, "Groups": 3}, [draw(6, 2, 3, 4), draw(4), draw(4)], ghost(3))
case("groups of images, plain", "batch-norm", {"Eps": EPS, "Groups": 2}, [draw(4, 3, 2, 3)], ghost(2))

x, r = draw(6, 3, 2, 3), draw(3).abs()
bn = torch.nn.BatchNorm2d(3, momentum=0.125).double()
bn.running_var.copy_(r)
for part in x.chunk(3):
    bn(part.movedim(-1, 1))
case("running variance of groups", "blend", {"Scale": f32(12 / 11)},
     [r, torch.stack([p.reshape(-1, 3).var(0, unbiased=False) for p in x.chunk(3)]) * (12 / 11) / f32(12 / 11), torch.tensor(0.875, dtype=torch.float64)],
     lambda *_: bn.running_var.clone(), grad=False)

for name, groups, shape in (("map", 2, (2, 3, 2, 6)), ("one group", 1, (2, 2, 2, 3)), ("rows", 3, (3, 6))):
    case(name, "group-norm", {"Eps": EPS, "Groups": groups}, [draw(*shape), draw(shape[-1]), draw(shape[-1])],
         lambda x, g, b: F.group_norm(x.movedim(-1, 1), groups, g, b, EPS).movedim(1, -1))
case("instances", "group-norm", {"Eps": EPS, "Groups": 4}, [draw(2, 3, 2, 4), draw(4), draw(4)],
     lambda x, g, b: F.instance_norm(x.movedim(-1, 1), weight=g, bias=b, eps=EPS).movedim(1, -1))

for name, shape in (("kernel", (3, 2, 2, 4)), ("matrix", (5, 3))):
    case(name, "weight-norm", {}, [draw(*shape), draw(shape[-1])], lambda v, g: torch._weight_norm(v, g.reshape([1] * (v.dim() - 1) + [-1]), v.dim() - 1))

for name, shape in (("kernel", (3, 2, 2, 4)), ("matrix", (5, 3))):
    p = draw(*shape)
    limit = torch.tensor(float(p.flatten(0, -2).norm(dim=0).median()), dtype=torch.float64)
    case(name, "max-norm", {}, [p, limit], lambda p, limit: p * (limit / p.flatten(0, -2).norm(dim=0)).clamp(max=1), grad=False)  # renorm adds 1e-7

case("rows", "entropy", {}, [draw(4, 5) * 2], lambda x: torch.distributions.Categorical(logits=x).entropy())

here = pathlib.Path(__file__).parent / "norms.json"
text = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
made = json.dumps(f"make_norms.py with torch {torch.__version__}, float64")
here.write_text(f'{{"made": {made}, "cases": [\n{text}\n]}}\n')
