"""Has onnxruntime read the file of every case of ../onnx_test.go and writes what it gives for the case's images: goldens.json.

    python make_goldens.py
"""
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

here = pathlib.Path(__file__).parent
goldens = {}
with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["go", "test", "-count=1", "-run", "TestOnnxruntime", ".", "-args", "-out", folder], cwd=here.parent, check=True, stdout=sys.stderr)
    for about in sorted(pathlib.Path(folder).glob("*.json")):
        case = json.loads(about.read_text())
        text = about.with_suffix(".onnx").read_bytes()
        onnx.checker.check_model(onnx.load_from_string(text), full_check=True)
        images = np.fromfile(about.with_suffix(".images"), dtype="<f4").reshape(case["shape"])
        session = onnxruntime.InferenceSession(text, providers=["CPUExecutionProvider"])
        (x,) = session.get_inputs()
        n, h, w, c = case["shape"]
        assert x.shape == ["N", c, h, w], (case, x.shape)
        feed = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        (y,) = session.run(["y"], {x.name: feed})
        (half,) = session.run(["y"], {x.name: feed[:1]})  # any number of images
        assert np.abs(half - y[:1]).max() <= 1e-5 * max(1, np.abs(y).max()), case
        goldens[case["name"]] = {"sha256": hashlib.sha256(text).hexdigest(), "shape": list(y.shape), "y": [float(f"{v:.8g}") for v in y.ravel()]}
lines = [f"{json.dumps(name)}: {json.dumps(g, separators=(',', ':'))}" for name, g in goldens.items()]
(here / "goldens.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
print(f"{len(goldens)} cases, onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}")
