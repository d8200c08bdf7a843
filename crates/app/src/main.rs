//! The program `tutela`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutela_app::run(std::env::args_os())
}
