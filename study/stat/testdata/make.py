# Makes golden.json beside this script: what scipy says of the quantities that study/stat computes by itself.
# Run with any Python that has numpy and scipy (made with 1.17): python make.py
import json, os
import numpy as np
from scipy import integrate, optimize, special, stats

rng = np.random.default_rng(20261123)
out = {}


def rect(c, lam, df):
    """P(all |T_i| <= c) for correlations lam_i lam_j, by Simpson's rule on fine grids."""
    lam = np.asarray(lam)[:, None, None]
    r = np.sqrt(1 - lam**2)
    z = np.linspace(-9, 9, 721)
    if np.isinf(df):
        u, g = np.ones(1), np.ones(1)
    else:
        lo, hi = np.sqrt(stats.chi2.ppf([1e-15, 1 - 1e-15], df) / df)
        u = np.linspace(lo, hi, 1001)
        g = 2 * df * u * stats.chi2.pdf(df * u * u, df)
    cu = c * u[None, :, None]
    p = np.prod(special.ndtr((cu - lam * z) / r) - special.ndtr((-cu - lam * z) / r), axis=0)
    p = integrate.simpson(p * stats.norm.pdf(z), x=z, axis=1)
    return float(p[0] if np.isinf(df) else integrate.simpson(p * g, x=u))


# Product correlations: coverage and critical values.
out["coverage"] = [
    {"c": c, "lambda": lam, "df": df, "p": rect(c, lam, df)}
    for c, lam, df in [
        (2.0, [0.5**0.5] * 6, 12), (3.0, [0.5**0.5] * 15, 30), (2.5, [0.2, 0.5, 0.8, 0.9], 4),
        (1.5, [0.7, 0.1], 1.5), (4.0, [0.95, 0.3, 0.6], 2), (2.2, [0.0, 0.6, 0.7], 57.3),
    ]
] + [{"c": 2.5, "lambda": [0.5, 0.7, 0.9], "df": -1, "p": rect(2.5, [0.5, 0.7, 0.9], np.inf)}]
out["critical"] = [
    {"k": k, "df": df, "level": level,
     "c": optimize.brentq(lambda c: rect(c, [0.5**0.5] * k, df) - level, 1.5, 4, xtol=1e-8)}
    for k, df, level in [(1, 4, 0.95), (3, 16, 0.95), (6, 12, 0.95), (6, 12, 0.90), (15, 30, 0.95)]
]

# scipy.stats.dunnett on independent groups (one-way, n1 unlike n2): its t and p by quasi Monte Carlo.
groups = [rng.normal(m, 1, n).round(3).tolist() for m, n in [(0, 8), (0.9, 6), (1.6, 7), (0.1, 10)]]
d = stats.dunnett(*groups[1:], control=groups[0], rng=np.random.default_rng(1))
ci = d.confidence_interval(0.95)
out["dunnett"] = {"groups": groups, "t": d.statistic.tolist(), "p": d.pvalue.tolist(),
                  "low": ci.low.tolist(), "high": ci.high.tolist()}

# Covariances without product form, as image terms and missing cells make them: the multivariate t itself.
out["general"] = []
for k, df in [(4, 9.0), (6, 20.0), (5, 4.0)]:
    n, m = 4, 3 * k
    a = rng.normal(size=(m, k + 1)) * rng.uniform(0.3, 1.0, size=k + 1)
    img = a[:, 1:] - a[:, :1]
    cov = (np.eye(k) + 1) / n + 0.3 * img.T @ img / m
    r = cov / np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
    for c in (2.0, 3.0):
        p = stats.multivariate_t.cdf(np.full(k, c), shape=r, df=df, lower_limit=np.full(k, -c), maxpts=4_000_000,
                                     random_state=np.random.default_rng(2))
        out["general"].append({"cov": cov.tolist(), "c": c, "df": df, "p": float(p)})

# Two-way least squares with missing cells, by dummy variables; nan as null.
y = (rng.normal(0, 0.3, (5, 4)) + rng.normal(0, 0.5, 4) + np.array([90, 91, 89.5, 90.2, 90])[:, None]).round(3)
y[1, 0] = y[3, 2] = y[0, 3] = np.nan
rows, rhs = [], []
for v in range(5):
    for s in range(4):
        if not np.isnan(y[v, s]):
            row = np.zeros(8)
            row[s] = 1
            if v:
                row[3 + v] = 1
            rows.append(row)
            rhs.append(y[v, s])
x, rhs = np.array(rows), np.array(rhs)
beta, rss, rank, _ = np.linalg.lstsq(x, rhs, rcond=None)
dfree = len(rhs) - rank
out["layout"] = {"y": [[None if np.isnan(c) else c for c in r] for r in y.tolist()], "effects": beta[4:].tolist(),
                 "variance": float(rss[0] / dfree), "df": int(dfree), "cov": np.linalg.inv(x.T @ x)[4:, 4:].tolist()}

out["fisher"] = [{"d": d, "n": n, "d0": d0, "n0": n0,
                  "p": float(stats.fisher_exact([[d, n - d], [d0, n0 - d0]], alternative="greater")[1])}
                 for d, n, d0, n0 in [(3, 3, 0, 3), (2, 3, 0, 3), (4, 5, 0, 5), (3, 10, 1, 8), (0, 4, 2, 4)]]
bf = [rng.normal(0, s, n).round(3) for s, n in [(1, 6), (1, 6), (3, 6), (1.2, 5)]]


def free(x):
    """Deviations from the median without structural zeros: Hines and O'Hara Hines, Biometrics 56, 2000."""
    z = np.sort(np.abs(x - np.median(x)))
    if len(x) % 2 == 0:
        z[1] *= np.sqrt(2)
    return z[1:]


w = stats.f_oneway(free(bf[2]), np.concatenate([free(g) for i, g in enumerate(bf) if i != 2]))
out["spread"] = {"groups": [g.tolist() for g in bf], "odd": 2, "f": float(w.statistic), "p": float(w.pvalue)}
a, b = rng.normal(0.5, 1, 6).round(3), rng.normal(0, 1, 6).round(3)
t = stats.ttest_rel(a, b)
ci = t.confidence_interval(0.95)
out["paired"] = {"d": (a - b).tolist(), "t": float(t.statistic), "p": float(t.pvalue), "low": float(ci.low), "high": float(ci.high)}
out["noncentral"] = [{"t": c, "df": df, "nc": nc, "p": float(1 - stats.nct.cdf(c, df, nc) + stats.nct.cdf(-c, df, nc))}
                     for c, df, nc in [(2.3, 8, 3.0), (2.9, 30, 3.27), (4.0, 2, 1.0)]]

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    json.dump(out, f, indent=1)
    f.write("\n")
