"""The peers' half of the benchmark: PyTorch and onnxruntime on one network, a batch in memory.

    python bench/peers.py train --net resnet20 --batch 128 --threads 2 --layout nhwc
    python bench/peers.py infer --net resnet20 --batch 1,64 --threads 2

Prints JSON, an object a line: part, by, net, batch, threads, variant, version, params, images_per_s, and for train peak_rss_bytes, the most
memory that this process held. A training step is forward, cross-entropy, backward and SGD with momentum 0.9 and weight decay, as
assay bench does it. Inference is tried in both layouts, as written and frozen by torch.jit, and by onnxruntime with all its
optimizations. A figure is the median of the steps that fit in the time, after two that warm up, as assay bench takes it.

Definitions are those of the zoo: files zoo/*.go name their papers. GoogLeNet is without auxiliary heads. Needs torch; for
onnxruntime also onnx, onnxscript and onnxruntime.
"""
import argparse, io, json, logging, os, resource, statistics, time, warnings
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


class Dense(nn.Module):
    """Appends growth maps: norm, ReLU, 3x3 convolution."""

    def __init__(self, cin, growth):
        super().__init__()
        self.b, self.c = nn.BatchNorm2d(cin), nn.Conv2d(cin, growth, 3, 1, 1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.c(F.relu(self.b(x)))], 1)


def densenet40(side=32):
    layers, cin = [nn.Conv2d(3, 16, 3, 1, 1, bias=False)], 16
    for block in range(3):
        if block > 0:
            layers += [nn.BatchNorm2d(cin), nn.ReLU(), nn.Conv2d(cin, cin, 1, bias=False), nn.AvgPool2d(2)]
        for _ in range(12):
            layers.append(Dense(cin, 12))
            cin += 12
    return nn.Sequential(*layers, nn.BatchNorm2d(cin), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(cin, 10)), (3, side, side), 10


def mobilenet(side=128):
    def unit(cin, cout, k, stride, groups=1):
        return [nn.Conv2d(cin, cout, k, stride, k // 2, groups=groups, bias=False), nn.BatchNorm2d(cout), nn.ReLU()]

    layers, cin = unit(3, 32, 3, 2), 32
    for cout, stride in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + 5 * [(512, 1)] + [(1024, 2), (1024, 1)]:
        layers += unit(cin, cin, 3, stride, cin) + unit(cin, cout, 1, 1)
        cin = cout
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000)), (3, side, side), 1000


class Inception(nn.Module):
    def __init__(self, cin, one, three, five, proj):
        super().__init__()

        def conv(cin, cout, k):
            return [nn.Conv2d(cin, cout, k, 1, k // 2), nn.ReLU()]

        self.one = nn.Sequential(*conv(cin, one, 1))
        self.three = nn.Sequential(*conv(cin, three[0], 1), *conv(three[0], three[1], 3))
        self.five = nn.Sequential(*conv(cin, five[0], 1), *conv(five[0], five[1], 5))
        self.proj = nn.Sequential(nn.MaxPool2d(3, 1, 1), *conv(cin, proj, 1))

    def forward(self, x):
        return torch.cat([self.one(x), self.three(x), self.five(x), self.proj(x)], 1)


def googlenet(side=128):
    def pool():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    layers = [nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), pool(), nn.Conv2d(64, 64, 1), nn.ReLU(), nn.Conv2d(64, 192, 3, 1, 1), nn.ReLU(), pool()]
    cin = 192
    for module in [(64, (96, 128), (16, 32), 32), (128, (128, 192), (32, 96), 64), None,
                   (192, (96, 208), (16, 48), 64), (160, (112, 224), (24, 64), 64), (128, (128, 256), (24, 64), 64),
                   (112, (144, 288), (32, 64), 64), (256, (160, 320), (32, 128), 128), None,
                   (256, (160, 320), (32, 128), 128), (384, (192, 384), (48, 128), 128)]:
        if module is None:
            layers.append(pool())
        else:
            one, three, five, proj = module
            layers.append(Inception(cin, *module))
            cin = one + three[1] + five[1] + proj
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4), nn.Linear(1024, 1000)), (3, side, side), 1000


