use super::mixed_likelihood::{Data, Fit};
use crate::error::StatError;
use crate::linear::{Matrix, inverse_spd};

/// The matrices of Kenward and Roger for the two variance parameters: 0 between, 1 within.
struct Parts {
    /// Covariance of the coefficients.
    phi: Matrix,
    /// `X'V⁻¹ G_i V⁻¹X`.
    p: [Matrix; 2],
    /// `X'V⁻¹ G_i V⁻¹ G_j V⁻¹X`.
    q: [[Matrix; 2]; 2],
    /// `tr(P G_i P G_j)`: twice the expected information of the restricted likelihood.
    traces: [[f64; 2]; 2],
}

impl Parts {
    fn at(data: &Data, fit: &Fit) -> Result<Self, StatError> {
        let within = fit.within;
        let eigen = |size: f64| within + size * fit.between;
        let phi = inverse_spd(&data.sandwich(1.0 / within, |size| 1.0 / eigen(size)))?;
        let p =
            [data.outer_sums(|size| eigen(size).powi(-2)), data.sandwich(within.powi(-2), |size| eigen(size).powi(-2))];
        let mixed = data.outer_sums(|size| eigen(size).powi(-3));
        let q = [
            [data.outer_sums(|size| size * eigen(size).powi(-3)), mixed.clone()],
            [mixed, data.sandwich(within.powi(-3), |size| eigen(size).powi(-3))],
        ];
        let mut plain = [[0.0; 2]; 2];
        for cluster in &data.clusters {
            let (size, square) = (cluster.size(), eigen(cluster.size()).powi(-2));
            plain[0][0] += size * size * square;
            plain[0][1] += size * square;
            plain[1][1] += (size - 1.0) * within.powi(-2) + square;
        }
        plain[1][0] = plain[0][1];
        let mut traces = [[0.0; 2]; 2];
        for i in 0..2 {
            for j in 0..2 {
                let (a, b) = (phi.times(&p[i]), phi.times(&p[j]));
                traces[i][j] = plain[i][j] - 2.0 * phi.trace_of_product(&q[i][j]) + a.trace_of_product(&b);
            }
        }
        Ok(Self { phi, p, q, traces })
    }

    /// Derivative of the variance of one coefficient by each variance parameter.
    fn gradient(&self, coefficient: usize) -> [f64; 2] {
        let direction = self.phi.column(coefficient);
        [self.p[0].quadratic(&direction), self.p[1].quadratic(&direction)]
    }
}

fn inverse2(a: [[f64; 2]; 2]) -> Result<[[f64; 2]; 2], StatError> {
    let determinant = a[0][0] * a[1][1] - a[0][1] * a[1][0];
    if determinant.is_nan() || determinant <= 1e-14 * a[0][0] * a[1][1] || a[0][0] <= 0.0 {
        return Err(StatError::not_estimable("the data do not tell the variance between clusters from that within"));
    }
    Ok([[a[1][1] / determinant, -a[0][1] / determinant], [-a[1][0] / determinant, a[0][0] / determinant]])
}

fn quadratic2(a: [[f64; 2]; 2], v: [f64; 2]) -> f64 {
    v[0] * (a[0][0] * v[0] + a[0][1] * v[1]) + v[1] * (a[1][0] * v[0] + a[1][1] * v[1])
}

/// Variance of a coefficient and Satterthwaite's degrees of freedom.
///
/// The variance parameters' covariance comes from the observed information at an inner maximum and from the expected one when the
/// variance between clusters is 0, where the likelihood has no inner maximum.
pub(super) fn satterthwaite_df(data: &Data, fit: &Fit, coefficient: usize) -> Result<(f64, f64), StatError> {
    let parts = Parts::at(data, fit)?;
    let half_information = if fit.between > 0.0 { observed(data, fit, &parts) } else { parts.traces };
    let covariance = inverse2(half_information)?;
    let variance = parts.phi.at(coefficient, coefficient);
    // The information is half of `half_information`, hence the missing factor 2 in both terms: 2 V² / (g' 2A g).
    Ok((variance, variance * variance / quadratic2(covariance, parts.gradient(coefficient))))
}

