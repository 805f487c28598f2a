//! Every page rendered with an empty, a typical and a worst sample, then read as a browser and a person would.

mod contrast;
mod markup;
mod sample;
mod snapshot;
mod structure;
mod template;
