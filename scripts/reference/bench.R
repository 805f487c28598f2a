# Times base R's answers to the questions of crates/stats/benches/methods.rs. Called by bench.py, which says what is asked.
#
# Argument: the folder of the data sets. One line a question: name, microseconds (median of the batches), two numbers of the
# answer, separated by tabs.

batches <- 7
batch_seconds <- 0.05

seconds <- function(call, repeats) {
  began <- proc.time()[["elapsed"]]
  for (i in seq_len(repeats)) call()
  proc.time()[["elapsed"]] - began
}

timed <- function(name, call) {
  answer <- call()
  repeats <- 1
  while (seconds(call, repeats) < batch_seconds) repeats <- repeats * 2
  each <- replicate(batches, seconds(call, repeats)) / repeats * 1e6
  cat(name, sprintf("%.17g", c(median(each), answer)), sep = "\t")
  cat("\n")
}

table <- matrix(c(56, 48, 14, 32), 2)
timed("fisher", function() {
  test <- fisher.test(table)
  c(test$p.value, test$conf.int[1])
})

data <- read.csv(file.path(commandArgs(trailingOnly = TRUE)[1], "rct.csv"))
new <- data$y[data$t == 1]
current <- data$y[data$t == 0]
timed("welch-values", function() {
  test <- t.test(new, current)
  c(test$p.value, test$conf.int[1])
})
