//! Beta beliefs on a grid of log-odds that is as fine as they are: densities, and by integrating those, both tails everywhere.
//!
//! On the log-odds t a beta density is exp(a t - (a + b) ln(1 + e^t)) but for a factor. Panels are as wide as the slope and the
//! curvature of that logarithm allow, so that a polynomial through the nodes of a panel is the density to rounding, and its
//! integral up to each node the tail. That needs no incomplete beta function but for what lies beyond the grid.

use crate::special::elementary::{exp, ln, ln_1p};
use std::sync::LazyLock;

use crate::special::beta;
use crate::special::quadrature::GaussLegendre;

/// Nodes of a panel.
const ORDER: usize = 24;
/// Width of a panel in units of the local scale, and how much the slope counts beside the curvature.
const WIDTH: f64 = 2.5;
const SLOPE: f64 = 1.0 / 6.0;
/// Where the logarithm of each density has fallen by d, all beliefs overlap; what is sought is then at least of the order of e^-2d. So
/// they are followed until it has fallen by SPARE more than that. The last of these is where numbers end.
const OVERLAPS: [f64; 3] = [8.0, 60.0, 350.0];
const SPARE: f64 = 30.0;

static RULE: LazyLock<GaussLegendre> = LazyLock::new(|| GaussLegendre::new(ORDER));
/// By node i and node k: the weight of the value at k in the integral from -1 to i.
static UP_TO: LazyLock<Vec<[f64; ORDER]>> = LazyLock::new(up_to);

/// The integrals of the polynomial that is 1 at one node and 0 at the others, by its Legendre series.
fn up_to() -> Vec<[f64; ORDER]> {
    let legendre = |x: f64| {
        let mut values = [1.0; ORDER + 1];
        values[1] = x;
        for m in 2..=ORDER {
            let order = m as f64;
            values[m] = ((2.0 * order - 1.0) * x * values[m - 1] - (order - 1.0) * values[m - 2]) / order;
        }
        values
    };
    let values: Vec<[f64; ORDER + 1]> = RULE.nodes.iter().map(|x| legendre(*x)).collect();
    let integral = |i: usize, k: usize| {
        let at = &values[i];
        let series: f64 = (1..ORDER).map(|m| values[k][m] * (at[m + 1] - at[m - 1])).sum();
        0.5 * RULE.weights[k] * (1.0 + at[1] + series)
    };
    (0..ORDER).map(|i| std::array::from_fn(|k| integral(i, k))).collect()
}

/// Shapes of a beta distribution, and where it lives.
#[derive(Clone, Copy)]
struct Belief {
    a: f64,
    b: f64,
    /// Where the logarithm of the density has fallen by the depth.
    from: f64,
    to: f64,
}

impl Belief {
    fn new((a, b): (f64, f64), depth: f64) -> Self {
        let mut belief = Self { a, b, from: 0.0, to: 0.0 };
        belief.from = belief.fallen(depth, -1.0);
        belief.to = belief.fallen(depth, 1.0);
        belief
    }

    /// The place on one side of the top where the logarithm of the density has fallen by `depth`: Newton's steps from outside.
    fn fallen(&self, depth: f64, side: f64) -> f64 {
        let top = ln(self.a / self.b);
        // Beyond a few units the logarithm falls by a or b for each.
        let shape = if side < 0.0 { self.a } else { self.b };
        let scale = (1.0 / self.a + 1.0 / self.b).sqrt();
        let mut place = top + side * ((2.0 * depth).sqrt() * scale).max(depth / shape).min(1e4);
        for _ in 0..60 {
            let step = (self.ln_drop(place, top) - depth) / self.slope(place);
            place += step;
            if step.abs() < 1e-3 * (place - top).abs() {
                break;
            }
        }
        place.clamp(-700.0, 700.0)
    }

    /// By how much the logarithm of the density is lower than at the top.
    fn ln_drop(&self, t: f64, top: f64) -> f64 {
        let ln_1p_exp = |t: f64| t.max(0.0) + ln_1p(exp(-t.abs()));
        (self.a + self.b) * (ln_1p_exp(t) - ln_1p_exp(top)) - self.a * (t - top)
    }

    fn slope(&self, t: f64) -> f64 {
        let odds = Odds::new(t);
        self.a * odds.rest - self.b * odds.share
    }

