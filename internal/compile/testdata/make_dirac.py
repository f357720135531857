"""Where torch.nn.init.dirac_ sets ones, for internal/compile/dirac_test.go: python make_dirac.py > dirac.json

airbench94.py (arXiv:2404.00498) calls it on the first outputs, as many as there are inputs, so that those beyond stay as they were drawn.
"""
import json

import torch

cases = []
for out, inputs, kh, kw, groups in [(4, 4, 3, 3, 1), (6, 3, 3, 3, 1), (2, 5, 3, 3, 1), (4, 2, 2, 2, 1), (6, 6, 1, 3, 2), (8, 2, 5, 1, 2), (4, 4, 3, 3, 4), (3, 3, 1, 1, 1)]:
    w = torch.full((out, inputs // groups, kh, kw), 7.0)
    each = out // groups
    for g in range(groups):  # of each group, as the function's own argument has it, but for the outputs beyond
        torch.nn.init.dirac_(w[g * each : g * each + min(each, inputs // groups)])
    whole = torch.nn.init.dirac_(torch.empty_like(w), groups)
    assert torch.equal(w == 1, whole == 1)
    cases.append({"out": out, "in": inputs, "kh": kh, "kw": kw, "groups": groups, "hwio": w.permute(2, 3, 1, 0).flatten().tolist()})
print(json.dumps(cases))
