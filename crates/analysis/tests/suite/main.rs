//! The analysis as a whole: verdicts, their sentences, and what must hold for every plan and all evidence.

// The attribute tells clippy that everything below is test code.
#[cfg(test)]
mod adjusting;
#[cfg(test)]
mod beside;
#[cfg(test)]
mod calibration;
#[cfg(test)]
mod cluster_gates;
#[cfg(test)]
mod course;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod design;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod exploring;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod live;
#[cfg(test)]
mod multiplicity;
#[cfg(test)]
mod pooling;
#[cfg(test)]
mod preview;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod published;
#[cfg(test)]
mod redraw;
#[cfg(test)]
mod rehearsal;
#[cfg(test)]
mod release;
#[cfg(test)]
mod tabular;
#[cfg(test)]
mod together;
#[cfg(test)]
mod verdicts;
#[cfg(test)]
mod wedge;
