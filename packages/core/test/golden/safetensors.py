"""A safetensors file written by the format's description alone. Writes safetensors.json (hexadecimal) beside this file."""

import json
import struct
from pathlib import Path

header = {
    "__metadata__": {"from": "elsewhere"},
    "kernel": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
    "count": {"dtype": "I32", "shape": [], "data_offsets": [16, 20]},
    "seen": {"dtype": "BOOL", "shape": [3], "data_offsets": [20, 23]},
}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
data = struct.pack("<4f", 1.5, -2.0, 0.1, 3e38) + struct.pack("<i", -7) + bytes([1, 0, 1])
file = struct.pack("<Q", len(text)) + text + data
Path(__file__).with_suffix(".json").write_text(json.dumps({"file": file.hex()}) + "\n")
