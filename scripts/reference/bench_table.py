"""Puts the times of one run of scripts/bench beside each other and writes them into docs/PERFORMANCE.md.

Arguments: the output of the Rust benchmark, criterion's folder, the page, and the JSON of each pass of bench.py. Of the
passes and of the libraries that answer a question the quickest counts, so that a ratio is never too large because
a reference had a bad moment. Ends with an error when an answer differs: then the question was not the same.
"""

import json
import os
import pathlib
import platform
import subprocess
import sys

BEGIN, END = "<!-- scripts/bench stats: begin -->", "<!-- scripts/bench stats: end -->"
# Two answers further apart, relative to the larger, are not answers to the same question.
APART = 1e-3


def ours(output, criterion):
    """Name, title, answer and median in microseconds of each call, in the order in which they ran."""
    for line in output.read_text(encoding="utf-8").splitlines():
        if not line.startswith("answer\t"):
            continue
        _, name, title, *answer = line.split("\t")
        estimates = json.loads((criterion / name / "new" / "estimates.json").read_text(encoding="utf-8"))
        yield name, title, [float(number) for number in answer], estimates["median"]["point_estimate"] / 1e3


def apart(a, b):
    return max(abs(x - y) / max(abs(x), abs(y), 1e-300) for x, y in zip(a, b, strict=True))


def duration(microseconds):
    for unit, size in (("s", 1e6), ("ms", 1e3), ("µs", 1)):
        if microseconds >= size:
            return f"{significant(microseconds / size)} {unit}"
    return f"{significant(microseconds * 1e3)} ns"


def significant(number):
    """Two digits, or all those before the point: the run does not show more."""
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"


def ratio(number):
    if number >= 100:
        number = float(f"{number:.2g}")
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def table(calls, passes):
    rows = ["| call | ours | reference | ratio | library | answers differ by |", "|---|---:|---:|---:|---|---:|"]
    for name, title, answer, mine in calls:
        references = [one for answers in passes for one in answers if one["name"] == name]
        if not references:
            rows.append(f"| {title} | {duration(mine)} | – | – | none | – |")
            continue
        for one in references:
            if not apart(answer, one["answer"]) <= APART:
                sys.exit(f"{name}: we say {answer}, {one['library']} says {one['answer']}: not the same question")
        best = min(references, key=lambda one: one["microseconds"])
        off = apart(answer, best["answer"])
        rows.append(
            f"| {title} | {duration(mine)} | {duration(best['microseconds'])} | {ratio(best['microseconds'] / mine)} "
            f"| {best['library']} {best['version']} | {f'{off:.0e}' if off else '0'} |"
        )
    return rows


def machine(with_r):
    model = platform.processor() or platform.machine()
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    compiler = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True)
    rustc = " ".join(compiler.stdout.split()[:2])
    return (
        f"Machine of this run: {os.cpu_count()} cores, {model}; {rustc}, Python {platform.python_version()}, "
        f"{'R' if with_r else 'R not installed and left out'}; "
        f"load average {float(os.environ['BENCH_LOAD']):.1f} before it and {os.getloadavg()[0]:.1f} at its end."
    )


def main(output, criterion, page, *passes):
    calls = list(ours(pathlib.Path(output), pathlib.Path(criterion)))
    if not calls:
        sys.exit("the Rust benchmark gave no answers")
    passes = [json.loads(pathlib.Path(one).read_text(encoding="utf-8")) for one in passes]
    rows = table(calls, passes)
    page = pathlib.Path(page)
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{page} has lost the marks between which the table stands")
    with_r = any(one["library"] == "R" for answers in passes for one in answers)
    text = "\n".join([machine(with_r), "", *rows])
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