    /// How wide a panel about a place may be.
    fn width(&self, t: f64) -> f64 {
        let odds = Odds::new(t);
        let curvature = (self.a + self.b) * odds.share * odds.rest;
        WIDTH / (curvature.sqrt() + SLOPE * (self.a * odds.rest - self.b * odds.share).abs())
    }
}

/// A proportion with its complement, so that neither end loses digits.
#[derive(Clone, Copy)]
pub(super) struct Odds {
    pub(super) share: f64,
    pub(super) rest: f64,
}

impl Odds {
    pub(super) fn new(log_odds: f64) -> Self {
        Self { share: 1.0 / (1.0 + exp(-log_odds)), rest: 1.0 / (1.0 + exp(log_odds)) }
    }
}

/// A belief at a node of the grid: its density on the log-odds and both tails.
#[derive(Clone, Copy, Default)]
pub(super) struct Here {
    pub(super) density: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
}

/// A node of the grid.
pub(super) struct Node {
    pub(super) weight: f64,
    pub(super) at: Odds,
}

/// Several beliefs on a grid.
pub(super) struct TailGrid {
    pub(super) nodes: Vec<Node>,
    /// By belief and node.
    pub(super) beliefs: Vec<Vec<Here>>,
}

impl TailGrid {
    /// A grid for beliefs with these shapes that covers wherever one of them is above the others with a probability that counts.
    pub(super) fn new(shapes: &[(f64, f64)]) -> Self {
        let at_depth =
            |depth: f64| -> Vec<Belief> { shapes.iter().map(|shapes| Belief::new(*shapes, depth)).collect() };
        let overlap = |depth: &&f64| {
            let beliefs = at_depth(**depth);
            largest(&beliefs, |belief| belief.from) <= -largest(&beliefs, |belief| -belief.to)
        };
        let depth = OVERLAPS.iter().find(overlap).unwrap_or(&OVERLAPS[OVERLAPS.len() - 1]);
        let beliefs = at_depth(2.0 * depth + SPARE);
        let panels = panels(&beliefs);
        let mut nodes = Vec::with_capacity(ORDER * panels.len());
        for (from, to) in &panels {
            let (centre, half) = (0.5 * (from + to), 0.5 * (to - from));
            for (x, weight) in RULE.nodes.iter().zip(&RULE.weights) {
                nodes.push(Node { weight: half * weight, at: Odds::new(centre + half * x) });
            }
        }
        let beliefs = beliefs.iter().map(|belief| on_grid(belief, &panels, &nodes)).collect();
        Self { nodes, beliefs }
    }

    /// The integral over the grid of something that depends on the node.
    pub(super) fn integrate(&self, value: impl Fn(usize, &Node) -> f64) -> f64 {
        self.nodes.iter().enumerate().map(|(i, node)| node.weight * value(i, node)).sum()
    }
}

fn largest(beliefs: &[Belief], of: impl Fn(&Belief) -> f64) -> f64 {
    beliefs.iter().map(of).fold(f64::NEG_INFINITY, f64::max)
}

/// From where the lowest belief begins to where the highest one ends, in panels as narrow as every belief needs that lives there.
fn panels(beliefs: &[Belief]) -> Vec<(f64, f64)> {
    let mut ends: Vec<f64> = beliefs.iter().flat_map(|belief| [belief.from, belief.to]).collect();
    ends.sort_unstable_by(f64::total_cmp);
    // The slope of the share itself by the log-odds is a density of this kind.
    let share = Belief { a: 1.0, b: 1.0, from: f64::NEG_INFINITY, to: f64::INFINITY };
    let mut panels = Vec::new();
    for pair in ends.windows(2).filter(|pair| pair[1] > pair[0]) {
        let living = |belief: &&Belief| belief.from <= pair[0] && belief.to >= pair[1];
        let width = |t: f64| {
            let narrowest = beliefs.iter().filter(living).map(|belief| belief.width(t)).fold(f64::INFINITY, f64::min);
            narrowest.min(share.width(t))
        };
        let mut from = pair[0];
        while from < pair[1] {
            let mut step = width(from).min(pair[1] - from);
            // What comes within the panel counts as well.
            loop {
                let allowed = width(from + 0.5 * step).min(width(from + step));
                if step <= 1.25 * allowed {
                    break;
                }
                step = allowed.max(0.5 * step);
            }
            // No crumbs: the rest in two halves rather than one panel and a bit.
            let rest = pair[1] - from;
            let to = if rest <= 1.05 * step { pair[1] } else { from + step.min(0.5 * rest.max(step)) };
            let to = if to > from { to } else { pair[1] };
            panels.push((from, to));
            from = to;
        }
    }
    panels
}

