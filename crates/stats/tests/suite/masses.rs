//! Probabilities of binomial outcomes by adding one person at a time: no factorials, no logarithms, nothing of the crate's own.

/// The probabilities of 0 to `n` successes, each with probability `p`.
pub(crate) fn binomial(n: u64, p: f64) -> Vec<f64> {
    let mut masses = vec![1.0];
    for _ in 0..n {
        let mut next = vec![0.0; masses.len() + 1];
        for (k, mass) in masses.iter().enumerate() {
            next[k] += mass * (1.0 - p);
            next[k + 1] += mass * p;
        }
        masses = next;
    }
    masses
}
