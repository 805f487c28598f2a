"""Writes or checks crates/domain/tests/data/allocation-v1.csv: 10,000 draws of the allocation, version 1.

The allocation is a public contract: anybody with a trial's secret can replay it. This program shares no code with the one
in Rust; it follows the description in crates/domain/src/allocation/mod.rs and needs nothing but Python's library.

Run: python3 scripts/reference/allocation.py > crates/domain/tests/data/allocation-v1.csv
     python3 scripts/reference/allocation.py --check crates/domain/tests/data/allocation-v1.csv

Columns: method; secret, one byte in hexadecimal that is repeated 32 times; ratio of the arms; then
  simple   unit: the pseudonym in hexadecimal
  blocks   unit: the stratum, `detail`: the multiples allowed, `place`: how many units of the stratum came before
  cluster  unit: the cluster, `detail`: the number of clusters, whose keys are site-1, site-2, ...
and the arm, counted from 0.
"""

import hashlib
import hmac
import sys

HEADER = "method,secret,ratio,unit,detail,place,arm"


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


def lines():
    yield HEADER
    for row in rows():
        yield ",".join(map(str, row))


def check(path):
    with open(path, encoding="utf-8") as file:
        kept = file.read().splitlines()
    made = list(lines())
    wrong = [n for n, (a, b) in enumerate(zip(kept, made), 1) if a != b]
    if wrong or len(kept) != len(made):
        where = wrong[0] if wrong else min(len(kept), len(made)) + 1
        sys.exit(f"{path} differs from what this program makes, first in line {where}")
    print(f"{path}: {len(made) - 1} draws agree")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"] and len(sys.argv) == 3:
        check(sys.argv[2])
    elif len(sys.argv) == 1:
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        for line in lines():
            print(line)
    else:
        sys.exit(__doc__)
