use crate::error::StatError;

/// A dense matrix stored by rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Matrix {
    pub(crate) fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![0.0; rows * columns] }
    }

    pub(crate) fn identity(n: usize) -> Self {
        Self::from_fn(n, n, |i, j| if i == j { 1.0 } else { 0.0 })
    }

    pub(crate) fn from_fn(rows: usize, columns: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        let mut matrix = Self::zeros(rows, columns);
        for i in 0..rows {
            for j in 0..columns {
                matrix.values[i * columns + j] = f(i, j);
            }
        }
        matrix
    }

    /// From columns of equal length.
    pub(crate) fn from_columns(columns: &[&[f64]]) -> Result<Self, StatError> {
        let rows = columns.first().map_or(0, |column| column.len());
        if columns.iter().any(|column| column.len() != rows) {
            return Err(StatError::invalid("columns", "must have the same length"));
        }
        Ok(Self::from_fn(rows, columns.len(), |i, j| columns[j][i]))
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.columns + j]
    }

    pub(crate) fn set(&mut self, i: usize, j: usize, value: f64) {
        self.values[i * self.columns + j] = value;
    }

    pub(crate) fn add_at(&mut self, i: usize, j: usize, value: f64) {
        self.values[i * self.columns + j] += value;
    }

    pub(crate) fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }

    pub(crate) fn column(&self, j: usize) -> Vec<f64> {
        (0..self.rows).map(|i| self.at(i, j)).collect()
    }

    /// The rows with the given numbers.
    pub(crate) fn select_rows(&self, rows: &[usize]) -> Self {
        Self::from_fn(rows.len(), self.columns, |i, j| self.at(rows[i], j))
    }

    /// Every row multiplied by its factor.
    pub(crate) fn scaled_rows(&self, factors: &[f64]) -> Self {
        Self::from_fn(self.rows, self.columns, |i, j| factors[i] * self.at(i, j))
    }

    pub(crate) fn transposed(&self) -> Self {
        Self::from_fn(self.columns, self.rows, |i, j| self.at(j, i))
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        let mut product = Self::zeros(self.rows, other.columns);
        for i in 0..self.rows {
            for (k, &a) in self.row(i).iter().enumerate() {
                if a != 0.0 {
                    for (j, &b) in other.row(k).iter().enumerate() {
                        product.values[i * other.columns + j] += a * b;
                    }
                }
            }
        }
        product
    }

    pub(crate) fn times_vector(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.rows).map(|i| dot(self.row(i), vector)).collect()
    }

    pub(crate) fn plus(&self, other: &Self, factor: f64) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(a, b)| a + factor * b).collect();
        Self { rows: self.rows, columns: self.columns, values }
    }

    /// Adds `factor` times the outer product of a vector with itself.
    pub(crate) fn add_outer(&mut self, vector: &[f64], factor: f64) {
        for (i, &a) in vector.iter().enumerate() {
            for (j, &b) in vector.iter().enumerate() {
                self.add_at(i, j, factor * a * b);
            }
        }
    }

    /// Trace of the product with another square matrix.
    pub(crate) fn trace_of_product(&self, other: &Self) -> f64 {
        (0..self.rows).map(|i| (0..self.columns).map(|j| self.at(i, j) * other.at(j, i)).sum::<f64>()).sum()
    }

    /// `v' A v`.
    pub(crate) fn quadratic(&self, vector: &[f64]) -> f64 {
        dot(vector, &self.times_vector(vector))
    }
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
