"""What the programs share that let single calls to the disk fail: a server of ours, and what is asked of it."""

import http.client
import json
import os
import signal
import subprocess

PEOPLE = 12


class Server:
    """A server on a folder of its own; `before` is what it is started under."""

    def __init__(self, program, token, environment, folder, before=()):
        self.token = token
        serve = [program, "serve", "--listen", "127.0.0.1:0", "--workers", "1", "--log-level", "error", "--data", folder]
        self.process = subprocess.Popen([*before, *serve], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
                                        text=True, start_new_session=True)
        self.address = None
        for line in self.process.stdout:
            if "answers at http://" in line:
                self.address = line.split("http://")[1].strip()
                break

    def ask(self, path, body):
        """Status and answer; none when the connection broke."""
        if self.address is None:
            return None
        connection = http.client.HTTPConnection(self.address, timeout=20)
        try:
            connection.request("POST", path, json.dumps(body), {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def has_ended(self, seconds):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def batch(number, at, name="n"):
    """Three events of one person."""
    return [{"event_id": f"{name}-{number}-{place}", "unit": f"case-{number}-x", "event": "money.came", "value": 1, "occurred_at": at}
            for place in range(3)]


def broken_promises(server, told, sent):
    """What a sound server says otherwise than the caller was told: arms by person, events by batch with whether they were taken."""
    faults = []
    for number, arm in told.items():
        answer = server.ask("/v1/trials/open/assignments", {"unit": f"case-{number}-x"})
        if answer is None or answer[1].get("outcome") != "existing" or answer[1].get("arm") != arm:
            faults.append(f"person {number} was told {arm}, now {answer}")
    for number, (events, taken) in sent.items():
        answer = server.ask("/v1/events", {"events": events})
        if answer is None or answer[0] != 200:
            faults.append(f"batch {number} is answered {answer}")
        elif answer[1]["duplicate"] not in ([len(events)] if taken else [0, len(events)]):
            faults.append(f"batch {number}, taken: {taken}, is {answer[1]}")
    return faults
