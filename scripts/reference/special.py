"""Writes crates/stats/tests/data/special.jsonl: values of special functions to 40 digits, rounded to double.

Needs mpmath. Run: python3 scripts/reference/special.py > crates/stats/tests/data/special.jsonl
Tails of gamma and beta distributions with large shapes are integrated numerically, so that the reference shares no
formula with the code under test. `tolerance` is the relative error that the code must keep.
"""

import json
import random

import mpmath as mp

mp.mp.dps = 50
rng = random.Random(20261123)


def emit(function, arguments, value, tolerance):
    value = float(value)
    # A value far below 1 is the exponential of a large number, whose last digits are lost with it.
    tolerance *= max(1.0, abs(float(mp.log(abs(value)))) / 100) if value else 1.0
    if value == value and abs(value) > 1e-300 and abs(value) < 1e300:
        print(json.dumps({"function": function, "arguments": arguments, "value": value, "tolerance": tolerance}))


def grid(*values):
    return [float(v) for v in values]


def normal():
    xs = grid(-37.5, -30, -20, -10.3, -8.3, -6.1, -5, -4.01, -3.3, -2.5758293035489, -1.96, -1, -0.61, -0.59, -0.3, -1e-5)
    xs += [-x for x in xs] + [0.0] + [round(rng.uniform(-12, 12), 6) for _ in range(60)]
    for x in xs:
        m = mp.mpf(x)
        emit("normal.cdf", [x], mp.ncdf(m) if x > -5 else mp.erfc(-m / mp.sqrt(2)) / 2, 2e-15 if x > -10 else 6e-15)
        emit("normal.ln_cdf", [x], mp.log(mp.erfc(-m / mp.sqrt(2)) / 2), 1e-14)
        emit("normal.erf", [x], mp.erf(m), 1e-15)
        emit("normal.erfc", [x], mp.erfc(m), 4e-15)
        if x > -26:
            emit("normal.erfcx", [x], mp.exp(m * m) * mp.erfc(m), 4e-15 if x > -10 else 2e-14)
    for x in grid(-60, -200, -1e4, -1e8):
        m = mp.mpf(x)
        emit("normal.ln_cdf", [x], mp.log(mp.erfc(-m / mp.sqrt(2)) / 2), 1e-14)
        ln = float(mp.log(mp.erfc(-m / mp.sqrt(2)) / 2))
        emit("normal.quantile_of_ln", [ln], x, 1e-13)
    for p in grid(1e-300, 1e-100, 1e-20, 1e-10, 1e-5, 0.001, 0.025, 0.2, 0.4, 0.499999, 0.6, 0.9, 0.975, 0.999999):
        root = mp.findroot(lambda z: mp.log(mp.erfc(-z / mp.sqrt(2)) / 2) - mp.log(mp.mpf(p)), float(mp.sqrt(2) * mp.erfinv(2 * p - 1)) if p > 1e-10 else -mp.sqrt(-2 * mp.log(p)))
        emit("normal.quantile", [p], root, 3e-15)


def gamma_family():
    for x in grid(1e-3, 0.1, 0.5, 0.9, 1.5, 2.7, 3.5, 9.99, 14.9, 15.1, 30, 171.5, 1e4, 1e8, 1e15):
        m = mp.mpf(x)
        emit("gamma.ln_gamma", [x], mp.loggamma(m), 5e-14)
        emit("gamma.trigamma", [x], mp.psi(1, m), 1e-14)
        with mp.workdps(80):
            emit("gamma.stirling_error", [x], mp.loggamma(m + 1) - (m + 0.5) * mp.log(m) + m - mp.log(2 * mp.pi) / 2, 1e-14)
    for x in grid(-0.999, -0.7, -0.5, -0.3, -1e-3, -1e-9, 1e-12, 1e-4, 0.1, 0.499, 0.51, 3, 1e6):
        emit("gamma.ln_1p_minus", [x], mp.log(1 + mp.mpf(x)) - mp.mpf(x), 5e-15)
    for x, m in [(3, 3.1), (100, 99), (100, 300), (1e8, 1.0001e8), (1e15, 1e15 + 1e8), (0.5, 1e-9), (1, 1e5)]:
        x, m = float(x), float(m)
        emit("gamma.deviance", [x, m], mp.mpf(x) * mp.log(mp.mpf(x) / mp.mpf(m)) + mp.mpf(m) - mp.mpf(x), 1e-14)


