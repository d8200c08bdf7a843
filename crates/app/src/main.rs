//! The program `tutela`.

fn main() {}
