# Times R's answers to the questions of crates/stats/benches/methods.rs: base R's, and those of packages that are installed (on
# Debian r-cran-rpact and r-cran-clubsandwich). Called by bench.py, which says what is asked.
#
# Argument: the folder of the data sets. One line a question: name, library, its version, microseconds (median of the batches), two
# numbers of the answer, separated by tabs.

batches <- 7
batch_seconds <- 0.05

seconds <- function(call, repeats) {
  began <- proc.time()[["elapsed"]]
  for (i in seq_len(repeats)) call()
  proc.time()[["elapsed"]] - began
}

library_of <- "R"

timed <- function(name, call) {
  answer <- as.numeric(call())
  repeats <- 1
  while (seconds(call, repeats) < batch_seconds) repeats <- repeats * 2
  each <- replicate(batches, seconds(call, repeats)) / repeats * 1e6
  version <- if (library_of == "R") getRversion() else packageVersion(library_of)
  cat(name, library_of, as.character(version), sprintf("%.17g", c(median(each), answer)), sep = "\t")
  cat("\n")
}

# Whether a package is there; its questions are left out otherwise, and that is said.
asks <- function(package) {
  found <- requireNamespace(package, quietly = TRUE)
  if (!found) message(package, " is not installed: its rows are left out")
  library_of <<- package
  found
}

folder <- commandArgs(trailingOnly = TRUE)[1]
table <- matrix(c(56, 48, 14, 32), 2)
timed("fisher", function() {
  test <- fisher.test(table)
  c(test$p.value, test$conf.int[1])
})

data <- read.csv(file.path(folder, "rct.csv"))
new <- data$y[data$t == 1]
current <- data$y[data$t == 0]
timed("welch-values", function() {
  test <- t.test(new, current)
  c(test$p.value, test$conf.int[1])
})

if (asks("clubSandwich")) {
  people <- read.csv(file.path(folder, "cluster.csv"))
  timed("cr2", function() {
    fit <- lm(y ~ t, people)
    test <- clubSandwich::coef_test(fit, "CR2", cluster = people$office, test = "Satterthwaite", coefs = "t")
    # The column of the degrees of freedom has had two names.
    c(test$SE, test[[intersect(c("df_Satt", "df"), names(test))[1]]])
  })
}

if (asks("rpact")) {
  rpact::setLogLevel("DISABLED")
  design <- function(looks, ...) {
    rpact::getDesignGroupSequential(kMax = looks, alpha = 0.025, sided = 1, informationRates = seq_len(looks) / looks,
      typeOfDesign = "asKD", gammaA = 2, ...)
  }
  for (looks in c(3, 5, 10, 20)) {
    timed(paste0("boundaries-", looks), function() design(looks)$criticalValues[c(1, looks)])
  }
  timed("beta-spending", function() {
    stopping <- design(3, beta = 0.2, typeBetaSpending = "bsOF", bindingFutility = FALSE)
    c(stopping$criticalValues[1], stopping$futilityBounds[1])
  })
  timed("sample-size-proportions", function() {
    size <- rpact::getSampleSizeRates(design(3), pi1 = 0.4, pi2 = 0.25)
    c(size$maxNumberOfSubjects, size$expectedNumberOfSubjectsH1)
  })
  # Means whose statistic at the second look is 2.7, and the effect in units of the whole information.
  plan <- design(3)
  results <- function(mean) {
    data <- rpact::getDataset(n1 = c(50, 50), n2 = c(50, 50), means1 = c(0.3, 2 * mean - 0.3), means2 = c(0, 0),
      stDevs1 = c(1, 1), stDevs2 = c(1, 1))
    list(data = data, stage = rpact::getStageResults(plan, data, normalApproximation = TRUE, stage = 2))
  }
  mean <- uniroot(function(mean) results(mean)$stage$overallTestStatistics[2] - 2.7, c(0.3, 0.6), tol = 1e-12)$root
  found <- results(mean)
  timed("stagewise", function() {
    p <- rpact::getFinalPValue(found$stage)$pFinal
    interval <- rpact::getFinalConfidenceInterval(plan, found$data, normalApproximation = TRUE, stage = 2)
    c(p, interval$medianUnbiased / mean * 2.7 / sqrt(2 / 3))
  })
}
