"""Writes crates/stats/tests/data/special.tsv: 2,000 random points of every special function, tails included, to 40 digits.

Needs mpmath. Run: python3 scripts/reference/special_many.py > crates/stats/tests/data/special.tsv

Sections begin with the function's name and the relative error that it must keep; then one line a point: the arguments and the
value, rounded to double. Arguments are exact doubles. Distributions with large shapes are integrated numerically, so that the
reference shares no formula with the code under test; the others are mpmath's series with guard digits.
"""

import random
import sys

import mpmath as mp

POINTS = 2000
rng = random.Random()
mp.mp.dps = 45


def rounded(value, digits=5):
    """A double that is written with few digits."""
    return float(f"{value:.{digits}g}")


def spread(low, high, digits=5):
    """Evenly spread over the powers of ten between two positive numbers."""
    return rounded(10 ** rng.uniform(low, high), digits)


def section(name, tolerance, point):
    print(f"{name}\t{tolerance:g}")
    rng.seed(f"{name} 20261126")
    done = 0
    while done < POINTS:
        found = point(done / POINTS)
        if found is None:
            continue
        arguments, value = found
        value = float(value)
        if value != value or not 1e-300 < abs(value) < 1e300:
            continue
        print("\t".join(repr(a) for a in (*arguments, value)))
        done += 1
    sys.stdout.flush()


def ncdf(x):
    return mp.erfc(-mp.mpf(x) / mp.sqrt(2)) / 2


def symmetric(share):
    """Mostly the middle, a third of the points in the tails to where doubles end."""
    return rounded(rng.uniform(-37, 37) if share < 0.33 else rng.uniform(-8, 8))


def normal_quantile(p):
    ln_p = mp.log(mp.mpf(p))
    z = -mp.sqrt(-2 * ln_p) if p < 0.01 else mp.sqrt(2) * mp.erfinv(2 * mp.mpf(p) - 1)
    for _ in range(60):
        cdf = ncdf(z)
        step = (mp.log(cdf) - ln_p) * cdf / mp.npdf(z)
        z -= step
        if abs(step) < mp.mpf(10) ** -35 * (1 + abs(z)):
            break
    return z


def normal():
    section("normal.cdf", 4e-14, lambda s: ((x := symmetric(s),), ncdf(x)))

    def ln_cdf(s):
        x = symmetric(s) if s < 0.8 else -spread(1, 8)
        upper = mp.erfc(mp.mpf(x) / mp.sqrt(2)) / 2
        return (x,), mp.log1p(-upper) if x > 0 else mp.log(ncdf(x))

    section("normal.ln_cdf", 1e-14, ln_cdf)
    section("normal.erf", 1e-15, lambda s: ((x := rounded(rng.uniform(-6, 6)) if s < 0.7 else spread(-30, 0),), mp.erf(x)))
    section("normal.erfc", 3e-14, lambda s: ((x := rounded(rng.uniform(-6, 26)),), mp.erfc(x)))
    section("normal.erfcx", 1e-13, lambda s: ((x := rounded(rng.uniform(-26, 30)) if s < 0.7 else spread(0, 12),),
                                              mp.exp(mp.mpf(x) ** 2) * mp.erfc(x) if x < 1e5 else 1 / (mp.mpf(x) * mp.sqrt(mp.pi)) * (1 - 1 / (2 * mp.mpf(x) ** 2))))
    section("normal.quantile", 1e-14, lambda s: ((p := spread(-299, -0.31) if s < 0.4 else rounded(rng.uniform(0.001, 0.999)),),
                                                normal_quantile(p) if abs(p - 0.5) > 1e-4 else mp.nan))

    def of_ln(s):
        z = -spread(0, 6) if s < 0.7 else rounded(rng.uniform(-3, 3))
        if abs(z) < 0.01:
            return None
        ln_p = float(mp.log(ncdf(z)))
        # The argument has been rounded; one exact Newton step gives the quantile of the rounded one.
        exact = mp.mpf(z) + (mp.mpf(ln_p) - mp.log(ncdf(z))) * ncdf(z) / mp.npdf(z)
        return (ln_p,), exact

    section("normal.quantile_of_ln", 1e-13, of_ln)


