"""What the recipes of this folder share: pictures, splits, augmentation, evaluation and the line that a run leaves. And Assay's side:

    python recipes.py FOLDER RECIPE.yaml SEED [--assay PROGRAM] [--threads 2]

trains the file by `assay train` with that seed, reads the test by `assay eval`, and appends a line to runs.jsonl beside this file.
A run that is interrupted, on either side, goes on by the same command, from kept/ beside this file. FOLDER is a whole path.
FOLDER has train.tar.gz and test.tar.gz of ../shared/data/cifar10-jpeg (members PART/CLASS/FILE).
"""
import argparse
import io
import json
import pathlib
import re
import shutil
import subprocess
import tarfile

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent


def part(folder, name, limit=None):
    """The pictures of a part, uint8 [N,3,32,32], and their classes, in the order of names; of each class the first limit."""
    files = {}
    with tarfile.open(pathlib.Path(folder) / f"{name}.tar.gz") as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(".jpg"):
                kind = member.name.split("/")[-2]
                if limit is None or len(files.setdefault(kind, [])) < limit:
                    files.setdefault(kind, []).append((member.name, tar.extractfile(member).read()))
    x, y = [], []
    for label, kind in enumerate(sorted(files)):
        for _, data in sorted(files[kind]):
            x.append(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).transpose(2, 0, 1))
            y.append(label)
    return np.stack(x), np.array(y)


def split(y, share, seed):
    """Indices to train on and to validate on, of every class the same share, drawn by the seed."""
    draw, train, val = np.random.default_rng(seed), [], []
    for label in np.unique(y):
        of = draw.permutation(np.flatnonzero(y == label))
        cut = round(share * len(of))
        val.append(of[:cut])
        train.append(of[cut:])
    return np.concatenate(train), np.concatenate(val)


def arguments(about):
    p = argparse.ArgumentParser(description=about)
    p.add_argument("folder")
    p.add_argument("seed", type=int)
    p.add_argument("--steps", type=int, help="end after so many steps, print their losses and append nothing")
    p.add_argument("--limit", type=int, help="pictures of each class, for a look")
    p.add_argument("--threads", type=int, default=2)
    return p.parse_args()


class Kept:
    """Network, solver and what else has a state, kept after every epoch, so that a run of PyTorch which was interrupted goes on."""

    def __init__(self, recipe, a, net, solver, draw, tensors=()):
        self.path = None if a.steps or a.limit else HERE / "kept" / f"{recipe}-{a.seed}.pt"
        self.net, self.solver, self.draw, self.tensors = net, solver, draw, tensors

    def resume(self):
        """How many epochs are behind."""
        import torch

        if self.path is None or not self.path.exists():
            return 0
        was = torch.load(self.path, weights_only=False)
        self.net.load_state_dict(was["net"])
        self.solver.load_state_dict(was["solver"])
        self.draw.bit_generator.state = was["draw"]
        for t, w in zip(self.tensors, was["tensors"]):
            t.copy_(w)
        return was["epochs"]

    def after(self, epochs):
        import torch

        if self.path is not None:
            self.path.parent.mkdir(exist_ok=True)
            now = {"epochs": epochs, "net": self.net.state_dict(), "solver": self.solver.state_dict(), "draw": self.draw.bit_generator.state, "tensors": list(self.tensors)}
            torch.save(now, self.path.with_suffix(".new"))
            self.path.with_suffix(".new").replace(self.path)

    def remove(self):
        if self.path is not None:
            self.path.unlink()


def append(line):
    with open(HERE / "runs.jsonl", "a") as out:
        out.write(json.dumps(line) + "\n")
    print(json.dumps(line))


def assay():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("recipe", type=pathlib.Path)
    p.add_argument("seed", type=int)
    p.add_argument("--assay", default="assay", help="the program")
    p.add_argument("--threads", default="2")
    a = p.parse_args()
    work = HERE / "kept" / f"{a.recipe.stem}-{a.seed}"  # a run that was interrupted goes on from there
    work.mkdir(parents=True, exist_ok=True)
    text = re.sub(r"(?m)^seed:.*\n", "", a.recipe.read_text()) + f"seed: {a.seed}\n"
    (work / a.recipe.name).write_text(text)

    def run(*words):
        done = subprocess.run([a.assay, *words, "--data", a.folder, "--store", "store", "--threads", a.threads, "--json"], stdout=subprocess.PIPE, check=True, cwd=work)
        return json.loads(done.stdout)

    trained = run("train", a.recipe.name, "--out", "model.safetensors")
    test = run("eval", "model.safetensors", "--split", "test")
    append({"recipe": a.recipe.stem, "by": "assay", "version": trained["engine"], "seed": a.seed, "val": round(trained["accuracy"], 4), "test": round(test["accuracy"], 4)})
    shutil.rmtree(work)


if __name__ == "__main__":
    assay()
