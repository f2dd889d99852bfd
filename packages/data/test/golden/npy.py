"""Writes npy.json: the bytes of .npy files as NumPy saves them, in base64. Run with a Python that has NumPy."""

import base64
import io
import json
import pathlib

import numpy as np

grid = np.arange(6).reshape(2, 3)
arrays = {
    "float32": (grid * 0.5).astype("<f4"),
    "float64": (grid / 3).astype("<f8"),
    "uint8": grid.astype("u1"),
    "int32": (grid - 3).astype("<i4"),
    "int64": (grid - 3).astype("<i8"),
    "big-endian float32": (grid * 0.5).astype(">f4"),
    "fortran order": np.asfortranarray(np.arange(24).reshape(2, 3, 4).astype("<f4")),
    "scalar": np.array(7, "<i4"),
    "vector": np.array([1, 2], "<f4"),
    "empty": np.zeros((0, 3), "<f4"),
    "large int64": np.array([2**31], "<i8"),
    "bool": np.array([True]),
}
golden = {}
for name, array in arrays.items():
    buffer = io.BytesIO()
    np.save(buffer, array)
    golden[name] = {
        "base64": base64.b64encode(buffer.getvalue()).decode(),
        "shape": list(array.shape),
        "values": [float(f"{value:.12g}") for value in array.ravel(order="C").tolist()],
    }
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