def gamma_family():
    section("gamma.ln_gamma", 5e-14, lambda s: ((x := spread(-3, 15) if s < 0.7 else rounded(rng.uniform(0.001, 30)),),
                                              mp.loggamma(x) if min(abs(x - 1), abs(x - 2)) > 0.1 else mp.nan))
    section("gamma.trigamma", 2e-14, lambda s: ((x := spread(-3, 12),), mp.psi(1, mp.mpf(x))))

    def stirling(_):
        x = spread(-3, 14)
        with mp.workdps(70):
            m = mp.mpf(x)
            return (x,), mp.loggamma(m + 1) - (m + mp.mpf(1) / 2) * mp.log(m) + m - mp.log(2 * mp.pi) / 2

    section("gamma.stirling_error", 2e-14, stirling)

    def ln_1p_minus(s):
        x = rng.choice((-1, 1)) * spread(-12, -0.01) if s < 0.8 else spread(0, 9)
        with mp.workdps(80):
            return (x,), mp.log(1 + mp.mpf(x)) - mp.mpf(x)

    section("gamma.ln_1p_minus", 1e-14, ln_1p_minus)

    def deviance(s):
        x = spread(-3, 14)
        m = rounded(x * (1 + rng.uniform(-0.9, 3)) if s < 0.5 else x * (1 + rng.choice((-1, 1)) * 10 ** rng.uniform(-6, -1)), 12)
        if m == x:
            return None
        with mp.workdps(70):
            a, b = mp.mpf(x), mp.mpf(m)
            return (x, m), a * mp.log(a / b) + b - a

    section("gamma.deviance", 2e-14, deviance)


def ln_binomial(n, k):
    return mp.loggamma(mp.mpf(n) + 1) - mp.loggamma(mp.mpf(k) + 1) - mp.loggamma(mp.mpf(n) - k + 1)


def counts():
    def whole(low, high):
        return int(10 ** rng.uniform(low, high))

    def choose(_):
        n = whole(0.5, 15)
        k = rng.randrange(1, n) if rng.random() < 0.5 else min(whole(0, 3), n - 1)
        with mp.workdps(70):
            return (n, k), ln_binomial(n, k)

    section("count.ln_choose", 2e-14, choose)

    def binomial(_):
        n, p = whole(0, 9), rounded(10 ** rng.uniform(-9, -0.01))
        mean, sd = n * p, (n * p * (1 - p)) ** 0.5
        k = min(n, max(0, int(mean + sd * rng.uniform(-12, 12))))
        with mp.workdps(70):
            m = mp.mpf(p)
            return (n, k, p), ln_binomial(n, k) + k * mp.log(m) + (n - k) * mp.log(1 - m)

    section("count.ln_binomial", 1e-12, binomial)

    def poisson(_):
        mu = spread(-6, 12)
        k = max(0, int(mu + mu**0.5 * rng.uniform(-12, 15)))
        with mp.workdps(70):
            return (k, mu), k * mp.log(mp.mpf(mu)) - mp.mpf(mu) - mp.loggamma(mp.mpf(k) + 1)

    section("count.ln_poisson", 1e-12, poisson)

    def hypergeometric(_):
        m, u = whole(0, 8), whole(0, 8)
        d = rng.randrange(0, m + u + 1)
        low, high = max(0, d - u), min(m, d)
        mean = d * m / (m + u)
        sd = (mean * u / (m + u) * (m + u - d) / max(1, m + u - 1)) ** 0.5
        k = min(high, max(low, int(mean + sd * rng.uniform(-10, 10))))
        if low == high:
            return None
        with mp.workdps(70):
            return (k, m, u, d), ln_binomial(m, k) + ln_binomial(u, d - k) - ln_binomial(m + u, d)

    section("count.ln_hypergeometric", 1e-12, hypergeometric)



def tail(ln_density, x, sd, upward, end):
    """Integral of exp(ln_density) from x outwards, in steps of a tenth of a standard deviation."""
    total, at = mp.mpf(0), mp.mpf(x)
    for _ in range(400):
        to = at + (sd / 10 if upward else -sd / 10)
        to = min(to, end) if upward else max(to, end)
        piece = abs(mp.quad(lambda t: mp.exp(ln_density(t)), [at, to], method="gauss-legendre", maxdegree=5))
        total, at = total + piece, to
        if piece < total * mp.mpf(10) ** -22 or at == end:
            break
    return total


def incomplete_gamma():
    def point(upward):
        def one(s):
            if s < 0.04:
                a = spread(4, 8)
                x = rounded(a + a**0.5 * rng.uniform(0.1, 9) * (1 if upward else -1), 12)
                with mp.workdps(30):
                    shape = mp.mpf(a)
                    norm = mp.loggamma(shape)
                    density = lambda t: (shape - 1) * mp.log(t) - t - norm
                    return (a, x), tail(density, x, mp.sqrt(shape), upward, mp.inf if upward else mp.mpf(0))
            a = spread(-2, 2.7)
            x = rounded(max(1e-8, a + (a**0.5 + 1) * rng.uniform(-6, 12))) if s < 0.7 else spread(-8, 2)
            with mp.workdps(60):
                value = mp.gammainc(a, mp.mpf(x), mp.inf, regularized=True) if upward else mp.gammainc(a, 0, mp.mpf(x), regularized=True)
            return (a, x), value

        return one

    section("incomplete_gamma.lower", 3e-13, point(False))
    section("incomplete_gamma.upper", 3e-13, point(True))


