"""Runs the English notebooks and compares what the cells show with what the files say. `.ci/notebooks` prepares what it needs."""

import difflib
import os
import pathlib
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = pathlib.Path("book/notebooks/en")
CPU = pathlib.Path("/proc/cpuinfo")
# Sums are added in the order of the recordings only where vectors are as wide; see book/src/outputs/mod.rs.
EXACT = "EXACT_OUTPUTS" in os.environ or (CPU.exists() and "avx512f" in CPU.read_text())


def shown(cell):
    """What a cell shows, as lines: what it prints, and its pictures."""
    text = ""
    for output in cell.outputs:
        if output.output_type == "stream":
            text += output.text if output.name == "stdout" else ""
        elif "image/svg+xml" in output.get("data", {}):
            text += "\n" + output.data["image/svg+xml"].strip() + "\n"
        elif output.output_type != "error":
            text += "\n" + output.data.get("text/plain", "") + "\n"
    lines = [line.rstrip() for line in text.strip().splitlines()]
    # Between a picture and text, empty lines are a matter of the kernel's messages.
    return [line for line in lines if line]


def run(path):
    """Runs a notebook. Gives the number of its cells, the error that ended it, and what is shown that the file does not show."""
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    expected = [shown(cell) for cell in cells]
    if not cells:
        return 0, None, []
    resources = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, kernel_name="rust", timeout=3600, startup_timeout=600, resources=resources)
    try:
        client.execute()
    except CellExecutionError as error:
        return len(cells), str(error), []
    differences = []
    for cell, lines in zip(cells, expected):
        found = shown(cell)
        if found != lines:
            diff = "\n".join(difflib.unified_diff(lines, found, "file", "run", n=1, lineterm=""))
            differences.append(f"{cell.id}:\n{diff}")
    return len(cells), None, differences


def main():
    names = sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.ipynb"))
    failed = False
    for name in names:
        start = time.monotonic()
        cells, error, differences = run(FOLDER / f"{name}.ipynb")
        seconds = time.monotonic() - start
        result = "an error" if error else f"{len(differences)} differences"
        print(f"{name}: {cells} cells, {seconds:.0f} s, {result}", flush=True)
        for text in [error] if error else differences:
            print(text, flush=True)
        failed |= error is not None or (EXACT and bool(differences))
    if failed:
        sys.exit(1)


main()
