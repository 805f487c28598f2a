"""Draws allocations of version 1 again, without sharing code with the program in Rust.

The allocation is a public contract: anybody with a trial's secret can replay it. This program follows docs/ALLOCATION.md
and needs nothing but Python's library.

Run: python3 scripts/reference/allocation.py v1 > crates/domain/tests/data/allocation-v1.csv
     python3 scripts/reference/allocation.py v1-balanced > crates/domain/tests/data/allocation-v1-balanced.csv
     python3 scripts/reference/allocation.py --check FILE...      the two files of vectors, by their names
     python3 scripts/reference/allocation.py --bundle FILE...     allocation bundles, as published when data are locked

Columns of allocation-v1.csv: method; secret, one byte in hexadecimal that is repeated 32 times; ratio of the arms; then
  simple   unit: the pseudonym in hexadecimal
  blocks   unit: the stratum, `detail`: the multiples allowed, `place`: how many units of the stratum came before
  cluster  unit: the cluster, `detail`: the number of clusters, whose keys are site-1, site-2, ...
and the arm, counted from 0.

Columns of allocation-v1-balanced.csv: method, secret and ratio as above; `detail`: what the plan says; `place`: how many
units were drawn before; `group`: the levels of the factors, or the site; `day`; the arm; and whether it is not counted.
  minimisation   detail: number of factors and probability, as in 2:0.8; the rows of one detail, secret and ratio follow
                 each other
  stepped_wedge  detail: number of sites, whose keys are site-1, site-2, ...; sites per step; transition days; steps
"""

import datetime
import fractions
import functools
import hashlib
import hmac
import json
import os
import sys

HEADER = "method,secret,ratio,unit,detail,place,arm"
BALANCED = "method,secret,ratio,detail,place,group,day,arm,apart"
SCHEMA = "fairtrial/allocation-bundle/1"


