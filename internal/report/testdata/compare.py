"""Prints what export_test.go holds Welch's intervals and Kendall's tau against, from scipy."""
from math import sqrt
from scipy import stats

def welch(a, b):
    va, vb = (x[1] ** 2 + x[2] ** 2 for x in (a, b))
    df = [(v * v / x[3]) if x[3] else 0 for v, x in ((va, a), (vb, b))]
    c = stats.t.ppf(0.975, (va + vb) ** 2 / sum(df)) if sum(df) else stats.norm.ppf(0.975)
    d = a[0] - b[0]
    return float(d - c * sqrt(va + vb)), float(d + c * sqrt(va + vb))

print(welch((1.6, 0.3, 0.2, 8), (0.4, 0.5, 0.1, 5)))
print(welch((-2, 0.3, 0, 0), (1, 0.4, 0, 0)))
print(stats.kendalltau([1, 2, 3, 4, 5], [2, 1, 3, 5, 4]).statistic)
print(stats.kendalltau([1, 2, 2, 4, 5, 0], [3, 1, 1, 1, 7, -2]).statistic)
