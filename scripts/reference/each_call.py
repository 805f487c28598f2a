"""Lets each single call to the disk fail, one after the other, and looks at what is left.

    each_call.py PROGRAM TEMPLATE TOKEN [STEP]

TEMPLATE is a folder with the database of an installation with the trial `open` under way, which the example `soak` makes. For every
kind of call and of fault the server is started on a copy of it under strace, which lets call number 1, 2, 3 and so on fail, until
a run makes no such call; with STEP, every STEPth number after the tenth. Within each run a caller assigns people and sends events and
writes down what it was told. Then the server is started again on a sound disk, and:

- everybody who was told an arm is in that arm; every event that was taken is known; a batch that was not answered is there
  whole or not at all;
- the chain of the audit is whole, and SQLite's own checks find nothing.

Before all that the judge is judged: on a sound disk it must find nothing, and what is done to the file behind the server's back it
must find. Ends with 1 when anything else is found.
"""

import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from calls import PEOPLE, Server, batch, broken_promises

program, template, token = sys.argv[1:4]
step = int(sys.argv[4]) if len(sys.argv) > 4 else 1
FAULTS = [
    ("pwrite64", "EIO", ""), ("pwrite64", "EIO", "+"), ("pwrite64", "ENOSPC", ""), ("pwrite64", "ENOSPC", "+"),
    ("fsync", "EIO", ""), ("fsync", "EIO", "+"), ("ftruncate", "EIO", ""), ("openat", "EMFILE", ""),
]


def environment(folder):
    return dict(os.environ, DATABASE_URL=f"sqlite:{folder}/fairtrial.db", FAIRTRIAL_MASTER_KEY="07" * 32)


def start(folder, before=()):
    return Server(program, token, environment(folder), f"{folder}/server", before)


def scenario(server):
    """What the caller was told: arms by person, events by batch (with whether they were taken)."""
    told, sent = {}, {}
    for number in range(PEOPLE):
        answer = server.ask("/v1/trials/open/assignments", {"unit": f"case-{number}-x"})
        if answer and answer[0] == 200:
            told[number] = answer[1]["arm"]
            at = answer[1]["assigned_at"]
            events = batch(number, at[:-1] + "001Z" if at.endswith("Z") else at)
            taken = server.ask("/v1/events", {"events": events})
            sent[number] = (events, bool(taken) and taken[0] == 200)
        elif answer and answer[0] not in (500, 503):
            sys.exit(f"a fault of the disk is answered {answer}")
    return told, sent


def check(folder, told, sent):
    server = start(folder)
    if server.address is None:
        return ["it does not start again"]
    faults = broken_promises(server, told, sent)
    server.kill()
    verified = subprocess.run([program, "audit", "verify", "--data", f"{folder}/server"], capture_output=True, text=True,
                              env=environment(folder))
    if verified.returncode != 0:
        faults.append(f"the audit: {verified.stdout}{verified.stderr}")
    database = sqlite3.connect(f"{folder}/fairtrial.db")
    found = (database.execute("PRAGMA integrity_check").fetchall(), database.execute("PRAGMA foreign_key_check").fetchall())
    if found != ([("ok",)], []):
        faults.append(f"the file: {found}")
    database.close()
    return faults


FALSIFICATIONS = {
    "an event is taken away": ("events", "DELETE FROM events WHERE sequence = (SELECT MAX(sequence) FROM events)"),
    "a person is moved": ("assignments", "UPDATE assignments SET arm = 1 - arm WHERE sequence = (SELECT MAX(sequence) FROM assignments)"),
    "a person is forgotten": ("assignments", "DELETE FROM assignments WHERE sequence = (SELECT MAX(sequence) FROM assignments)"),
}


def check_the_judge():
    """Without a fault nothing may be found, and what somebody did to the file behind the server's back must be."""
    for name, (table, statement) in {"nothing is done": (None, None), **FALSIFICATIONS}.items():
        with tempfile.TemporaryDirectory(prefix="fairtrial-call-") as folder:
            shutil.copytree(template, folder, dirs_exist_ok=True)
            server = start(folder)
            told, sent = scenario(server)
            server.kill()
            if len(told) < PEOPLE or not all(taken for _, taken in sent.values()):
                sys.exit("a sound disk refuses something")
            if table:
                database = sqlite3.connect(f"{folder}/fairtrial.db", isolation_level=None)
                guards = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)).fetchall()
                for (guard,) in guards:
                    database.execute(f'DROP TRIGGER "{guard}"')
                database.execute(statement)
                database.close()
            faults = check(folder, told, sent)
            if bool(faults) != bool(table):
                sys.exit(f"the judge is blind: {name}, and it finds {faults}")
    print(f"the judge sees: {'; '.join(FALSIFICATIONS)}", flush=True)


def main():
    check_the_judge()
    broken = 0
    for call, error, more in FAULTS:
        runs = stopped = felt = 0
        number = 1
        while True:
            with tempfile.TemporaryDirectory(prefix="fairtrial-call-") as folder:
                shutil.copytree(template, folder, dirs_exist_ok=True)
                log = pathlib.Path(folder, "strace")
                inject = f"inject={call}:error={error}:when={number}{more}"
                server = start(folder, ["strace", "-f", "-qq", "-o", log, "-e", f"trace={call}", "-e", inject])
                told, sent = scenario(server)
                hurt = len(told) < PEOPLE or not all(taken for _, taken in sent.values())
                stopped += server.has_ended(2 if hurt else 0)
                server.kill()
                if "INJECTED" not in log.read_text(encoding="utf-8", errors="replace"):
                    break
                runs, felt = runs + 1, felt + hurt
                for fault in check(folder, told, sent):
                    broken += 1
                    print(f"{call} {number}{more} {error}: {fault}")
            number += 1 if number < 10 else step
        kind = "and all after it" if more else "alone"
        print(f"{call} fails with {error}, {kind}: {runs} runs, in {felt} the caller was refused something, "
              f"{stopped} servers ended by themselves", flush=True)
    print(f"broken promises: {broken}")
    sys.exit(1 if broken else 0)


main()
