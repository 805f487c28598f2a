"""Lets each single call fail by which a server writes events to its own disk while PostgreSQL is away.

    each_call_of_spool.py PROGRAM DATABASE-URL TOKEN [STEP]

The database is that of an installation with the trial `open` under way, which the example `soak` makes. For every kind of call and
of fault a server with an empty folder reaches it through a door that is shut once people are placed; strace lets call number 1, 2, 3
and so on fail among those that touch its spool, until a run makes no such call (with STEP, every STEPth number after the tenth).
Meanwhile a caller sends events and writes down what it was told. Then the server is killed, a sound one is started on the same
folder, and the door is opened. Once its spool is empty:

- every event that was answered 202 is stored, once; a batch that was refused is there whole or not at all;
- everybody is in the arm that they were told.

Before all that the judge is judged: what is taken out of the spool behind the server's back must be found missing. Ends with 1
when a promise is broken.
"""

import os
import pathlib
import shutil
import socket
import sys
import tempfile
import threading
import time
from datetime import datetime, timezone
from urllib.parse import urlsplit

from calls import PEOPLE, Server, batch, broken_promises

program, url, token = sys.argv[1:4]
step = int(sys.argv[4]) if len(sys.argv) > 4 else 1
FAULTS = [
    ("write", "EIO", ""), ("write", "EIO", "+"), ("write", "ENOSPC", ""), ("write", "ENOSPC", "+"), ("fdatasync", "EIO", ""),
    ("fdatasync", "EIO", "+"), ("fsync", "EIO", ""), ("fsync", "EIO", "+"), ("openat", "EMFILE", ""), ("openat", "EMFILE", "+"),
]
# Whatever fails, it cannot be taken back either.
ALSO = ["-e", "inject=ftruncate:error=EIO"]


class Door:
    """Between a server and its database: passes everything on, or nobody."""

    def __init__(self, address):
        self.address, self.open, self.passing = address, True, set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.let_in, daemon=True).start()

    def let_in(self):
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            if not self.open:
                caller.close()
                continue
            try:
                database = socket.create_connection(self.address)
            except OSError:
                caller.close()
                continue
            self.passing |= {caller, database}
            for one, other in ((caller, database), (database, caller)):
                threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    def carry(self, one, other):
        try:
            while some := one.recv(65536):
                other.sendall(some)
        except OSError:
            pass
        self.passing -= {one, other}
        hang_up(one, other)

    def shut(self):
        self.open = False
        hang_up(*self.passing)

    def close(self):
        self.shut()
        hang_up(self.listener)


def hang_up(*ends):
    """Closing alone does not end what another thread waits for."""
    for end in ends:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        end.close()


def start(door, folder, before=()):
    through = urlsplit(url)
    person = through.netloc.rpartition("@")[0]
    through = through._replace(netloc=f"{person}@127.0.0.1:{door.port}" if person else f"127.0.0.1:{door.port}")
    environment = dict(os.environ, DATABASE_URL=through.geturl(), FAIRTRIAL_MASTER_KEY="07" * 32)
    return Server(program, token, environment, folder, before)


def paths(folder):
    """What strace is to look at: it wants every name beforehand."""
    spool = pathlib.Path(folder, "spool")
    return [spool, *(spool / f"{number:012}.events" for number in range(1, 2 * PEOPLE + 2))]


def scenario(server, door, run):
    """What the caller was told: arms by person, events by batch (with whether they were taken)."""
    told, sent = {}, {}
    for number in range(PEOPLE):
        answer = server.ask("/v1/trials/open/assignments", {"unit": f"case-{number}-x"})
        if not answer or answer[0] != 200:
            sys.exit(f"while its database is there, the server answers {answer}")
        told[number] = answer[1]["arm"]
    door.shut()
    at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for number in range(PEOPLE):
        events = batch(number, at, run)
        taken = server.ask("/v1/events", {"events": events})
        if taken and taken[0] not in (202, 503):
            sys.exit(f"while its database is away, the server answers {taken}")
        sent[number] = (events, bool(taken) and taken[0] == 202)
    return told, sent


def check(folder, told, sent):
    door = Door(address)
    server = start(door, folder)
    try:
        return look(server, folder, told, sent)
    finally:
        server.kill()
        door.close()


def size(path):
    """Bytes of a file; none of one that was handed over and removed meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def look(server, folder, told, sent):
    if server.address is None:
        return ["it does not start again"]
    until = time.monotonic() + 30
    waits = lambda: [path for path in pathlib.Path(folder, "spool").glob("*.events") if size(path) > 0]  # noqa: E731
    while waits():
        if time.monotonic() > until:
            return [f"what waits is not handed over: {waits()}"]
        time.sleep(0.05)
    faults = [str(path) for path in pathlib.Path(folder, "spool").glob("*.damaged")]
    faults += broken_promises(server, told, sent)
    return faults


def attempt(run, inject=None, falsify=None):
    """What the caller was told, whether the fault was met, and what is broken afterwards."""
    with tempfile.TemporaryDirectory(prefix="fairtrial-call-") as folder:
        log, door = pathlib.Path(folder, "strace"), Door(address)
        before = ["strace", "-f", "-qq", "-o", log, "-e", f"trace={inject[0]},ftruncate", *(f"-P{path}" for path in paths(folder)),
                  "-e", f"inject={inject[0]}:error={inject[1]}:when={inject[2]}", *ALSO] if inject else []
        server = start(door, folder, before)
        if server.address is None:
            # The fault was met at the start: nobody was told anything.
            server.kill()
            door.close()
            return {}, True, []
        told, sent = scenario(server, door, run)
        server.kill()
        door.close()
        met = bool(inject) and "INJECTED" in log.read_text(encoding="utf-8", errors="replace")
        if falsify:
            falsify(pathlib.Path(folder, "spool"))
        return sent, met, check(folder, told, sent)


def cut_off_the_last(spool):
    path = sorted(spool.glob("*.events"))[-1]
    os.truncate(path, path.stat().st_size - 1)


def lose(spool):
    shutil.rmtree(spool)


def check_the_judge():
    for name, falsify in {"nothing is done": None, "the last record is cut off": cut_off_the_last, "the spool is lost": lose}.items():
        sent, _, faults = attempt(f"judge-{name.replace(' ', '-')}-{began}", falsify=falsify)
        if not all(taken for _, taken in sent.values()):
            sys.exit("a sound disk refuses something")
        if bool(faults) != bool(falsify):
            sys.exit(f"the judge is blind: {name}, and it finds {faults}")
    print("the judge sees: the last record is cut off; the spool is lost", flush=True)


def main():
    check_the_judge()
    broken = 0
    for call, error, more in FAULTS:
        runs = hurt = 0
        number = 1
        while True:
            sent, met, faults = attempt(f"{call}-{error}-{number}{'-on' if more else ''}-{began}", (call, error, f"{number}{more}"))
            if not met:
                break
            runs, hurt = runs + 1, hurt + (not sent or not all(taken for _, taken in sent.values()))
            for fault in faults:
                broken += 1
                print(f"{call} {number}{more} {error}: {fault}")
            number += 1 if number < 10 else step
        kind = "and all after it" if more else "alone"
        print(f"{call} fails with {error}, {kind}: {runs} runs, in {hurt} the caller was refused something", flush=True)
    print(f"broken promises: {broken}")
    sys.exit(1 if broken else 0)


parts = urlsplit(url)
address = (parts.hostname or "127.0.0.1", parts.port or 5432)
began = int(time.time())
main()
