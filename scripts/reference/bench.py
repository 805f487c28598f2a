"""Times other libraries' answers to the questions of crates/stats/benches/methods.rs and prints JSON.

One object for each question and library: name, microseconds (median of the batches), library, version, and two numbers of
the answer, so that bench_table.py can see that the question was the same. A question that none of the libraries
answers has no object. R and some of its packages answer some of them where they are installed (bench.R). Run by scripts/bench.
"""

import csv
import importlib.metadata
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
import warnings

import lifelines
import lifelines.statistics
import lifelines.utils
import numpy as np
import pandas as pd
import scipy.stats
import spotify_confidence
import statsmodels.api as sm
from spotify_confidence.analysis.frequentist import sequential_bound_solver
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import survdiff
from statsmodels.stats import proportion

DATA = pathlib.Path(__file__).resolve().parents[2] / "crates/stats/tests/data/vectors/data"
BATCHES = 7
BATCH_SECONDS = 0.05

results = []


def timed(name, library, call):
    """Times one call after it has been made once: repeated within a batch until the batch is long enough to time."""
    answer = [float(number) for number in call()]
    began = time.perf_counter()
    call()
    repeats = max(1, round(BATCH_SECONDS / max(time.perf_counter() - began, 1e-7)))
    batches = []
    for _ in range(BATCHES):
        began = time.perf_counter()
        for _ in range(repeats):
            call()
        batches.append((time.perf_counter() - began) / repeats * 1e6)
    results.append({
        "name": name,
        "microseconds": statistics.median(batches),
        "library": library,
        "version": importlib.metadata.version(library),
        "answer": answer,
    })


def columns(file):
    with open(DATA / file, newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def proportions():
    x1, n1, x0, n0 = 56, 70, 48, 80
    # Not compare="diff": statsmodels 0.15 solves a wrong cubic equation there (its issue 10269), so it answers otherwise.
    for name, compare in [("mn-risk-ratio", "ratio"), ("mn-odds-ratio", "odds-ratio")]:
        timed(name, "statsmodels", lambda compare=compare: proportion.confint_proportions_2indep(
            x1, n1, x0, n0, method="score", compare=compare))

    def score_test():
        test = proportion.test_proportions_2indep(x1, n1, x0, n0, value=0, method="score", compare="diff")
        return test.statistic, test.pvalue

    timed("score-test", "statsmodels", score_test)

    def fisher():
        table = [[x1, n1 - x1], [x0, n0 - x0]]
        p = scipy.stats.fisher_exact(table).pvalue
        return p, scipy.stats.contingency.odds_ratio(table).confidence_interval(0.95).low

    timed("fisher", "scipy", fisher)

    for n, a, b in [(10, 7, 2), (40, 24, 14), (75, 45, 30)]:
        def boschloo(n=n, a=a, b=b):
            test = scipy.stats.boschloo_exact([[a, b], [n - a, n - b]], alternative="greater")
            return test.pvalue, test.statistic

        timed(f"boschloo-{n}", "scipy", boschloo)

    arms = pd.DataFrame({"arm": ["new", "current"], "success": [x1, x0], "people": [n1, n0]})

    def z_interval():
        test = spotify_confidence.ZTest(arms, "success", None, "people", categorical_group_columns="arm",
                                        interval_size=0.95)
        row = test.difference(level_1="current", level_2="new", absolute=True)
        return row["ci_lower"].iloc[0], row["ci_upper"].iloc[0]

    timed("wald", "spotify-confidence", z_interval)


def means():
    data = columns("rct.csv")
    new, current = data["y"][data["t"] == 1], data["y"][data["t"] == 0]

    def from_values():
        test = scipy.stats.ttest_ind(new, current, equal_var=False)
        return test.pvalue, test.confidence_interval(0.95).low

    timed("welch-values", "scipy", from_values)
    sums = [float(f(arm)) for arm in (new, current) for f in (np.mean, lambda arm: np.std(arm, ddof=1), len)]
    timed("welch-sums", "scipy", lambda: scipy.stats.ttest_ind_from_stats(*sums, equal_var=False))

    def permutation():
        def difference(a, b, axis):
            return a.mean(axis=axis) - b.mean(axis=axis)

        test = scipy.stats.permutation_test((new, current), difference, vectorized=True, n_resamples=9999, rng=1)
        return test.statistic, 0.0

    timed("permutation", "scipy", permutation)


def clusters():
    data = columns("cluster.csv")
    design, offices = sm.add_constant(data["t"]), data["office"].astype(int)

    def robust():
        fit = sm.OLS(data["y"], design).fit(cov_type="cluster", cov_kwds={"groups": offices})
        return fit.params[1], fit.bse[1]

    timed("cr1", "statsmodels", robust)


def survival():
    data = columns("surv.csv")
    times, events, arm = data["time"], data["event"], data["t"]
    new = arm == 1

    timed("logrank", "statsmodels", lambda: survdiff(times, events, arm))

    def logrank_lifelines():
        test = lifelines.statistics.logrank_test(times[new], times[~new], events[new], events[~new])
        return test.test_statistic, test.p_value

    timed("logrank", "lifelines", logrank_lifelines)

    censored = [scipy.stats.CensoredData.right_censored(times[which], events[which] == 0) for which in (new, ~new)]

    def logrank_scipy():
        test = scipy.stats.logrank(*censored)
        return test.statistic**2, test.pvalue

    timed("logrank", "scipy", logrank_scipy)

    def restricted_mean():
        # Without the variance, which this library integrates numerically for seconds; ours is timed with it.
        curves = [lifelines.KaplanMeierFitter().fit(times[which], events[which]) for which in (new, ~new)]
        return [lifelines.utils.restricted_mean_survival_time(curve, t=10) for curve in curves]

    timed("restricted-mean", "lifelines", restricted_mean)

    def cox_statsmodels():
        fit = PHReg(times, arm[:, None], status=events, ties="efron").fit()
        return fit.params[0], fit.bse[0]

    timed("cox", "statsmodels", cox_statsmodels)
    frame = pd.DataFrame({"time": times, "event": events, "t": arm})

    def cox_lifelines():
        fit = lifelines.CoxPHFitter().fit(frame, "time", "event")
        return fit.params_["t"], fit.standard_errors_["t"]

    timed("cox", "lifelines", cox_lifelines)


def group_sequential():
    for looks in (3, 5, 10, 20):
        information = np.arange(1, looks + 1) / looks

        def boundaries(information=information):
            # The settings with which that library itself calls it.
            bounds = sequential_bound_solver.bounds(
                information, alpha=0.025, rho=2.0, ztrun=8.0, sides=1, max_nints=1000).bounds
            return bounds[0], bounds[-1]

        timed(f"boundaries-{looks}", "spotify-confidence", boundaries)


def r():
    if shutil.which("Rscript") is None:
        print("Rscript is not installed: R is left out", file=sys.stderr)
        return
    script = pathlib.Path(__file__).with_name("bench.R")
    run = subprocess.run(["Rscript", "--vanilla", str(script), str(DATA)], stdout=subprocess.PIPE, text=True, check=True)
    for line in run.stdout.splitlines():
        name, library, version, microseconds, *answer = line.split("\t")
        results.append({
            "name": name,
            "microseconds": float(microseconds),
            "library": library,
            "version": version,
            "answer": [float(number) for number in answer],
        })


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for questions in (proportions, means, clusters, survival, group_sequential, r):
        questions()
    json.dump(results, sys.stdout, indent=1)
    print()
