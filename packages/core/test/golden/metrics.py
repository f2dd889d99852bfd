"""Reference values for packages/core/src/metrics from scikit-learn, prdc and scikit-image; writes metrics.json beside this file.

Run with a Python that has them:  python3 metrics.py
"""
import json
import pathlib

import numpy as np
from prdc import compute_prdc
from skimage.metrics import structural_similarity
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

random = np.random.RandomState(20240229)


def detection(positives, negatives):
    labels = np.r_[np.ones(len(positives)), np.zeros(len(negatives))]
    scores = np.r_[positives, negatives]
    false_rates, true_rates, _ = roc_curve(labels, scores, drop_intermediate=False)
    return {
        "positives": [float(x) for x in positives],
        "negatives": [float(x) for x in negatives],
        "auroc": float(roc_auc_score(labels, scores)),
        "averagePrecision": float(average_precision_score(labels, scores)),
        "falsePositiveRate95": float(false_rates[true_rates >= 0.95].min()),
        "falsePositiveRate50": float(false_rates[true_rates >= 0.5].min()),
    }


def points(n, size, shift=0.0, scale=1.0):
    # What float32 holds exactly.
    return np.round((shift + scale * random.randn(n, size)) * 2**10) / 2**10


def quality(real, samples, k):
    values = compute_prdc(real_features=real, fake_features=samples, nearest_k=k)
    return {
        "examples": real.tolist(),
        "samples": samples.tolist(),
        "neighbours": k,
        **{name: float(value) for name, value in values.items()},
    }


def similarity(shape, noise):
    x = random.randint(0, 17, shape)
    y = np.clip(np.round(x + noise * random.randn(*shape)), 0, 16)
    value = structural_similarity(
        x.astype(float), y.astype(float), data_range=16, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, win_size=11, channel_axis=2,
    )
    return {"x": x.tolist(), "y": y.tolist(), "value": float(value)}


golden = {
    "detection": {
        "continuous": detection(random.randn(40) + 1, random.randn(60)),
        "ties": detection(random.randint(0, 5, 30) + 1, random.randint(0, 5, 25)),
        "all equal": detection(np.ones(4), np.ones(6)),
        "separate": detection(np.arange(5, 10), np.arange(5)),
        "turned round": detection(np.arange(5), np.arange(3, 9)),
        "one of each": detection([0.5], [0.25]),
    },
    "sampleQuality": {
        "the same distribution": quality(points(40, 3), points(50, 3), 5),
        "narrow samples": quality(points(30, 2), points(30, 2, scale=0.3), 3),
        "samples apart": quality(points(25, 2), points(20, 2, shift=1.5), 2),
    },
    "structuralSimilarity": {
        "one channel": similarity((12, 13, 1), 3.0),
        "three channels": similarity((11, 12, 3), 6.0),
    },
}

# skimage averages over positions whose window lies in the image, as the paper does: the border of 5 is left out.
target = pathlib.Path(__file__).with_suffix(".json")
target.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