def draw(secret, message, places):
    digest = hmac.new(secret, ("fairtrial/1/" + message).encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") * places // 2**64


def owner(ratio, place):
    """Which arm owns a place below the sum of the ratio."""
    for arm, share in enumerate(ratio):
        if place < share:
            return arm
        place -= share
    raise ValueError("no such place")


def shuffled(secret, name, order):
    """Fisher and Yates, from the last position down to 1."""
    order = list(order)
    for last in range(len(order) - 1, 0, -1):
        other = draw(secret, name + str(last), last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def simple(secret, ratio, unit):
    return owner(ratio, draw(secret, "arm/" + unit, sum(ratio)))


def block(secret, ratio, multiples, stratum, number):
    name = f"block/{stratum}/{number}/"
    multiple = multiples[draw(secret, name + "size", len(multiples))]
    return shuffled(secret, name, [arm for arm, share in enumerate(ratio) for _ in range(share * multiple)])


def stratum_sequence(secret, ratio, multiples, stratum, length):
    arms, number = [], 0
    while len(arms) < length:
        arms += block(secret, ratio, multiples, stratum, number)
        number += 1
    return arms[:length]


def clusters(secret, ratio, keys):
    one_round = [arm for arm, share in enumerate(ratio) for _ in range(share)]
    full, rest = divmod(len(keys), len(one_round))
    dealt = one_round * full + shuffled(secret, "cluster/last/", one_round)[:rest]
    return dict(zip(sorted(keys, key=str.encode), shuffled(secret, "cluster/", dealt)))


def levels_of(label):
    return [level.replace("~1", "/").replace("~0", "~") for level in label.split("/")]


class Minimisation:
    """Pocock and Simon's ranges, weighed by the shares; Han, Enas and McEntegart's probabilities for unequal shares."""

    def __init__(self, secret, ratio, factors, probability):
        self.secret, self.ratio, self.probability = secret, ratio, fractions.Fraction(probability)
        self.counts, self.drawn, self.factors = {}, 0, factors

    def imbalance(self, levels, arm):
        total = fractions.Fraction(0)
        for key in enumerate(levels):
            held = list(self.counts.get(key, [0] * len(self.ratio)))
            held[arm] += 1
            weighed = [fractions.Fraction(n, share) for n, share in zip(held, self.ratio)]
            total += max(weighed) - min(weighed)
        return total

    def next(self, label):
        levels = levels_of(label)
        if len(levels) != self.factors:
            return None
        imbalances = [self.imbalance(levels, arm) for arm in range(len(self.ratio))]
        equals = [share if i == min(imbalances) else 0 for share, i in zip(self.ratio, imbalances)]
        preferred = owner(equals, draw(self.secret, f"minimisation/{self.drawn}/preferred", sum(equals)))
        spare = sum(self.ratio) - min(self.ratio)
        place = fractions.Fraction(draw(self.secret, f"minimisation/{self.drawn}/arm", 10**6 * spare), 10**6)
        arm = preferred
        for other, share in enumerate(self.ratio):
            if other == preferred:
                continue
            place -= (1 - self.probability) * share
            if place < 0:
                arm = other
                break
        for key in enumerate(levels):
            self.counts.setdefault(key, [0] * len(self.ratio))[arm] += 1
        self.drawn += 1
        return arm


class Calendar:
    """Which site of a stepped wedge crosses on which day."""

    def __init__(self, secret, sites, steps, transition_days, sites_per_step, control):
        order = shuffled(secret, "wedge/", sorted(sites, key=str.encode))
        days = [step for step, count in zip(steps, sites_per_step) for _ in range(count)]
        self.crossing, self.control = dict(zip(order, days)), control
        self.transition = datetime.timedelta(days=transition_days)

    def arm(self, site, day):
        if site not in self.crossing:
            return None
        return self.control if day < self.crossing[site] else 1 - self.control

    def apart(self, site, day):
        return self.crossing[site] <= day < self.crossing[site] + self.transition


def rows():
    ratios = [[1, 1], [2, 1], [1, 1, 1], [2, 1, 1], [5, 1, 1, 1, 1], [1, 1000], [7, 3]]
    text = lambda numbers: ":".join(map(str, numbers))
    for n in range(6000):
        byte, ratio = n % 251, ratios[n % len(ratios)]
        unit = hashlib.sha256(f"unit-{n}".encode()).hexdigest()[:32]
        yield ["simple", f"{byte:02x}", text(ratio), unit, "", "", simple(bytes([byte]) * 32, ratio, unit)]
    strata = ["", "north", "south/18-29", "māori", "a/b/c"]
    for n, ratio in enumerate([[1, 1], [2, 1], [1, 1, 1], [3, 2, 1]]):
        for m, multiples in enumerate([[2, 3, 4], [1], [4, 1]]):
            for s, stratum in enumerate(strata):
                byte = 17 * n + 5 * m + s + 1
                sequence = stratum_sequence(bytes([byte]) * 32, ratio, multiples, stratum, 50)
                for place, arm in enumerate(sequence):
                    yield ["blocks", f"{byte:02x}", text(ratio), stratum, text(multiples), place, arm]
    written = 0
    for n in range(1000):
        byte, ratio, size = 255 - n % 200, ratios[n % 5], 2 + n * 7 % 40
        found = clusters(bytes([byte]) * 32, ratio, [f"site-{i + 1}" for i in range(size)])
        for key, arm in found.items():
            if written == 1000:
                return
            written += 1
            yield ["cluster", f"{byte:02x}", text(ratio), key, size, "", arm]


def balanced_rows():
    text = lambda numbers: ":".join(map(str, numbers))
    plans = [
        ([1, 1], [["f", "m"], ["18-29", "30-49", "50/64"], ["north", "south"]], "0.8"),
        ([1, 1], [["yes", "no"]], "1"),
        ([2, 1], [["a", "b", "c"], ["yes", "no"]], "0.75"),
        ([1, 1, 1], [["t\u0101ne", "wahine"], ["a~b", "a/b"]], "0.700001"),
        ([5, 3, 1, 1], [["x", "y"], ["p", "q"], ["r", "s"], ["t", "u"], ["v", "w"], ["0", "1"]], "0.9"),
        ([1, 7], [["only", "other"]], "0.501"),
    ]
    escape = lambda level: level.replace("~", "~0").replace("/", "~1")
    for n, (ratio, factors, probability) in enumerate(plans):
        for seed in range(3):
            byte = 40 * n + 11 * seed + 2
            rule = Minimisation(bytes([byte]) * 32, ratio, len(factors), probability)
            for place in range(200):
                chosen = hashlib.sha256(f"levels-{n}-{seed}-{place}".encode()).digest()
                # Levels of unequal frequency, as they are among people.
                levels = [values[min(chosen[i] * len(values) // 200, len(values) - 1)] for i, values in enumerate(factors)]
                group = "/".join(map(escape, levels))
                detail = f"{len(factors)}:{probability}"
                yield ["minimisation", f"{byte:02x}", text(ratio), detail, place, group, "", rule.next(group), ""]
    wedges = [
        (6, [2, 2, 2], 14, ["2027-03-01", "2027-04-01", "2027-05-01"]),
        (5, [3, 2], 0, ["2027-09-26", "2028-02-29"]),
        (30, [1, 2, 3, 4, 5, 6, 9], 10, ["2027-01-01", "2027-01-08", "2027-02-01", "2027-03-01", "2027-06-30", "2027-12-31", "2028-03-01"]),
    ]
    for n, (sites, per_step, transition, steps) in enumerate(wedges):
        for seed in range(4):
            byte, days = 60 * n + 13 * seed + 7, [datetime.date.fromisoformat(step) for step in steps]
            names = [f"site-{i + 1}" for i in range(sites)]
            calendar = Calendar(bytes([byte]) * 32, names, days, transition, per_step, 0)
            detail = "|".join([str(sites), text(per_step), str(transition), text(steps)])
            around = sorted({day + datetime.timedelta(days=k) for day in days for k in (-1, 0, transition - 1, transition)})
            for site in names[:12]:
                for day in around:
                    apart = int(calendar.apart(site, day))
                    yield ["stepped_wedge", f"{byte:02x}", "1:1", detail, "", site, day, calendar.arm(site, day), apart]


def lines():
    yield HEADER
    for row in rows():
        yield ",".join(map(str, row))


def balanced_lines():
    yield BALANCED
    for row in balanced_rows():
        yield ",".join(map(str, row))


FILES = {"v1": lines, "v1-balanced": balanced_lines}


def check(path):
    name = os.path.basename(path).removeprefix("allocation-").removesuffix(".csv")
    with open(path, encoding="utf-8") as file:
        kept = file.read().splitlines()
    made = list(FILES[name]())
    wrong = [n for n, (a, b) in enumerate(zip(kept, made), 1) if a != b]
    if wrong or len(kept) != len(made):
        where = wrong[0] if wrong else min(len(kept), len(made)) + 1
        sys.exit(f"{path} differs from what this program makes, first in line {where}")
    print(f"{path}: {len(made) - 1} draws agree")


def drawing(secret, plan, ratio, control):
    """The function that draws one row of a bundle after the other: unit, group, day -> arm, or None."""
    method = plan["method"]
    if method == "simple":
        return lambda unit, group, day: simple(secret, ratio, unit)
    if method == "permuted_blocks":
        waiting = {}

        def next_of(unit, group, day):
            number, left = waiting.get(group, (0, []))
            if not left:
                left, number = block(secret, ratio, plan["block_multiples"], group, number), number + 1
            waiting[group] = (number, left[1:])
            return left[0]

        return next_of
    if method == "minimisation":
        rule = Minimisation(secret, ratio, len(plan["factors"]), plan["probability"])
        return lambda unit, group, day: rule.next(group)
    if method == "cluster":
        arms = clusters(secret, ratio, plan["roster"])
        return lambda unit, group, day: arms.get(group)
    if method == "stepped_wedge":
        steps = [datetime.date.fromisoformat(step) for step in plan["steps"]]
        calendar = Calendar(secret, plan["sites"], steps, plan["transition_days"], plan["sites_per_step"], control)
        return lambda unit, group, day: calendar.arm(group, datetime.date.fromisoformat(day))
    sys.exit(f"unknown method {method}")


def verify(path):
    """Draws the list of a bundle again; ends with 1 at the first row that differs."""
    with open(path, encoding="utf-8") as file:
        bundle = json.load(file)
    wrong = lambda what: sys.exit(f"{path}: {what}")
    if bundle["schema"] != SCHEMA or bundle["algo_version"] != 1:
        wrong("another version")
    secret = bytes.fromhex(bundle["secret"])
    if hashlib.sha256(secret).hexdigest() != bundle["secret_commitment"]:
        wrong("the secret is not the one committed to")
    arms = [arm["key"] for arm in bundle["arms"]]
    control = [arm["control"] for arm in bundle["arms"]].index(True)
    next_arm = drawing(secret, bundle["allocation"], [arm["ratio"] for arm in bundle["arms"]], control)
    seen = set()
    for row, (number, unit, group, day, arm) in enumerate(bundle["list"], 1):
        if number != row or unit in seen:
            wrong(f"row {row} is out of order or there twice")
        seen.add(unit)
        drawn = next_arm(unit, group, day)
        if drawn is None or arms[drawn] != arm:
            wrong(f"row {row}: the list says {arm}, the draw says {None if drawn is None else arms[drawn]}")
    compact = functools.partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
    text = "".join(compact(row) + "\n" for row in bundle["list"])
    if bundle["list_digest"] != "sha256:" + hashlib.sha256(text.encode()).hexdigest():
        wrong("the list was changed")
    print(f"{path}: {len(bundle['list'])} assignments agree")


if __name__ == "__main__":
    asked = sys.argv[1:]
    if asked[:1] == ["--check"] and len(asked) > 1:
        for path in asked[1:]:
            check(path)
    elif asked[:1] == ["--bundle"] and len(asked) > 1:
        for path in asked[1:]:
            verify(path)
    elif len(asked) == 1 and asked[0] in FILES:
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        for line in FILES[asked[0]]():
            print(line)
    else:
        sys.exit(__doc__)
