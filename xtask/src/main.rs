//! Generates documents and schemas and checks the arrows between crates.

fn main() {}
