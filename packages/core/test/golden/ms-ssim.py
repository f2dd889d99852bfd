"""Reference values for multiscaleStructuralSimilarity from scikit-image; writes ms-ssim.json beside this file.

Run with a Python that has it:  python3 ms-ssim.py

scikit-image has the similarity of one scale. With a large K1 its factor of luminance is 1, which leaves that of contrast and structure.
"""
import json
import pathlib

import numpy as np
from skimage.metrics import structural_similarity

WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def mean_similarity(x, y, k1):
    return structural_similarity(
        x, y, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, win_size=11, K1=k1,
    )


def halved(x):
    x = np.pad(x, [(0, size % 2) for size in x.shape], mode="edge")
    return (x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2]) / 4


def multiscale(x, y):
    value = 1.0
    for weight in WEIGHTS[:-1]:
        value *= mean_similarity(x, y, 1e6) ** weight
        x, y = halved(x), halved(y)
    return value * mean_similarity(x, y, 0.01) ** WEIGHTS[-1]


def image(height, width, channel):
    """The test makes the same integers: a texture on slopes."""
    i, j = np.mgrid[0:height, 0:width]
    return (60 + 30 * channel + i // 2 + j // 3 + (7 * i * i + 3 * i * j + 11 * j * (channel + 1)) % 53).astype(float)


def damaged(x, amount):
    i, j = np.mgrid[0 : x.shape[0], 0 : x.shape[1]]
    return x + amount * ((5 * i + 3 * j + i * j) % 17 - 8) - amount


def case(height, width, channels, amount):
    pairs = [image(height, width, channel) for channel in range(channels)]
    value = np.mean([multiscale(x, damaged(x, amount)) for x in pairs])
    return {"height": height, "width": width, "channels": channels, "amount": amount, "value": float(value)}


golden = {
    "the smallest": case(161, 161, 1, 2),
    "even sides": case(176, 192, 1, 5),
    "odd sides and two channels": case(163, 181, 2, 3),
}
target = pathlib.Path(__file__).with_suffix(".json")
target.write_text(json.dumps(golden, indent=2) + "\n")
