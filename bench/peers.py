"""PyTorch's half of the benchmark: a training step and inference on a batch in memory, for one network.

    python bench/peers.py --net resnet20 --batch 128 --threads 2 [--layout nchw|nhwc] [--seconds 6]

Prints one JSON object: net, batch, threads, layout, version, train_images_per_s, infer_images_per_s, peak_rss_bytes. A training step is
forward, cross-entropy, backward and SGD with momentum 0.9 and weight decay, as assay bench does it. The best of the steps that
fit in the time counts, after three that warm up. Definitions are those of the zoo: files zoo/*.go name their papers.
"""
import argparse, json, resource, time
import torch
import torch.nn as nn
import torch.nn.functional as F


class BasicA(nn.Module):
    """A residual block with shortcut option A."""

    def __init__(self, cin, cout, stride):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
        self.c2, self.b2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
        self.stride, self.more = stride, cout - cin

    def forward(self, x):
        y = self.b2(self.c2(F.relu(self.b1(self.c1(x)))))
        s = x
        if self.stride > 1:
            s = s[:, :, :: self.stride, :: self.stride]
        if self.more:
            s = F.pad(s, (0, 0, 0, 0, 0, self.more))
        return F.relu(y + s)


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    cin = 16
    for stage, width in enumerate([16, 32, 64]):
        for block in range(3):
            layers.append(BasicA(cin, width, 2 if stage > 0 and block == 0 else 1))
            cin = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)), (3, 32, 32), 10


def caffenet128():
    def pool():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    return nn.Sequential(
        nn.Conv2d(3, 96, 11, 4), nn.ReLU(), pool(), nn.Conv2d(96, 256, 5, 1, 2, groups=2), nn.ReLU(), pool(),
        nn.Conv2d(256, 384, 3, 1, 1), nn.ReLU(), nn.Conv2d(384, 384, 3, 1, 1, groups=2), nn.ReLU(),
        nn.Conv2d(384, 256, 3, 1, 1, groups=2), nn.ReLU(), pool(), nn.Flatten(),
        nn.Linear(2304, 2048), nn.ReLU(), nn.Dropout(0.5), nn.Linear(2048, 2048), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(2048, 1000)), (3, 128, 128), 1000


def vgg11(side=64):
    layers, cin = [], 3
    for width in [64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0]:
        if width:
            layers += [nn.Conv2d(cin, width, 3, 1, 1), nn.ReLU()]
            cin = width
        else:
            layers.append(nn.MaxPool2d(2))
    m = side // 32
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512 * m * m, 4096), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4096, 4096),
                         nn.ReLU(), nn.Dropout(0.5), nn.Linear(4096, 1000)), (3, side, side), 1000


def nin_cifar():
    def mlp(cin, k, *widths):
        out = []
        for i, w in enumerate(widths):
            kernel = k if i == 0 else 1
            out += [nn.Conv2d(cin, w, kernel, 1, kernel // 2), nn.ReLU()]
            cin = w
        return out

    return nn.Sequential(*mlp(3, 5, 192, 160, 96), nn.MaxPool2d(3, 2, ceil_mode=True), nn.Dropout(0.5),
                         *mlp(96, 5, 192, 192, 192), nn.AvgPool2d(3, 2, ceil_mode=True), nn.Dropout(0.5),
                         *mlp(192, 3, 192, 192, 10), nn.AdaptiveAvgPool2d(1), nn.Flatten()), (3, 32, 32), 10


def mini():
    layers, cin = [], 1
    for width in [16, 0, 16, 16, 0, 32, 32, 0]:
        if width:
            layers += [nn.Conv2d(cin, width, 3, 1, 1), nn.ReLU()]
            cin = width
        else:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(288, 10)), (1, 28, 28), 10


NETS = {"resnet20": resnet20, "caffenet128": caffenet128, "vgg11": vgg11, "nin-cifar": nin_cifar, "mini": mini}


def best(step, images, seconds):
    """Images per second of the fastest step."""
    for _ in range(3):
        step()
    fastest, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        at = time.perf_counter()
        step()
        fastest = min(fastest, time.perf_counter() - at)
    return images / fastest


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--net", choices=sorted(NETS), required=True)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--layout", choices=["nchw", "nhwc"], default="nchw")
    p.add_argument("--seconds", type=float, default=6)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    net, shape, classes = NETS[a.net]()
    x = torch.randn(a.batch, *shape)
    labels = torch.arange(a.batch) % classes
    if a.layout == "nhwc":
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    solver = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4)

    def train():
        solver.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), labels).backward()
        solver.step()

    def infer():
        with torch.inference_mode():
            net(x)

    net.train()
    trained = best(train, a.batch, a.seconds)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    net.eval()
    inferred = best(infer, a.batch, a.seconds / 2)
    print(json.dumps({"net": a.net, "batch": a.batch, "threads": a.threads, "layout": a.layout, "version": torch.__version__,
                      "train_images_per_s": trained, "infer_images_per_s": inferred, "peak_rss_bytes": rss}))


if __name__ == "__main__":
    main()
