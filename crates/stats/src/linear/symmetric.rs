use super::Matrix;
use crate::error::StatError;
use crate::special::elementary::{hypot, ln, powf};

/// Lower Cholesky factor. A pivot that vanishes against its diagonal entry means dependent columns.
fn cholesky(a: &Matrix) -> Result<Matrix, StatError> {
    let n = a.rows();
    let mut factor = Matrix::zeros(n, n);
    for j in 0..n {
        let pivot = a.at(j, j) - (0..j).map(|k| factor.at(j, k).powi(2)).sum::<f64>();
        if pivot.is_nan() || pivot <= 1e-13 * a.at(j, j).abs() {
            return Err(StatError::not_estimable("the explanatory variables are linearly dependent"));
        }
        let root = pivot.sqrt();
        factor.set(j, j, root);
        for i in j + 1..n {
            let rest = a.at(i, j) - (0..j).map(|k| factor.at(i, k) * factor.at(j, k)).sum::<f64>();
            factor.set(i, j, rest / root);
        }
    }
    Ok(factor)
}

/// Inverse of a symmetric positive definite matrix.
pub(crate) fn inverse_spd(a: &Matrix) -> Result<Matrix, StatError> {
    let n = a.rows();
    let factor = cholesky(a)?;
    let mut inverse = Matrix::zeros(n, n);
    for column in 0..n {
        let mut x = vec![0.0; n];
        for i in 0..n {
            let unit = if i == column { 1.0 } else { 0.0 };
            x[i] = (unit - (0..i).map(|k| factor.at(i, k) * x[k]).sum::<f64>()) / factor.at(i, i);
        }
        for i in (0..n).rev() {
            x[i] = (x[i] - (i + 1..n).map(|k| factor.at(k, i) * x[k]).sum::<f64>()) / factor.at(i, i);
        }
        for (i, &value) in x.iter().enumerate() {
            inverse.set(i, column, value);
        }
    }
    Ok(Matrix::from_fn(n, n, |i, j| 0.5 * (inverse.at(i, j) + inverse.at(j, i))))
}

/// Logarithm of the determinant of a symmetric positive definite matrix.
pub(crate) fn ln_determinant_spd(a: &Matrix) -> Result<f64, StatError> {
    let factor = cholesky(a)?;
    Ok((0..a.rows()).map(|i| 2.0 * ln(factor.at(i, i))).sum())
}

/// Eigenvalues and eigenvectors (as columns) of a symmetric matrix by cyclic Jacobi rotations.
fn eigen(a: &Matrix) -> Result<(Vec<f64>, Matrix), StatError> {
    let n = a.rows();
    let mut work = a.clone();
    let mut vectors = Matrix::identity(n);
    let scale: f64 = (0..n).map(|i| work.row(i).iter().map(|v| v * v).sum::<f64>()).sum();
    for _ in 0..100 {
        let off: f64 = (0..n).map(|i| (0..i).map(|j| work.at(i, j).powi(2)).sum::<f64>()).sum();
        if off <= 1e-29 * scale {
            return Ok(((0..n).map(|i| work.at(i, i)).collect(), vectors));
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut work, &mut vectors, p, q);
            }
        }
    }
    Err(StatError::NoConvergence { reason: "eigenvalues of a symmetric matrix after 100 sweeps".into() })
}

fn rotate(work: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    let off = work.at(p, q);
    if off == 0.0 {
        return;
    }
    let theta = (work.at(q, q) - work.at(p, p)) / (2.0 * off);
    let t = theta.signum() / (theta.abs() + hypot(theta, 1.0));
    let c = 1.0 / hypot(t, 1.0);
    let s = t * c;
    for k in 0..work.rows() {
        let (a, b) = (work.at(k, p), work.at(k, q));
        work.set(k, p, c * a - s * b);
        work.set(k, q, s * a + c * b);
    }
    for k in 0..work.rows() {
        let (a, b) = (work.at(p, k), work.at(q, k));
        work.set(p, k, c * a - s * b);
        work.set(q, k, s * a + c * b);
        let (a, b) = (vectors.at(k, p), vectors.at(k, q));
        vectors.set(k, p, c * a - s * b);
        vectors.set(k, q, s * a + c * b);
    }
}

/// A power of a symmetric matrix on the space where its eigenvalues are not zero (a pseudo-inverse for negative powers).
pub(crate) fn power_symmetric(a: &Matrix, exponent: f64, tolerance: f64) -> Result<Matrix, StatError> {
    let (values, vectors) = eigen(a)?;
    let mut power = Matrix::zeros(a.rows(), a.rows());
    for (k, &value) in values.iter().enumerate() {
        if value > tolerance {
            power.add_outer(&vectors.column(k), powf(value, exponent));
        }
    }
    Ok(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_minus_one_is_the_inverse() -> Result<(), StatError> {
        let a = Matrix::from_fn(4, 4, |i, j| 1.0 / ((i + j) as f64 + 1.0) + if i == j { 1.0 } else { 0.0 });
        let product = power_symmetric(&a, -1.0, 1e-12)?.times(&a);
        let other = inverse_spd(&a)?.times(&a);
        for i in 0..4 {
            for j in 0..4 {
                let unit = if i == j { 1.0 } else { 0.0 };
                assert!((product.at(i, j) - unit).abs() < 1e-13 && (other.at(i, j) - unit).abs() < 1e-13);
            }
        }
        let ln_det: f64 = eigen(&a)?.0.iter().map(|v| ln(*v)).sum();
        assert!((ln_det - ln_determinant_spd(&a)?).abs() < 1e-12);
        Ok(())
    }
}
