"""Times the server beside an echo server and beside the database alone, in one run, and writes docs/PERFORMANCE.md.

    bench_http.py FOLDER-OF-PROGRAMS PAGE

Started by scripts/bench http. With FAIRTRIAL_TEST_POSTGRES (scripts/postgres --durable) PostgreSQL is timed too, and where they are
installed other programs that answer which version a person gets: GrowthBook's library in node (BENCH_GROWTHBOOK names the script),
and Unleash Edge (BENCH_EDGE names the program, BENCH_EDGE_VERSION its version).
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import http.cookiejar
import urllib.parse
import urllib.request
from datetime import datetime, timezone

BEGIN, END = "<!-- scripts/bench http: begin -->", "<!-- scripts/bench http: end -->"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS = os.environ.get("BENCH_SECONDS", "4")
MANY = 349

programs, page = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
home = pathlib.Path(tempfile.mkdtemp(prefix="fairtrial-bench-"))
running = []
now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
run_number = iter(range(int(time.time()) % 1_000_000 * 100, 10**12))


class Server:
    """A program that prints its address and then answers."""

    def __init__(self, *command, env=None):
        self.log = open(home / f"log-{len(running)}", "w", encoding="utf-8")
        began = time.perf_counter()
        env = {**os.environ, **(env or {})}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True, env=env)
        running.append(self.process)
        for line in self.process.stdout:
            found = re.search(r"answers at http://(\S+)", line)
            if found:
                self.address = found.group(1)
                break
        else:
            sys.exit(f"{command} ended: {pathlib.Path(self.log.name).read_text(encoding='utf-8')}")
        ours = str(command[0]).endswith("fairtrial")
        urllib.request.urlopen(f"http://{self.address}/healthz" if ours else f"http://{self.address}/", None if ours else b"{}").read()
        self.started_in = time.perf_counter() - began

    def resident(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


TICK = os.sysconf("SC_CLK_TCK")


def processor_time(process):
    """Seconds that a program and its finished and running children have had of the processors."""
    def own(pid):
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return sum(int(ticks) for ticks in fields[11:15]) / TICK

    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()
    return own(process.pid) + sum(own(child) for child in children)


def drive(server, kind, key="none", connections=32, seconds=SECONDS, more=()):
    command = [programs / "examples/drive", server.address, kind, "--key", key, "--connections", str(connections),
               "--seconds", seconds, "--from", str(next(run_number)), "--occurred-at", now, *more]
    before = processor_time(server.process)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{kind}: {done.stdout}{done.stderr}")
    told = json.loads(done.stdout)
    # What placing the known people took before the clock started is in it too: one of so many that it does not show.
    return {**told, "processor_us": (processor_time(server.process) - before) * 1e6 / max(told["requests"], 1)}


def drive_both(servers, *arguments):
    """The same on two servers at once; together they do what they do in sum."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        told = list(pool.map(lambda server: drive(server, *arguments), servers))
    return {**told[0], "per_second": sum(one["per_second"] for one in told),
            **{field: max(one[field] for one in told) for field in ("p50_us", "p99_us", "processor_us")}}


def middle(results, field="per_second"):
    return statistics.median(result[field] for result in results)


def alternate(*runs):
    """Each run once in every round, so that what changes on the machine meanwhile meets all of them."""
    found = [[] for _ in runs]
    for _ in range(ROUNDS):
        for results, run in zip(found, runs):
            results.append(run())
    return found


COLUMNS = ("sequence, bucket, agency_id, event_id, unit, kind_id, value, occurred_at, received_at, fingerprint, key_id, "
           "source, attributes")


def event_row(n):
    return (n, n % 64, 1, f"base-{n:012}", n.to_bytes(16, "big"), 1, None, 1_795_425_600_000_000, 1_795_425_600_000_000,
            n.to_bytes(16, "little"), 1, None, None)


