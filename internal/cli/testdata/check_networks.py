"""Has onnxruntime run every network of the zoo as Assay writes it, with drawn weights, on two images, and says how far what it gives is from
what Assay's engine gives, as a share of the largest value.

    python check_networks.py
"""
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import onnxruntime

here = pathlib.Path(__file__).parent
worst = 0
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    subprocess.run(["go", "test", "-c", "-o", folder / "networks", ".."], cwd=here, check=True)
    names = json.loads(subprocess.run(["go", "run", "../../../cmd/assay", "net", "list", "--json"], cwd=here, check=True, capture_output=True).stdout)
    for name in (n["name"] for n in names):
        subprocess.run([folder / "networks", "-test.run", f"TestEveryNetworkOfTheZooHasAFormInONNX/^{name}$", "-networks", folder], check=True, stdout=subprocess.DEVNULL)
        about = json.loads((folder / f"{name}.json").read_text())
        n, h, w, c = about["shape"]
        images = np.fromfile(folder / f"{name}.images", dtype="<f4").reshape(n, h, w, c)
        want = np.fromfile(folder / f"{name}.y", dtype="<f4").reshape(about["y"])
        session = onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
        (x,) = session.get_inputs()
        (y,) = session.run([about["output"]], {x.name: np.ascontiguousarray(images.transpose(0, 3, 1, 2))})
        assert np.isfinite(y).all() and y.shape == want.shape and y.std() > 0, name
        off = np.abs(y - want).max() / np.abs(want).max()
        worst = max(worst, off)
        print(f"{name:24} {off:.1e}", flush=True)
        for file in folder.glob(f"{name}.*"):
            file.unlink()
print(f"largest: {worst:.1e}, onnxruntime {onnxruntime.__version__}")