class YOLOv2Tiny(nn.Module):
    """darknet's cfg/yolov2-tiny-voc.cfg: its network, its region layer's answer, and its loss before 12,800 images, all boxes at once."""

    ANCHORS = [(1.08, 1.19), (3.42, 4.41), (6.63, 11.38), (9.42, 5.11), (16.62, 10.52)]

    def __init__(self, classes=20, truths=30):
        super().__init__()
        layers, cin = [], 3
        for width in [16, 0, 32, 0, 64, 0, 128, 0, 256, 0, 512, -1, 1024, 1024]:
            if width > 0:
                layers += [nn.Conv2d(cin, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.LeakyReLU(0.1, inplace=True)]
                cin = width
            else:
                layers += [nn.MaxPool2d(2)] if width == 0 else [nn.ConstantPad2d((0, 1, 0, 1), float("-inf")), nn.MaxPool2d(2, 1)]
        self.map = nn.Sequential(*layers, nn.Conv2d(cin, 5 * (5 + classes), 1))
        self.anchors = torch.tensor(self.ANCHORS).view(1, 5, 2, 1, 1)
        ys, xs = torch.meshgrid(torch.arange(13.0), torch.arange(13.0), indexing="ij")
        self.cells = torch.stack([xs, ys]).view(1, 1, 2, 13, 13)
        self.truths = truths

    def answers(self, x):
        """Of every anchor and cell, the logistic of x and y, width and height as they are, objectness and class logits."""
        t = self.map(x).unflatten(1, (5, -1))
        return t[:, :, :2].sigmoid(), t[:, :, 2:4], t[:, :, 4].sigmoid(), t[:, :, 5:]

    def forward(self, x):
        xy, wh, object, kind = self.answers(x)
        return torch.cat([xy + self.cells, wh.exp() * self.anchors, object.unsqueeze(2) * kind.softmax(2)], 2)

    def labels(self, n):
        """Centres, widths and heights as shares of the picture, and classes."""
        return torch.rand(n, self.truths, 4), torch.randint(0, 20, (n, self.truths))

    def loss(self, x, labels):
        xy, wh, object, kind = self.answers(x)
        truth, of = 13 * labels[0], labels[1]
        with torch.no_grad():
            centres, sizes = (xy + self.cells).movedim(2, -1).flatten(1, 3).unsqueeze(2), (wh.exp() * self.anchors).movedim(2, -1).flatten(1, 3).unsqueeze(2)
            at, size = truth[:, None, :, :2], truth[:, None, :, 2:]
            low, high = torch.maximum(centres - sizes / 2, at - size / 2), torch.minimum(centres + sizes / 2, at + size / 2)
            shared = (high - low).clamp(min=0).prod(-1)
            iou = shared / (sizes.prod(-1) + size.prod(-1) - shared)
            free = iou.amax(2).view_as(object) <= 0.6
            inter = torch.minimum(size[:, 0].unsqueeze(2), self.anchors.view(1, 1, 5, 2)).prod(-1)
            anchor = (inter / (size[:, 0].prod(-1, keepdim=True) + self.anchors.view(5, 2).prod(-1) - inter)).argmax(2)
            cell = truth[..., :2].long().clamp(max=12)
            row = torch.arange(len(x)).view(-1, 1).expand_as(anchor)
            mine = (row, anchor, cell[..., 1], cell[..., 0])
            free[mine] = False
            other = torch.ones_like(free)
            other[mine] = False
            place = (anchor * 13 + cell[..., 1]) * 13 + cell[..., 0]
            wants = iou.gather(1, place.unsqueeze(1)).squeeze(1)
            weight = 2 - labels[0][..., 2] * labels[0][..., 3]
            offset, stretch = truth[..., :2] - cell, (truth[..., 2:] / self.anchors.view(5, 2)[anchor]).log()
        r, a, j, i = mine
        coords = ((xy[r, a, :, j, i] - offset) ** 2 + (wh[r, a, :, j, i] - stretch) ** 2).sum(-1)
        warm = 0.01 * (((xy - 0.5) ** 2 + wh ** 2).sum(2) * other).sum()
        objects = 5 * ((object[mine] - wants) ** 2).sum() + (object ** 2 * free).sum()
        classes = F.cross_entropy(kind[r, a, :, j, i].flatten(0, 1), of.flatten(), reduction="sum")
        return ((weight * coords).sum() + warm + objects + classes) / len(x)


def yolov2_tiny():
    return YOLOv2Tiny(), (3, 416, 416), 20


NETS = {"resnet20": resnet20, "caffenet128": caffenet128, "densenet40-12": densenet40, "mobilenet": mobilenet, "googlenet": googlenet,
        "vgg11": vgg11, "nin-cifar": nin_cifar, "mini": mini, "yolov2-tiny": yolov2_tiny}


def speed(step, images, seconds):
    """Images per second of the median step, of at least three."""
    for _ in range(2):
        step()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        at = time.perf_counter()
        step()
        times.append(time.perf_counter() - at)
    return images / statistics.median(times)


def laid_out(net, x, layout):
    if layout == "nhwc":
        return net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    return net.to(memory_format=torch.contiguous_format), x.contiguous()


def train(a, tell):
    net, shape, classes = NETS[a.net](*a.side)
    batch = int(a.batch)
    net, x = laid_out(net.train(), torch.randn(batch, *shape), a.layout)
    loss = getattr(net, "loss", lambda x, labels: F.cross_entropy(net(x), labels))
    labels = net.labels(batch) if hasattr(net, "labels") else torch.arange(batch) % classes
    solver = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4)

    def step():
        solver.zero_grad(set_to_none=True)
        loss(x, labels).backward()
        solver.step()

    v = speed(step, batch, a.seconds)
    tell(net, "pytorch", batch, a.layout, torch.__version__, v, peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


@torch.inference_mode()
def infer(a, tell):
    net, shape, _ = NETS[a.net](*a.side)
    net.eval()
    for batch in map(int, a.batch.split(",")):
        x = torch.randn(batch, *shape)
        tell(net, "onnxruntime", batch, "", *by_onnxruntime(net, x, a))
        for layout in "nchw", "nhwc":
            net, x = laid_out(net, x, layout)
            tell(net, "pytorch", batch, layout, torch.__version__, speed(lambda: net(x), batch, a.seconds))
            frozen = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, x)))
            tell(net, "pytorch", batch, layout + " frozen", torch.__version__, speed(lambda: frozen(x), batch, a.seconds))


