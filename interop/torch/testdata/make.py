"""Makes the goldens of this folder with PyTorch, and what PyTorch reads in them (values.json). Run: python make.py"""
import argparse, collections, json, torch

torch.manual_seed(7)


def values(t):
    return [float(v) for v in t.detach().reshape(-1).float()]


def arange(*shape):
    n = 1
    for s in shape:
        n *= s
    return (torch.arange(n).float() / 7 - 1).reshape(shape)


base = arange(4, 6)
weights = collections.OrderedDict([
    ("conv.weight", arange(2, 3, 1, 2)),
    ("transposed", base.t()),
    ("sliced", base[1:3, ::2]),
    ("scalar", torch.tensor(3.5)),
    ("empty", torch.zeros(0, 3)),
    ("half", arange(5).half()),
    ("bfloat16", arange(5).bfloat16()),
    ("double", torch.tensor([1 / 3, -1e-30], dtype=torch.float64)),
    ("long", torch.tensor([1 << 40, -7])),
    ("int", torch.tensor([-5, 3], dtype=torch.int32)),
    ("short", torch.tensor([-300], dtype=torch.int16)),
    ("char", torch.tensor([-128, 127], dtype=torch.int8)),
    ("byte", torch.tensor([255], dtype=torch.uint8)),
    ("bool", torch.tensor([True, False])),
    ("expanded", torch.tensor([2.0]).expand(2, 3)),
    ("channels_last", arange(2, 3, 2, 2).contiguous(memory_format=torch.channels_last)),
    ("parameter", torch.nn.Parameter(arange(3))),
])
json.dump({k: {"shape": list(v.shape), "values": values(v)} for k, v in weights.items()}, open("values.json", "w"))

torch.save(weights, "zip.pth")
for protocol in range(2, 6):  # PyTorch's storages have no form in protocols 0 and 1
    torch.save(weights, f"stream{protocol}.pth", _use_new_zipfile_serialization=False, pickle_protocol=protocol)

net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1), torch.nn.BatchNorm2d(2))
sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
net(torch.ones(1, 1, 2, 2)).sum().backward()
sgd.step()
torch.save({"state_dict": net.state_dict(), "optimizer": sgd.state_dict(), "epoch": 3, "args": argparse.Namespace(lr=0.1, name="x", sizes=[1, 2])}, "checkpoint.pth")
def no_source(*_):
    raise OSError("the source of a class, with the path of its file, is left out")


torch.serialization.get_source_lines_and_file = no_source
torch.save(net, "module.pth")
torch.save(net, "module-stream.pth", _use_new_zipfile_serialization=False)
torch.jit.save(torch.jit.script(net), "script.pt")
torch.save({"w": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "s": torch.eye(2).to_sparse(), "n": torch.tensor([1.0, float("nan")]), "c": torch.ones(1, dtype=torch.complex64), "i": torch.tensor([(1 << 24) + 1])}, "odd.pth")