def counts():
    lb = lambda n, k: mp.loggamma(mp.mpf(n) + 1) - mp.loggamma(mp.mpf(k) + 1) - mp.loggamma(mp.mpf(n) - k + 1)
    with mp.workdps(80):
        for n, k in [(5, 2), (10, 5), (61, 30), (100, 29), (100, 31), (1000, 500), (10**6, 3), (10**6, 499000), (10**9, 10**8), (10**15, 10**14)]:
            emit("count.ln_choose", [n, k], lb(n, k), 1e-14)
        for n, k, p in [(10, 3, 0.3), (10, 0, 1e-9), (10, 10, 0.999), (100, 50, 0.5), (1000, 3, 0.003), (2 * 10**6, 10**6, 0.5),
                        (2 * 10**6, 1001000, 0.5), (10**9, 300010000, 0.3), (10**12, 5, 1e-12), (50, 49, 0.01)]:
            m = mp.mpf(p)
            emit("count.ln_binomial", [n, k, p], lb(n, k) + k * mp.log(m) + (n - k) * mp.log(1 - m), 3e-13)
        for k, mu in [(0, 3.5), (1, 1e-8), (5, 4.0), (100, 130.0), (10**6, 1.001e6), (10**9, 1e9), (10**12, 1.000001e12)]:
            emit("count.ln_poisson", [k, mu], k * mp.log(mp.mpf(mu)) - mp.mpf(mu) - mp.loggamma(mp.mpf(k) + 1), 3e-13)
        for k, m, u, d in [(3, 10, 10, 8), (0, 20, 20, 8), (5, 56, 29, 5), (500, 1000, 1000, 1000), (500000, 10**6, 10**6, 1001000),
                           (3, 1000, 1000, 15), (30, 50, 1950, 1000), (10**8, 2 * 10**8, 3 * 10**8, 25 * 10**7), (1, 1, 10**9, 7)]:
            emit("count.ln_hypergeometric", [k, m, u, d], lb(m, k) + lb(u, d - k) - lb(m + u, d), 3e-13)


def integrate_tail(log_density, x, mode, sd, upper, limit):
    """Integral of exp(log_density) from x away from (or through) the mode, in pieces of two standard deviations."""
    total = mp.mpf(0)
    step = 2 * sd if upper else -2 * sd
    at = mp.mpf(x)
    for _ in range(60):
        to = at + step
        if upper and limit is not None and to > limit:
            to = limit
        if not upper and to < 0:
            to = mp.mpf(0)
        piece = abs(mp.quad(lambda t: mp.exp(log_density(t)), [at, to]))
        total += piece
        at = to
        if piece < total * mp.mpf(10) ** -25 or at == 0 or at == limit:
            break
    return total


def incomplete_gamma():
    for a in grid(0.01, 0.3, 0.5, 1, 2.5, 10, 50.5, 300):
        for f in (1e-6, 0.01, 0.3, 0.9, 1.0, 1.2, 2.0, 5.0):
            x = float(a * f) if a > 1 else float(f)
            emit("incomplete_gamma.lower", [a, x], mp.gammainc(a, 0, mp.mpf(x), regularized=True), 2e-13)
            emit("incomplete_gamma.upper", [a, x], mp.gammainc(a, mp.mpf(x), mp.inf, regularized=True), 2e-13)
    for a in grid(1e4, 1e6, 1e8):
        sd = mp.sqrt(a)
        norm = mp.loggamma(mp.mpf(a))
        density = lambda t: (mp.mpf(a) - 1) * mp.log(t) - t - norm
        for z in (-12, -4, -1, 0, 0.5, 3, 9):
            x = float(a + z * sd)
            upper = z > 0
            emit("incomplete_gamma." + ("upper" if upper else "lower"), [a, x], integrate_tail(density, x, a, sd, upper, None), 2e-13)