class Sqlite:
    """Rows into the same table of the same database, by Python's own SQLite, as durable as ours."""

    def __init__(self):
        folder = home / "alone"
        subprocess.run([programs / "fairtrial", "migrate", "--data", folder], check=True, capture_output=True)
        self.connection = sqlite3.connect(folder / "fairtrial.db", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.next = 1

    def insert(self, rows_a_commit):
        places = ",".join("?" * 13)
        began, rows = time.perf_counter(), 0
        while time.perf_counter() - began < float(SECONDS):
            self.connection.execute("BEGIN IMMEDIATE")
            made = [event_row(n) for n in range(self.next, self.next + rows_a_commit)]
            self.connection.executemany(f"INSERT INTO events ({COLUMNS}) VALUES ({places})", made)
            self.connection.execute("COMMIT")
            self.next += rows_a_commit
            rows += rows_a_commit
        return {"per_second": rows / (time.perf_counter() - began)}


class Postgres:
    """The same by PostgreSQL's own client, COPY of so many rows a commit."""

    def __init__(self, url):
        self.url, self.next = url, 1
        psql = ["psql", "--no-psqlrc", "--quiet", url, "--command"]
        subprocess.run([*psql, "INSERT INTO agencies (id, key, name, sealed_pseudonym_key, created_at) VALUES "
                                "(1, 'a', 'A', '', 0); INSERT INTO event_kinds (id, agency_id, name) VALUES (1, 1, 'x')"], check=True)

    def insert(self, rows_a_commit, commits):
        hexed = lambda value: "\\\\x" + value.hex()  # noqa: E731
        lines = []
        for _ in range(commits):
            lines.append(f"COPY events ({COLUMNS}) FROM stdin;")
            for n in range(self.next, self.next + rows_a_commit):
                row = event_row(n)
                shown = [hexed(v) if isinstance(v, bytes) else "\\N" if v is None else str(v) for v in row]
                lines.append("\t".join(shown))
            lines.append("\\.")
            self.next += rows_a_commit
        text = "\n".join(lines) + "\n"
        began = time.perf_counter()
        subprocess.run(["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", self.url], input=text, text=True, check=True)
        return {"per_second": rows_a_commit * commits / (time.perf_counter() - began)}


class Edge:
    """Unleash Edge without a server of its own behind it: flags that draw between two variants by the user."""

    TOKEN = "*:development.bench"

    def __init__(self, program, flags=1):
        variants = [{"name": name, "weight": 500, "weightType": "variable", "stickiness": "userId"} for name in ("usual", "new")]
        strategy = {"name": "flexibleRollout", "parameters": {"rollout": "100", "stickiness": "userId", "groupId": "open-door"},
                    "variants": variants}
        flag = {"name": "open-door", "type": "experiment", "enabled": True, "project": "default", "strategies": [strategy]}
        named = [flag] + [{**flag, "name": f"trial-{n}"} for n in range(1, flags)]
        features = home / f"features-{flags}.json"
        features.write_text(json.dumps({"version": 2, "features": named}), encoding="utf-8")
        self.address = free_port()
        log = open(home / "log-edge", "w", encoding="utf-8")
        command = [program, "--interface", "127.0.0.1", "--port", self.address.split(":")[1], "offline", "--bootstrap-file", features,
                   "--client-tokens", "*:development.unused", "--frontend-tokens", self.TOKEN]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "RUST_LOG": "error"})
        running.append(self.process)
        asked = urllib.request.Request(f"http://{self.address}/api/frontend/features/open-door", b'{"userId": "bench-1"}',
                                       {"Authorization": self.TOKEN, "Content-Type": "application/json"})
        for _ in range(100):
            try:
                told = json.load(urllib.request.urlopen(asked))
                break
            except OSError:
                time.sleep(0.1)
        else:
            sys.exit(f"Unleash Edge does not answer: {pathlib.Path(log.name).read_text(encoding='utf-8')}")
        if told.get("variant", {}).get("name") not in ("usual", "new"):
            sys.exit(f"Unleash Edge draws no variant: {told}")
        # The program does not say its version itself.
        self.name = f"Unleash Edge {os.environ['BENCH_EDGE_VERSION']}"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


def peers():
    """Other programs that answer which version a person gets, as far as they are installed: name, server, one run."""
    found = []
    if "BENCH_EDGE" in os.environ:
        edge = Edge(os.environ["BENCH_EDGE"])
        found.append((edge.name, edge, lambda: drive(edge, "edge", edge.TOKEN)))
    if "BENCH_GROWTHBOOK" in os.environ:
        script = pathlib.Path(os.environ["BENCH_GROWTHBOOK"])
        version = json.loads((script.parent / "package.json").read_text(encoding="utf-8"))["dependencies"]["@growthbook/growthbook"]
        node = Server("node", script)
        found.append((f"GrowthBook {version} in node", node, lambda: drive(node, "known")))
    return found


