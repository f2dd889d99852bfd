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
    "bool": np.array([[True, False], [False, True]]),
    "int8": (grid - 3).astype("i1"),
    "int16": (grid * 1000 - 3000).astype("<i2"),
    "uint16": (grid * 10000).astype("<u2"),
    "uint32": (grid * 100000).astype("<u4"),
    "uint64": grid.astype("<u8"),
    "float16": np.array([1.5, -65504, 6e-8, 2**-14, -0.0, 0.1], "<f2"),
    "big-endian float64": (grid / 3).astype(">f8"),
    "big-endian float16": (grid * 0.5).astype(">f2"),
    "big-endian int16": (grid * 1000 - 3000).astype(">i2"),
    "big-endian uint16": (grid * 10000).astype(">u2"),
    "big-endian int32": (grid - 3).astype(">i4"),
    "big-endian uint32": (grid * 100000).astype(">u4"),
    "big-endian int64": (grid - 3).astype(">i8"),
    "big-endian uint64": grid.astype(">u8"),
    "fortran order bool": np.asfortranarray(grid % 2 == 0),
    "large uint32": np.array([2**32 - 1], "<u4"),
    "large uint64": np.array([2**64 - 1], "<u8"),
    "complex": np.array([1j]),
    "text": np.array(["a"]),
    "structured": np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")]),
}
golden = {}
for name, array in arrays.items():
    buffer = io.BytesIO()
    np.save(buffer, array)
    golden[name] = {
        "base64": base64.b64encode(buffer.getvalue()).decode(),
        "shape": list(array.shape),
        "values": [float(f"{value:.12g}") for value in array.ravel(order="C").tolist()]
        if array.dtype.kind in "biuf"
        else [],
    }
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
