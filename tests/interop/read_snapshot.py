"""Reads a snapshot with DuckDB and Polars and compares with what its manifest says.

Usage: python read_snapshot.py STORE NAME

The Parquet files of a store are ordinary ones, so both programs read them without any help of ours. Checked of every
table: the number of rows, the columns, blanks as nulls, typed columns against the text beside them, the order of rows,
and the number of different students. Ends with status 1 when anything disagrees.
"""

import json
import pathlib
import sys

import duckdb
import polars


def main(store: pathlib.Path, name: str) -> int:
    pointer = json.loads((store / "names" / f"{name}.json").read_text())
    manifest = json.loads((store / "snapshots" / f"{pointer['snapshot']}.json").read_text())
    problems = []
    for table in manifest["tables"]:
        files = [str(store / "data" / f"{part['hash']}.parquet") for part in table["parts"]]
        if files:
            problems += check(table, files)
    for problem in problems:
        print(problem)
    print(f"{len(manifest['tables'])} tables, {sum(t['rows'] for t in manifest['tables'])} rows, "
          f"DuckDB {duckdb.__version__}, Polars {polars.__version__}: "
          f"{'agree' if not problems else f'{len(problems)} disagreements'}")
    return 1 if problems else 0


def check(table: dict, files: list[str]) -> list[str]:
    found = []

    def expect(what, program, value, expected):
        if value != expected:
            found.append(f"{table['table']}: {what} by {program}: {value}, expected {expected}")

    duck = duckdb.connect()
    duck.execute("create view t as select * from read_parquet(?)" .replace("?", repr(files)))
    frame = polars.read_parquet(files)
    count = lambda sql: duck.execute(sql).fetchone()[0]
    expect("rows", "DuckDB", count("select count(*) from t"), table["rows"])
    expect("rows", "Polars", frame.height, table["rows"])

    text = [column["name"] for column in table["columns"]]
    expect("columns", "Polars", frame.columns[: len(text)], text)
    expect("columns", "DuckDB", [row[0] for row in duck.execute("describe t").fetchall()], frame.columns)

    for column in table["columns"]:
        name = column["name"]
        expect(f"blank texts in {name}", "DuckDB", count(f"select count(*) from t where \"{name}\" = ''"), 0)
        nulls = count(f'select count(*) from t where "{name}" is null')
        expect(f"nulls in {name}", "Polars", frame[name].null_count(), nulls)
        if column["type"] == "date":
            wrong = count(f"""select count(*) from t where "{name}_date" is distinct from
                              try_strptime("{name}", '%m/%d/%Y')::date""")
            expect(f"dates of {name} unlike their text", "DuckDB", wrong, 0)
            expect(f"type of {name}_date", "Polars", frame[f"{name}_date"].dtype, polars.Date)
        elif column["type"] in ("year", "decimal"):
            wrong = count(f"""select count(*) from t where "{name}_number" is distinct from
                              try_cast("{name}" as decimal(18, 4))""")
            expect(f"numbers of {name} unlike their text", "DuckDB", wrong, 0)

    order = [name for name in table["key"]]
    if order:
        blank_first = [polars.col(name).fill_null("") for name in order]
        keys = frame.select(blank_first)
        expect("rows in the order of the key", "Polars", keys.equals(keys.sort(order, maintain_order=True)), True)
    if "student_state_id" in text:
        students = count("select count(distinct student_state_id) from t")
        expect("students", "Polars", frame["student_state_id"].drop_nulls().n_unique(), students)
        print(f"{table['table']}: {table['rows']} rows, {students} students")
    return found


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