def rehearsals():
    """Seconds for 2,000 whole trials of 2,000 people under each of four truths."""
    plan = json.loads(pathlib.Path("docs/examples/fines-letter.protocol.json").read_text(encoding="utf-8"))
    plan["monitoring"]["max_units"] = 2_000
    file = home / "rehearsed.json"
    file.write_text(json.dumps(plan), encoding="utf-8")
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([programs / "fairtrial", "rehearse", file, "--trials", "2000", "--seed", "1"], check=True, capture_output=True)
        yield time.perf_counter() - began


def fresh_postgres(name):
    url = os.environ["FAIRTRIAL_TEST_POSTGRES"]
    subprocess.run(["psql", "--no-psqlrc", "--quiet", url, "--command", f"CREATE DATABASE {name}"], check=True)
    url = url.rsplit("/", 1)[0] + f"/{name}"
    migrate = [programs / "fairtrial", "migrate", "--data", home / "none", "--database-url", url]
    subprocess.run(migrate, check=True, capture_output=True)
    return url


class Behind:
    """How long kept events are not in the tallies yet, looked at ten times a second while something else runs."""

    def __init__(self, metrics):
        self.metrics, self.longest, self.looks = metrics, 0.0, 0

    def during(self, run):
        done = threading.Event()
        watcher = threading.Thread(target=self.watch, args=(done,))
        watcher.start()
        try:
            return run()
        finally:
            done.set()
            watcher.join()

    def watch(self, done):
        while not done.wait(0.1):
            text = urllib.request.urlopen(f"http://{self.metrics}/metrics").read().decode()
            self.longest = max(self.longest, float(re.search(r"^fairtrial_tallies_behind_seconds (\S+)$", text, re.M).group(1)))
            self.looks += 1


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as held:
        return f"127.0.0.1:{held.getsockname()[1]}"


def demo(folder, *more):
    server = Server(programs / "fairtrial", "demo", "--data", folder, "--listen", "127.0.0.1:0", "--log-level", "error", *more)
    told = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    agency = next(trial["agency"] for trial in told["trials"] if trial["key"] == "open-door")
    keys = {key["name"]: key["token"] for key in told["keys"] if key["agency"] == agency}
    return server, keys["frontline"], keys["results"]


