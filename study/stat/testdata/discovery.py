"""Prints what discovery_test.go holds Discoveries against: scipy's adjusted p-values."""
from scipy.stats import false_discovery_control

for p in ([0.01, 0.04, 0.03, 0.005, 0.55, 0.55, 0.2], [0.9, 0.8, 0.001], [0.02]):
    print(false_discovery_control(p, method="bh").tolist())
