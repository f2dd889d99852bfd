"""A small table as Parquet with each codec, and as the CSV that reading it has to give.
python parquet.py   (PyArrow 21 or later) writes parquet/*.parquet and parquet/table.csv beside this file."""
import csv
import datetime
import decimal
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

folder = pathlib.Path(__file__).with_name("parquet")
day = datetime.date(2024, 2, 27)
second = datetime.datetime(2024, 2, 29, 23, 59, 58)
n = 60
words = ["plain", "a, comma", 'a "quote"', "two\nlines", "Größe 日本", ""]
columns = {
    "id": pa.array([(1 << 60) + 7 * row for row in range(n)], pa.int64()),
    "price": pa.array([None if row % 7 == 3 else 326 + 13 * row for row in range(n)], pa.int64()),
    "small": pa.array([row - 30 for row in range(n)], pa.int8()),
    "unsigned": pa.array([4294967295 - row for row in range(n)], pa.uint32()),
    "carat": pa.array([0.1 + 0.01 * (row % 12) for row in range(n)], pa.float64()),
    "depth": pa.array([61.5 if row % 2 else 55.0 for row in range(n)], pa.float64()),
    "weight": pa.array([None if row % 11 == 5 else 0.1 * row for row in range(n)], pa.float32()),
    "cut": pa.array([words[row % 6] for row in range(n)], pa.string()),
    "color": pa.array(["DEFGH"[row % 5] for row in range(n)]).dictionary_encode(),
    "sold": pa.array([None if row % 9 == 8 else row % 3 == 0 for row in range(n)], pa.bool_()),
    "date": pa.array([day + datetime.timedelta(days=row) for row in range(n)], pa.date32()),
    "time": pa.array([second + datetime.timedelta(milliseconds=250 * row) for row in range(n)], pa.timestamp("us")),
    "cost": pa.array([decimal.Decimal(row * 1001 - 5000) / 100 for row in range(n)], pa.decimal128(12, 2)),
}
table = pa.table(columns)


def shortest(value):
    """The fewest digits that give the float32 again."""
    texts = (f"{value:.{digits}g}" for digits in range(1, 18))
    return next(text for text in texts if pa.scalar(float(text), pa.float32()).as_py() == value)


def text(name, value):
    if value is None:
        return ""
    if name == "weight":
        return shortest(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="milliseconds")
    return str(value)


folder.mkdir(exist_ok=True)
for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
    pq.write_table(table, folder / f"{codec}.parquet", compression=codec, row_group_size=40)
with open(folder / "table.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.column_names)
    rows = zip(*(table[name].to_pylist() for name in table.column_names))
    writer.writerows([text(name, value) for name, value in zip(table.column_names, row)] for row in rows)

nested = pa.table({"id": [1, 2], "tags": [["a"], ["b", "c"]]})
pq.write_table(nested, folder / "nested.parquet")