def incomplete_beta():
    def point(upward):
        def one(s):
            if s < 0.04:
                a, b = spread(3, 8), spread(1.5, 8)
                mean = a / (a + b)
                sd = (mean * (1 - mean) / (a + b + 1)) ** 0.5
                x = rounded(mean + sd * rng.uniform(0.1, 8) * (1 if upward else -1), 12)
                if not 0 < x < 1:
                    return None
                with mp.workdps(35):
                    ma, mb = mp.mpf(a), mp.mpf(b)
                    norm = mp.loggamma(ma) + mp.loggamma(mb) - mp.loggamma(ma + mb)
                    density = lambda t: (ma - 1) * mp.log(t) + (mb - 1) * mp.log(1 - t) - norm
                    return (a, b, x), tail(density, x, mp.mpf(sd), upward, mp.mpf(1) if upward else mp.mpf(0))
            a, b = spread(-2, 2.3), spread(-2, 2.3)
            x = rounded(rng.betavariate(a, b)) if s < 0.6 else spread(-9, -0.001)
            if not 1e-60 < x < 1:
                return None
            with mp.workdps(90):
                value = mp.betainc(b, a, 0, 1 - mp.mpf(x), regularized=True) if upward else mp.betainc(a, b, 0, mp.mpf(x), regularized=True)
            return (a, b, x), value

        return one

    section("beta.lower", 4e-13, point(False))
    section("beta.upper", 4e-13, point(True))


def student_tail(t, df):
    t, df = mp.mpf(t), mp.mpf(df)
    return mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2


def tests():
    def student(s):
        if s < 0.04:
            df, t = spread(3, 12), rounded(rng.uniform(0.1, 12))
            with mp.workdps(30):
                d = mp.mpf(df)
                norm = mp.loggamma((d + 1) / 2) - mp.loggamma(d / 2) - mp.log(d * mp.pi) / 2 if df < 1e9 else -mp.log(2 * mp.pi) / 2 - 1 / (4 * d)
                return (t, df), tail(lambda v: norm - (d + 1) / 2 * mp.log1p(v * v / d), t, mp.mpf(1), True, mp.inf)
        df = spread(-0.5, 2.6)
        t = spread(-3, 2)
        with mp.workdps(60):
            return (t, df), student_tail(t, df)

    section("student.sf", 4e-13, student)

    def quantile(s):
        df, p = spread(-0.3, 2.6), spread(-14, -0.31) if s < 0.6 else rounded(rng.uniform(0.001, 0.49))
        if p > 0.495:
            return None
        with mp.workdps(40):
            low, high = mp.mpf("1e-3"), mp.mpf(2)
            while student_tail(high, df) > p:
                low, high = high, high * 4
            ln_p = mp.log(mp.mpf(p))
            root = mp.findroot(lambda u: mp.log(student_tail(mp.exp(u), df)) - ln_p, (mp.log(low), mp.log(high)),
                               solver="anderson", tol=1e-24, maxsteps=100, verify=False)
            return (p, df), -mp.exp(root)

    section("student.quantile", 1e-12, quantile)

    def chi_square(_):
        x, df = spread(-6, 2.8), rounded(rng.uniform(0.5, 200))
        with mp.workdps(60):
            return (x, df), mp.gammainc(mp.mpf(df) / 2, mp.mpf(x) / 2, mp.inf, regularized=True)

    section("chi_square.sf", 3e-13, chi_square)

    def f_distribution(_):
        f, d1, d2 = spread(-4, 3), rounded(rng.uniform(0.5, 200)), rounded(rng.uniform(0.5, 300))
        with mp.workdps(90):
            x = mp.mpf(d2) / (mp.mpf(d2) + mp.mpf(d1) * mp.mpf(f))
            return (f, d1, d2), mp.betainc(mp.mpf(d2) / 2, mp.mpf(d1) / 2, 0, x, regularized=True)

    section("f_distribution.sf", 4e-13, f_distribution)


normal()
gamma_family()
counts()
incomplete_gamma()
incomplete_beta()
tests()
