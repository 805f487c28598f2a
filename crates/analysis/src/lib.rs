//! Locked protocol and evidence in, report and verdict out. Pure.