/// A belief at all nodes.
fn on_grid(belief: &Belief, panels: &[(f64, f64)], nodes: &[Node]) -> Vec<Here> {
    let &Belief { a, b, .. } = belief;
    let mut here = vec![Here::default(); nodes.len()];
    let lives = |(from, to): (f64, f64)| from >= belief.from && to <= belief.to;
    for ((here, nodes), panel) in here.chunks_mut(ORDER).zip(nodes.chunks(ORDER)).zip(panels) {
        if lives(*panel) {
            for (here, Node { at, .. }) in here.iter_mut().zip(nodes) {
                here.density = exp(beta::ln_power_over_beta(a, b, at.share, at.rest));
            }
        }
    }
    let tails = |t: f64| {
        let at = Odds::new(t);
        beta::tails(a, b, at.share, at.rest)
    };
    // From either end on, so that each tail is a sum of positive terms.
    let mut lower = tails(belief.from).lower();
    for (here, panel) in here.chunks_mut(ORDER).zip(panels) {
        let (half, inside) = (0.5 * (panel.1 - panel.0), lives(*panel));
        if inside {
            let density: [f64; ORDER] = std::array::from_fn(|k| here[k].density);
            for (here, weights) in here.iter_mut().zip(&*UP_TO) {
                here.lower = lower + half * weights.iter().zip(&density).map(|(w, f)| w * f).sum::<f64>();
            }
            lower += half * RULE.weights.iter().zip(&density).map(|(w, f)| w * f).sum::<f64>();
        } else if panel.0 >= belief.to {
            here.iter_mut().for_each(|here| here.lower = 1.0);
        }
    }
    let mut upper = tails(belief.to).upper();
    for (here, panel) in here.chunks_mut(ORDER).zip(panels).rev() {
        let (half, inside) = (0.5 * (panel.1 - panel.0), lives(*panel));
        if inside {
            let density: [f64; ORDER] = std::array::from_fn(|k| here[ORDER - 1 - k].density);
            for (here, weights) in here.iter_mut().rev().zip(&*UP_TO) {
                here.upper = upper + half * weights.iter().zip(&density).map(|(w, f)| w * f).sum::<f64>();
            }
            upper += half * RULE.weights.iter().zip(&density).map(|(w, f)| w * f).sum::<f64>();
        } else if panel.1 <= belief.from {
            here.iter_mut().for_each(|here| here.upper = 1.0);
        }
    }
    here
}

#[cfg(test)]
mod tests {
    use super::TailGrid;
    use crate::special::beta;

    /// Both tails by integrating the density, against the incomplete beta function.
    #[test]
    fn tails_of_the_grid_are_those_of_the_distribution() {
        let shapes =
            [(1.0, 1.0), (0.1, 0.1), (0.1, 7.0), (1.0, 1e8), (57.0, 15.0), (5e7, 5e7), (3e5, 2.0), (200.0, 9_000.0)];
        for a in shapes {
            for b in shapes {
                let grid = TailGrid::new(&[a, b]);
                for (shapes, here) in [a, b].iter().zip(&grid.beliefs) {
                    for (node, here) in grid.nodes.iter().zip(here) {
                        let tails = beta::tails(shapes.0, shapes.1, node.at.share, node.at.rest);
                        // Towards the far end of a panel a tail is rounded to what the panel holds.
                        let allowed = 3e-12 * (0.01 * shapes.0.max(shapes.1)).sqrt().max(1.0);
                        let near = |found: f64, right: f64| {
                            // Outside of where a belief lives nothing is left of it.
                            let off = (found - right).abs() / right.max(1e-13);
                            assert!(off < if right < 1e-3 { 1e-6 } else { allowed }, "{a:?} {b:?} {found} {right}");
                        };
                        near(here.lower, tails.lower());
                        near(here.upper, tails.upper());
                    }
                }
            }
        }
    }
}