/// Second derivatives of minus twice the restricted log-likelihood: `2 r'G_i P G_j r - tr(P G_i P G_j)` with `r = P y`.
fn observed(data: &Data, fit: &Fit, parts: &Parts) -> [[f64; 2]; 2] {
    let (within, k) = (fit.within, data.design.columns());
    let eigen = |size: f64| within + size * fit.between;
    // u_i = X'V⁻¹ G_i r, and r'G_i V⁻¹ G_j r.
    let mut u = [vec![0.0; k], vec![0.0; k]];
    let mut inner = [[0.0; 2]; 2];
    for cluster in &data.clusters {
        let (size, lambda) = (cluster.size(), eigen(cluster.size()));
        let sum: f64 = cluster.rows.iter().map(|&row| data.weights[row] * fit.residuals[row]).sum();
        let mean = sum / size;
        let sum_r = sum / lambda;
        for (value, x) in u[0].iter_mut().zip(&cluster.sums) {
            *value += x / lambda * sum_r;
        }
        for (value, x) in u[1].iter_mut().zip(&cluster.sums) {
            *value += x / size * sum_r / lambda;
        }
        inner[0][0] += sum_r * sum_r * size / lambda;
        inner[0][1] += sum_r * sum_r / lambda;
        inner[1][1] += sum_r * sum_r / size / lambda;
        for &row in &cluster.rows {
            let deviation = (fit.residuals[row] - mean) / within;
            inner[1][1] += data.weights[row] * deviation * deviation / within;
            for (j, value) in u[1].iter_mut().enumerate() {
                *value += data.weights[row] * data.design.at(row, j) * deviation / within;
            }
        }
    }
    // Deviations within a row sum to 0 and so meet no explanatory variable.
    inner[1][1] += data.deviations / within.powi(3);
    inner[1][0] = inner[0][1];
    let mut result = [[0.0; 2]; 2];
    for i in 0..2 {
        for j in 0..2 {
            let lost: f64 = u[i].iter().zip(parts.phi.times_vector(&u[j])).map(|(a, b)| a * b).sum();
            result[i][j] = 2.0 * (inner[i][j] - lost) - parts.traces[i][j];
        }
    }
    result
}

/// Corrected variance of a coefficient and degrees of freedom (Kenward and Roger 1997, for a single coefficient).
pub(super) fn kenward_roger(data: &Data, fit: &Fit, coefficient: usize) -> Result<(f64, f64), StatError> {
    let parts = Parts::at(data, fit)?;
    let inverse = inverse2(parts.traces)?;
    let w = inverse.map(|row| row.map(|value| 2.0 * value));
    let k = parts.phi.rows();
    let mut correction = Matrix::zeros(k, k);
    for (i, row) in w.iter().enumerate() {
        for (j, &weight) in row.iter().enumerate() {
            let term = parts.q[i][j].plus(&parts.p[i].times(&parts.phi).times(&parts.p[j]), -1.0);
            correction = correction.plus(&term, weight);
        }
    }
    let plain = parts.phi.at(coefficient, coefficient);
    let adjusted = plain + 2.0 * correction.quadratic(&parts.phi.column(coefficient));
    // One coefficient: A1 = A2, g = -1, c1 = -1/7, c2 = 2/7, c3 = 4/7.
    let a = quadratic2(w, parts.gradient(coefficient)) / (plain * plain);
    let b = 0.5 * 7.0 * a;
    let v0 = 1.0 - b / 7.0;
    let v1 = 1.0 - 2.0 * b / 7.0;
    let v2 = 1.0 - 4.0 * b / 7.0;
    let ratio = if (1.0 - a).abs() < 1e-10 && v1.abs() < 1e-10 { 1.0 } else { (1.0 - a) / v1 };
    let rho = ratio * ratio * v0 / v2;
    let df = 4.0 + 3.0 / (rho - 1.0);
    if !df.is_finite() || df <= 0.0 {
        return Err(StatError::not_estimable("too few clusters for the degrees of freedom of Kenward and Roger"));
    }
    Ok((adjusted, df))
}