def by_onnxruntime(net, x, a):
    import onnxruntime as ort

    text = io.BytesIO()
    torch.onnx.export(net, (x,), dynamo=True, verbose=False).save(text)
    o = ort.SessionOptions()
    o.intra_op_num_threads, o.inter_op_num_threads = a.threads, 1
    o.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    s = ort.InferenceSession(text.getvalue(), o, providers=["CPUExecutionProvider"])
    fed, want = {s.get_inputs()[0].name: x.numpy()}, net(x).numpy()
    if abs(s.run(None, fed)[0] - want).max() > 1e-3 * max(1, abs(want).max()):
        raise SystemExit(f"onnxruntime and PyTorch disagree on {a.net}; one of the two does not run what was meant")
    return ort.__version__, speed(lambda: s.run(None, fed), len(x), a.seconds)


def main():
    p = argparse.ArgumentParser(description="speed of PyTorch and onnxruntime on a batch in memory")
    p.add_argument("what", choices=["train", "infer"])
    p.add_argument("--net", choices=sorted(NETS), required=True)
    p.add_argument("--side", type=int, nargs="*", default=[], help="of the images, where it is not the network's own here")
    p.add_argument("--batch", default="128", help="images a step; for infer one or more, as 1,64")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--layout", choices=["nchw", "nhwc"], default="nchw", help="of training")
    p.add_argument("--seconds", type=float, default=6, help="of each figure")
    a = p.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)

    def tell(net, by, batch, variant, version, images_per_s, **more):
        print(json.dumps({"part": a.what, "by": by, "net": a.net, "batch": batch, "threads": a.threads, "variant": variant, "version": version,
                          "params": sum(w.numel() for w in net.parameters()), "images_per_s": images_per_s, **more}), flush=True)

    {"train": train, "infer": infer}[a.what](a, tell)


if __name__ == "__main__":
    main()