def number(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def row(work, ours, baseline=None, theirs=None, times=1, least=None, least_a_second=None):
    """A row of the table. What is asked for at least is a ratio to the baseline, or so many a second."""
    rate = middle(ours) * times
    p50, p99 = (f"{middle(ours, f) / 1000:.2f} ms" for f in ("p50_us", "p99_us"))
    told = f"| {work} | {number(rate)} | {p50} | {p99} | {middle(ours, 'processor_us') / times:.1f} µs |"
    other = theirs and middle(theirs)
    if other:
        theirs_took = f"{middle(theirs, 'processor_us'):.1f} µs" if "processor_us" in theirs[0] else "–"
        told += f" {baseline} | {number(other)} | {theirs_took} | {rate / other:.2f} |"
    else:
        told += " – | – | – | – |"
    if least:
        return f"{told} {least:.2f}: {'reached' if rate / other >= least else 'missed'} |"
    if least_a_second:
        return f"{told} {number(least_a_second)} a second: {'reached' if rate >= least_a_second else 'missed'} |"
    return f"{told} – |"


def many(trials, url, *servers):
    """An installation in which so many trials run, and its servers; with the token of a program."""
    token = subprocess.run([programs / "examples/large", url, home / "many", str(trials), "0", "0"], capture_output=True, text=True,
                           check=True).stdout.strip()
    env = {"DATABASE_URL": url, "FAIRTRIAL_MASTER_KEY": "07" * 32}
    serve = ("serve", "--listen", "127.0.0.1:0", "--log-level", "error", "--data")
    return token, [Server(programs / "fairtrial", *serve, home / f"many-{name}", env=env) for name in servers]


def started(server, key):
    body = json.dumps({"context": {"targetingKey": "bench-1"}}).encode()
    asked = urllib.request.Request(f"http://{server.address}/ofrep/v1/evaluate/flags", body,
                                   {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    return len(json.load(urllib.request.urlopen(asked))["flags"])


def all_at_once():
    """One person's versions in a few hundred trials, in one answer."""
    token, (server,) = many(MANY, f"sqlite:{home}/many.db", "one")
    if started(server, token) != MANY + 1:
        sys.exit("not all trials have started")
    people = ("--people", "200")
    ours = lambda: drive(server, "flags", token, more=people)  # noqa: E731
    work = f"versions in all {MANY + 1} trials, known people"
    if "BENCH_EDGE" in os.environ:
        edge = Edge(os.environ["BENCH_EDGE"], MANY + 1)
        mine, theirs = alternate(ours, lambda: drive(edge, "edges", edge.TOKEN, more=people))
        yield row(work, mine, edge.name, theirs, least=4)
        edge.stop()
    else:
        yield row(work, [ours() for _ in range(ROUNDS)])
    yield row("the same, new people, each durable in all, 8 callers", [drive(server, "newcomers", token, 8) for _ in range(ROUNDS)])
    blocks = [drive(server, "new", token, more=("--trial", "full")) for _ in range(ROUNDS)]
    yield row("assignment of a new person in permuted blocks, durable, SQLite", blocks, least_a_second=8_000)
    server.stop()


def together(url):
    """Events to one server of a database, and to two."""
    token, servers = many(2, url, "one", "two")
    events = ("events", token, 8, SECONDS, ("--event", "money.came", "--value", "1"))
    one, two = alternate(lambda: drive(servers[0], *events), lambda: drive_both(servers, *events))
    # Both are of calls of a hundred.
    one = [{"per_second": run["per_second"] * 100, "processor_us": run["processor_us"] / 100} for run in one]
    yield row("events, 100 a call, durable, two servers on one PostgreSQL", two, "one server", one, 100)
    for server in servers:
        server.stop()


def pages(server, folder):
    """How long the server takes for pages of the demonstration, by its own clock and asked by one person who is signed in."""
    told = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    account = next(account for account in told["accounts"] if account["role"] == "manager")
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    base = f"http://{server.address}"
    form = opener.open(f"{base}/sign-in").read().decode()
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    data = urllib.parse.urlencode([*hidden, ("email", account["email"]), ("password", account["password"])]).encode()
    opener.open(f"{base}/sign-in", data).read()
    trial = next(trial["key"] for trial in told["trials"] if trial["agency"] == account["agency"] and trial["state"] == "archived")
    for path in ("/trials", f"/trials/{trial}", f"/trials/{trial}/report", "/portfolio", "/library", "/register", f"/register/{trial}"):
        times = []
        for _ in range(21):
            began = time.perf_counter()
            answer = opener.open(base + path)
            answer.read()
            if answer.url != base + path:
                sys.exit(f"{path} led to {answer.url}")
            times.append((time.perf_counter() - began) * 1000)
        yield f"| `{path}` | {statistics.median(times):.1f} ms | {max(times):.1f} ms |"


def main():
    load = pathlib.Path("/proc/loadavg").read_text(encoding="utf-8").split()[0]
    rows = []
    empty = [Server(programs / "fairtrial", "serve", "--data", home / f"empty-{n}", "--listen", "127.0.0.1:0") for n in range(3)]
    start_empty = statistics.median(server.started_in for server in empty)
    idle = statistics.median(server.resident() for server in empty)
    for server in empty:
        server.stop()

    rehearsed = statistics.median(rehearsals())
    echo = Server(programs / "examples/echo")
    behind = Behind(free_port())
    server, key, results = demo(home / "demo", "--metrics-listen", behind.metrics)
    known, flag, floor = alternate(lambda: drive(server, "known", key), lambda: drive(server, "flag", key), lambda: drive(echo, "known"))
    rows.append(row("assignment of a known person", known, "echo", floor, least=0.85))
    rows.append(row("the same by OpenFeature, one flag", flag, "echo", floor, least=0.85))
    others = peers()
    if others:
        known, *theirs = alternate(lambda: drive(server, "known", key), *(run for _, _, run in others))
        for (name, other, _), run in zip(others, theirs):
            rows.append(row("assignment of a known person", known, name, run, least=1.5 if name.startswith("Unleash") else 1.8))
            other.stop()
    flags, floor = alternate(lambda: drive(server, "flags", key), lambda: drive(echo, "flags"))
    rows.append(row(f"versions in all {started(server, key)} trials of the agency", flags, "echo", floor))
    rows.extend(all_at_once())

    alone = Sqlite()
    new, mixed, event, one = alternate(lambda: drive(server, "new", key), lambda: drive(server, "mixed", key),
                                       lambda: drive(server, "event", key), lambda: alone.insert(1))
    rows.append(row("assignment of a new person, durable, SQLite", new, "rows, one a commit", one, least_a_second=15_000))
    rows.append(row("nine known to one new, SQLite", mixed))
    rows.append(row("one event a call, durable, SQLite", event, "rows, one a commit", one))
    events, bulk = alternate(lambda: behind.during(lambda: drive(server, "events", key, 16)), lambda: alone.insert(1_000))
    rows.append(row("events, 100 a call, durable, SQLite", events, "rows, 1,000 a commit", bulk, 100, least_a_second=60_000))
    report = [drive(server, "report", results, 1, "2") for _ in range(ROUNDS)]
    rows.append(row("report of that trial, one caller", report))
    seen = list(pages(server, home / "demo"))
    stored = alone.connection.execute("ATTACH ? AS d", (str(home / "demo/fairtrial.db"),)) and alone.connection.execute(
        "SELECT (SELECT COUNT(*) FROM d.events), (SELECT COUNT(*) FROM d.assignments)").fetchone()
    full = server.resident()
    server.stop()
    again = Server(programs / "fairtrial", "serve", "--data", home / "demo", "--listen", "127.0.0.1:0", "--log-level", "error")
    start_full = again.started_in
    again.stop()

    longest = [("SQLite", behind)]
    if "FAIRTRIAL_TEST_POSTGRES" in os.environ:
        behind = Behind(free_port())
        longest.append(("PostgreSQL", behind))
        server, key, _ = demo(home / "demo-postgres", "--database-url", fresh_postgres("ours"), "--metrics-listen", behind.metrics)
        alone = Postgres(fresh_postgres("alone"))
        new, event, one = alternate(lambda: drive(server, "new", key), lambda: drive(server, "event", key), lambda: alone.insert(1, 2_000))
        rows.append(row("assignment of a new person, durable, PostgreSQL", new, "rows, one a commit", one))
        rows.append(row("one event a call, durable, PostgreSQL", event, "rows, one a commit", one))
        events, bulk = alternate(lambda: behind.during(lambda: drive(server, "events", key, 16)), lambda: alone.insert(1_000, 200))
        rows.append(row("events, 100 a call, durable, PostgreSQL", events, "rows, 1,000 a COPY", bulk, 100, least_a_second=60_000))
        server.stop()
        rows.extend(together(fresh_postgres("many")))
    echo.stop()

    size = (programs / "fairtrial").stat().st_size / 1e6
    end = pathlib.Path("/proc/loadavg").read_text(encoding="utf-8").split()[0]
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")).group(1)
    text = "\n".join([
        f"Machine of this run: {os.cpu_count()} cores, {cpu}; load average {load} before it and {end} at its end; the median of "
        f"{ROUNDS} rounds of {SECONDS} seconds that alternate.", "",
        "| work | a second | median | 99 in 100 | processor | beside | a second | processor | ratio | wanted at least |",
        "|---|---:|---:|---:|---:|---|---:|---:|---:|---|", *rows, "",
        "| page of the demonstration, signed in | median of 21 | longest |", "|---|---:|---:|", *seen, "",
        "| | |", "|---|---:|",
        f"| from the start of the program to its first answer, nothing stored | {start_empty * 1000:.0f} ms |",
        f"| the same with {stored[0]:,} events and {stored[1]:,} assignments | {start_full * 1000:,.0f} ms |",
        f"| resident memory, nothing stored | {idle:.0f} MB |",
        f"| resident memory at the end of the run on SQLite, with those | {full:.0f} MB |",
        *(f"| longest time that an event was kept and not in the tallies yet, batches at full load, {name} ({seen.looks} looks) | "
          f"{seen.longest * 1000:,.0f} ms |" for name, seen in longest),
        f"| a rehearsal: 2,000 whole trials of 2,000 people under each of four truths, looks, bounds and verdicts included | "
        f"{rehearsed:.2f} s |",
        f"| size of the program, with its debugging lines | {size:.0f} MB |",
    ])
    whole = page.read_text(encoding="utf-8")
    before, rest = whole.split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


try:
    main()
finally:
    for process in running:
        if process.poll() is None:
            process.kill()
    shutil.rmtree(home, ignore_errors=True)