def incomplete_beta():
    for a, b in [(0.01, 0.01), (0.01, 3), (0.5, 0.5), (0.5, 10.5), (1, 1), (2, 3), (2.5, 700), (10.5, 0.5), (40, 60), (81.5, 182.5), (300, 0.01)]:
        a, b = float(a), float(b)
        for x in (1e-10, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.8, 0.97, 0.9999):
            with mp.workdps(150):
                emit("beta.lower", [a, b, x], mp.betainc(a, b, 0, mp.mpf(x), regularized=True), 2e-13)
                emit("beta.upper", [a, b, x], mp.betainc(b, a, 0, 1 - mp.mpf(x), regularized=True), 2e-13)
    for a, b in [(1e3, 1e3), (1e4, 3.0), (1e6, 1e6), (1e5, 1e8), (1e8, 1e8), (5e7, 20.5)]:
        with mp.workdps(60):
            ma, mb = mp.mpf(a), mp.mpf(b)
            mean = ma / (ma + mb)
            sd = mp.sqrt(mean * (1 - mean) / (ma + mb + 1))
            norm = mp.loggamma(ma) + mp.loggamma(mb) - mp.loggamma(ma + mb)
            density = lambda t: (ma - 1) * mp.log(t) + (mb - 1) * mp.log(1 - t) - norm
            for z in (-10, -3, -0.7, 0, 0.7, 3, 10):
                x = float(mean + z * sd)
                if not 0 < x < 1:
                    continue
                upper = z > 0
                emit("beta." + ("upper" if upper else "lower"), [a, b, x], integrate_tail(density, x, mean, sd, upper, mp.mpf(1)), 3e-13)


def student_tail(t, df):
    t, df = mp.mpf(t), mp.mpf(df)
    norm = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(df * mp.pi) / 2
    if df <= 500:
        return mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2
    density = lambda s: norm - (df + 1) / 2 * mp.log1p(s * s / df)
    return integrate_tail(density, t, 0, mp.mpf(1), True, None)


def student():
    for df in grid(0.5, 1, 2, 3.7, 10, 30, 200, 1e4, 1e6, 1e7, 1e8, 1e12):
        for t in grid(0.001, 0.3, 0.9, 1.0, 1.1, 2, 3.5, 6, 12):
            emit("student.sf", [t, df], student_tail(t, df), 2e-13)
        for p in grid(1e-12, 1e-5, 0.025, 0.3):
            guess = -mp.sqrt(2) * mp.erfinv(2 * mp.mpf(p) - 1)
            if df <= 1:
                guess = mp.cot(mp.pi * p)
            elif df < 30:
                guess = guess + (guess**3 + guess) / (4 * df)
            lo, hi = mp.mpf(0), guess
            while student_tail(hi, df) > p:
                lo, hi = hi, 2 * hi
            with mp.workdps(30):
                root = mp.findroot(lambda s: mp.log(student_tail(s, df)) - mp.log(mp.mpf(p)), (lo if lo > 0 else hi / 2, hi), solver="anderson", tol=1e-24, maxsteps=200, verify=False)
            emit("student.quantile", [p, df], -root, 2e-13)


def inverses():
    for a in grid(0.01, 0.5, 1.5, 20, 3e3):
        for p in grid(1e-12, 1e-3, 0.025, 0.5, 0.975):
            # checked by substitution: the value is the probability, the test inverts and goes back
            print(json.dumps({"function": "incomplete_gamma.round_trip", "arguments": [a, p], "value": p, "tolerance": 2e-12}))
            print(json.dumps({"function": "beta.round_trip", "arguments": [a, 2.5, p], "value": p, "tolerance": 2e-12}))
            print(json.dumps({"function": "beta.round_trip", "arguments": [0.7, a, p], "value": p, "tolerance": 2e-12}))
    for x, df in [(3.841458820694124, 1), (1e-6, 3), (250, 100), (800, 2)]:
        emit("chi_square.sf", [float(x), float(df)], mp.gammainc(mp.mpf(df) / 2, mp.mpf(x) / 2, mp.inf, regularized=True), 1e-13)
    for f, d1, d2 in [(4.0, 3, 20), (0.2, 5, 7), (30.0, 2, 4), (1.1, 50, 1000), (100.0, 1, 12.5)]:
        x = mp.mpf(d2) / (d2 + d1 * mp.mpf(f))
        emit("f_distribution.sf", [float(f), float(d1), float(d2)], mp.betainc(mp.mpf(d2) / 2, mp.mpf(d1) / 2, 0, x, regularized=True), 1e-13)


normal()
gamma_family()
counts()
incomplete_gamma()
incomplete_beta()
student()
inverses()
