//! Says when the embedded files must be looked at again: `rust-embed` notices a changed file, but not a new one.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
