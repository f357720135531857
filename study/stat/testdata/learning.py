"""Prints learning.json: what learning_test.go holds FitLearning against. The same model by matrices and on finer grids: universal
kriging of what is asked, given exponent, deviation and noise, and these three integrated out. Made with numpy and scipy."""
import json
import numpy as np
from scipy import optimize, stats


def ask(sizes, means, each, variance, df, block, n):
    sizes, y = np.array(sizes, float), np.array(means, float)
    k = len(sizes)
    scale = max(0.03 * np.ptp(y), 0.1 * np.sqrt(variance / each))
    cs = np.exp(np.linspace(np.log(0.05), np.log(2), 41))
    ts = np.exp(np.linspace(np.log(0.003), np.log(300), 61))
    noises = variance * df / stats.chi2.ppf((np.arange(21) + 0.5) / 21, df) / each
    logw, level, gain = [], [], []
    for c in cs:
        w = lambda x: (x**-c - sizes[-1] ** -c) / (sizes[0] ** -c - sizes[-1] ** -c)
        X = np.stack([w(sizes), 1 - w(sizes)], 1)
        x0 = np.array([w(n), 1 - w(n)])
        for t in ts:
            d2 = (t * scale) ** 2
            for s2 in noises:
                V = np.eye(k) * (d2 + s2) + block / each
                Vi = np.linalg.inv(V)
                A = X.T @ Vi @ X
                beta = np.linalg.solve(A, X.T @ Vi @ y)
                r = y - X @ beta
                ml = -0.5 * (np.linalg.slogdet(V)[1] + np.linalg.slogdet(A)[1] + r @ Vi @ r)
                logw.append(ml + np.log(2 / np.pi / (1 + t * t)) + np.log(t))
                # the level of new repeats
                level.append((x0 @ beta, x0 @ np.linalg.solve(A, x0) + d2 + s2 + block / each))
                # the gain over the last size, deviations included
                g = x0 - X[-1]
                cov = np.zeros(k)
                cov[-1] = -d2
                u = g - X.T @ Vi @ cov
                gain.append((g @ beta + cov @ Vi @ r, 2 * d2 - cov @ Vi @ cov + u @ np.linalg.solve(A, u)))
    weight = np.exp(np.array(logw) - max(logw))
    weight /= weight.sum()

    def told(parts):
        m, v = np.array(parts).T
        s = np.sqrt(v)
        q = lambda p: optimize.brentq(lambda x: weight @ stats.norm.cdf((x - m) / s) - p, (m - 9 * s).min(), (m + 9 * s).max())
        return [weight @ m, q(0.025), q(0.975)]

    return {"sizes": list(sizes), "means": list(y), "each": each, "variance": variance, "df": df, "block": block, "n": n, "at": told(level), "gain": told(gain)}


print(json.dumps([
    ask([1000, 2000, 4000, 8000, 16000], [46.2, 53.1, 59.6, 64.9, 69.2], 3, 0.36, 8, 0.09, 32000),
    ask([500, 1000, 2000, 4000], [90.1, 91.2, 91.0, 91.3], 5, 0.25, 12, 0.04, 8000),
    ask([100, 300, 1000], [30.0, 45.0, 55.0], 2, 4.0, 2, 0.0, 2000),
], indent=1))
