"""The effects that a study of six variants finds in 80 % of cases, by scipy: the golden of TestWhatIsForetoldIsWhatScipyFinds.
Noise as guessed for 13 % errors: 0.3 points of the trainings, 0.3 * 0.13 an image. Critical values of six comparisons with one
baseline at the planned look's 4 %: the multivariate t with correlation 1/2, integrated over the common factor and the scale's
quantiles; power by the noncentral t. usage: python power.py"""
import numpy as np
from scipy import optimize, special, stats

z, w = np.polynomial.hermite_e.hermegauss(80)
w = w / np.sqrt(2 * np.pi)
u, v = np.polynomial.legendre.leggauss(120)
u, v = (u + 1) / 2, v / 2


def coverage(c, k, df):
    x = c * np.sqrt(stats.chi2.ppf(u, df) / df)[:, None]
    l = q = np.sqrt(0.5)
    return float(v @ ((special.ndtr((x - l * z) / q) - special.ndtr((-x - l * z) / q)) ** k @ w))


def detects(images, repeats, k=6, level=0.04, errors=0.13, power=0.8):
    df = k * (repeats - 1)
    c = optimize.brentq(lambda c: coverage(c, k, df) - (1 - level), 1, 20)
    se = np.sqrt((0.3**2 + 1e4 * 0.3 * errors / images) * 2 / repeats)
    found = lambda d: stats.nct.sf(c, df, d)  # the other side is found in less than 1e-6
    return se * optimize.brentq(lambda d: found(d) - power, 0.5, 8)


for images, repeats in [(1000, 3), (1000, 8), (3333, 3), (3333, 6), (3333, 8), (5000, 10)]:
    print(f"{{{images}, {repeats}, {detects(images, repeats):.4f}}},")
