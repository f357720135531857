"""Writes the goldens beside it with the safetensors library for Python (0.8.0) and PyTorch: python make.py"""
import pathlib
import torch
from safetensors.torch import save_file

here = pathlib.Path(__file__).parent
save_file({"conv/weight": torch.arange(24, dtype=torch.float32).reshape(2, 3, 4) / 7,
           "scalar": torch.tensor(-0.0), "empty": torch.zeros(0, 3),
           "α & <β>": torch.tensor([float("inf"), float("nan"), 1e-45, -3.4e38])},
          here / "f32.safetensors", metadata={"format": "pt & <co>"})
wide = torch.tensor([0.0, -0.0, 1.0, -1.5, 6e-8, 6.1e-5, 65504.0, float("inf"), float("-inf"), 1 / 3])
save_file({"f16": wide.half(), "bf16": wide.bfloat16(), "f64": wide.double(),
           "f16.f32": wide.half().float(), "bf16.f32": wide.bfloat16().float(), "f64.f32": wide,
           "i64": torch.tensor([-(2**63), 2**40, -7]), "i32": torch.tensor([-2**31, 5], dtype=torch.int32),
           "i16": torch.tensor([-300], dtype=torch.int16), "i8": torch.tensor([-128, 127], dtype=torch.int8),
           "u8": torch.tensor([255], dtype=torch.uint8), "bool": torch.tensor([True, False])},
          here / "types.safetensors")
save_file({"large": torch.tensor([2**24 + 1])}, here / "inexact.safetensors")
