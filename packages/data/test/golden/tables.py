"""Writes tables.json: CSV files as pandas and R write them, and what pandas reads from them. Run with pandas."""

import io
import json
import pathlib

import pandas as pd

frame = pd.DataFrame(
    {
        "length, cm": [1.5, -2.0, 3e-7, None],
        'the "name"': ["plain", "with, comma", 'with "quotes"', "two\nlines"],
        "count": [1, 2, 3, 40000],
        "code": ["007", "010", "1", "12"],
    }
)
texts = {
    "pandas": frame.to_csv(),
    "pandas without index": frame.to_csv(index=False),
    "pandas, Windows": frame.to_csv(index=False, lineterminator="\r\n"),
    "pandas, all quoted": frame.to_csv(index=False, quoting=1, na_rep="NA"),
    "pandas, tabs": frame.to_csv(index=False, sep="\t"),
    # write.csv(frame) of R 4: quoted names and texts, names of the rows, NA.
    "R": '"","length, cm","the ""name""","count","code"\n'
    '"1",1.5,"plain",1,"007"\n'
    '"2",-2,"with, comma",2,"010"\n'
    '"3",3e-07,"with ""quotes""",3,"1"\n'
    '"4",NA,"two\nlines",40000,"12"\n',
}
golden = {}
for name, text in texts.items():
    read = pd.read_csv(io.StringIO(text, newline=""), sep="\t" if "tabs" in name else ",", dtype={"code": str})
    read = read[[column for column in read.columns if not column.startswith("Unnamed")]]
    golden[name] = {
        "text": text,
        "columns": {column: [None if pd.isna(v) else v for v in read[column].tolist()] for column in read},
    }
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")
