//! From the project file to the report, and back from the report to each proof.

mod bad_input;
mod catalogue;
mod commands;
mod examples;
mod gate;
mod left_out;
mod signing;
mod state;
mod tampering;
mod terminal;
mod verify;
