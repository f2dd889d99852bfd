"""Golden values of JPEG, by Pillow (libjpeg).

npx tsx test/fixtures/jpeg.ts && python3 test/golden/jpeg.py > test/golden/jpeg.json

`own`: the pixels that libjpeg sees in the files of test/fixtures, which our encoder wrote.
`other`: files that libjpeg wrote, and their pixels.
"""

import base64
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

fixtures = Path(__file__).parent.parent / "fixtures"


def pixels(file):
    return np.asarray(Image.open(file)).flatten().tolist()


own = {path.stem: pixels(path) for path in sorted(fixtures.glob("*.jpg"))}

x, y = np.meshgrid(np.arange(21), np.arange(11))
grey = ((9 * x + 5 * y) % 256).astype(np.uint8)
colour = np.stack([(9 * x) % 256, (20 * y) % 256, (7 * x + 3 * y) % 256], 2).astype(np.uint8)
other = []
for array, options in [
    (grey, {"quality": 75}),
    (grey, {"quality": 30, "restart_marker_blocks": 2}),
    (colour, {"quality": 85, "subsampling": 0, "optimize": True}),
]:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "JPEG", **options)
    other.append({"file": base64.b64encode(file.getvalue()).decode(), "shape": list(array.shape), "pixels": pixels(file)})
file = io.BytesIO()
Image.fromarray(grey).save(file, "JPEG", progressive=True)
print(json.dumps({"own": own, "other": other, "progressive": base64.b64encode(file.getvalue()).decode()}))
