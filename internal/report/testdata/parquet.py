"""Writes golden/rows.jsonl: what pyarrow reads of golden/rows.parquet, a row a line. Run it after `go test ./internal/report -update`."""
import json
import pathlib
import pyarrow.parquet

here = pathlib.Path(__file__).parent / "golden"
rows = pyarrow.parquet.read_table(here / "rows.parquet").to_pylist()
for row in rows:
    for key, value in row.items():
        if isinstance(value, float) and value == int(value):
            row[key] = int(value)  # as Go writes it
text = "".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows)
(here / "rows.jsonl").write_text(text, encoding="utf-8")
