"""Goldens of whole networks from the public darknet: golden/NAME.json.

usage: make.py DARKNET TEMP

DARKNET is a clone of github.com/pjreddie/darknet at f6afaab, TEMP an empty folder. Darknet is built there without OpenCV and CUDA by

    gcc -fcommon -O2, in place of its -Ofast, which lets sums be reordered.

For each cfg of this folder darknet draws weights (oracle.c), saves them and says what its layers give. `go test -out` then reads
numbers that are drawn likewise, and writes the weights anew; darknet reads that file, and its outputs must be the same. Of the zoo's
networks darknet's own cfg must give the same outputs, bit by bit, as the one that is written here. Go must be on the path.
"""

import hashlib
import json
import pathlib
import re
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
source, temp = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
names = ["joins", "places", "detect", "yolov2-tiny", "darknet19", "yolov2"]
theirs = {"yolov2-tiny": "yolov2-tiny-voc", "yolov2": "yolov2-voc", "darknet19": "darknet19"}

head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=source, check=True, capture_output=True, text=True).stdout.strip()
assert head.startswith("f6afaab"), head
(source / "obj").mkdir(exist_ok=True)
subprocess.run(["make", "libdarknet.a", "CC=gcc -fcommon -w", "OPTS=-O2"], cwd=source, check=True)
subprocess.run(["gcc", "-O2", f"-I{source}/include", "-o", temp / "oracle", here / "oracle.c", source / "libdarknet.a", "-lm", "-lpthread", "-lstdc++"], check=True)


def run(*args):
    done = subprocess.run([temp / "oracle", *args], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


goldens = {}
for name in names:
    file = temp / f"drawn-{name}.weights"
    layers = run(here / f"{name}.cfg", file)
    goldens[name] = {"drawn": sha256(file), "written": "", "worst": 0, "layers": layers}
    if name in theirs:
        text = (source / "cfg" / f"{theirs[name]}.cfg").read_text()
        text = re.sub(r"(?m)^height *=.*$", "height=96", re.sub(r"(?m)^width *=.*$", "width=160", text))
        (temp / "own.cfg").write_text(text)
        assert run(temp / "own.cfg", temp / "own.weights") == layers, name
        assert sha256(temp / "own.weights") == sha256(file), name
        (temp / "own.weights").unlink()
    file.unlink()


def write():
    (here / "golden").mkdir(exist_ok=True)
    for name, g in goldens.items():
        layers = ",\n".join(json.dumps(layer) for layer in g["layers"])
        (here / "golden" / f"{name}.json").write_text(f'{{"drawn": "{g["drawn"]}", "written": "{g["written"]}", "worst": {g["worst"]:.2g}, "layers": [\n{layers}\n]}}\n')


write()
subprocess.run(["go", "test", "./internal/pretrain", "-count=1", "-run", "TestEveryLayer", "-out", temp], cwd=here.parents[2], check=True)
for name, g in goldens.items():
    file = temp / f"{name}.weights"
    g["written"] = sha256(file)
    for was, now in zip(g["layers"], run("-read", here / f"{name}.cfg", file), strict=True):
        mean = was["size"] / (was["shape"][0] * was["shape"][1] * was["shape"][2])
        for a, b in zip(was["samples"], now["samples"], strict=True):
            g["worst"] = max(g["worst"], abs(a - b) / max(mean, abs(a)))
        g["worst"] = max(g["worst"], abs(was["sum"] - now["sum"]) / was["size"])
    print(f'{name}: what was written differs by {g["worst"]:.2g}')
    file.unlink()
write()
