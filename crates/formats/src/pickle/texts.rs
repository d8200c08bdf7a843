//! Shows the texts of a pickle one after the other, without following what it does with them.

use std::io;

use tutela_core::{Bytes, Limits};

use super::Opcode;
use super::argument::Read;
use super::machine::{Machine, Reading};

/// Shows every text or byte string of at most `longest` bytes with its place, up to where the opcodes break off.
///
/// # Errors
/// What reading the bytes returns.
pub fn texts(
    bytes: &dyn Bytes,
    limits: &Limits,
    longest: u64,
    visit: &mut dyn FnMut(u64, &str),
) -> io::Result<()> {
    let mut machine = Machine::new(bytes, limits, Reading::Joined);
    let mut steps = limits.steps;
    while let Some(left) = steps.checked_sub(1) {
        steps = left;
        let byte = machine.input.byte(machine.at)?;
        let Some(opcode) = byte.and_then(Opcode::from_byte) else {
            break;
        };
        let Ok(read) = machine.argument(opcode)? else {
            break;
        };
        if let Read::Span(start, length) = read
            && length <= longest
        {
            let text = machine.input.peek(start, length)?;
            // Texts of protocol 0 stand in quotes.
            let text = String::from_utf8_lossy(&text);
            let bare = text.trim_matches(['\'', '"']);
            let quote = u64::from(bare.len() < text.len());
            visit(start.saturating_add(quote), bare);
        }
    }
    Ok(())
}
