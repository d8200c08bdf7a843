//! Randomness enters through a parameter; only new keys need any.

use std::io;

/// Where unpredictable bytes come from.
pub trait Entropy {
    /// Fills a buffer with unpredictable bytes.
    ///
    /// # Errors
    /// When the source has none to give.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()>;
}

/// The operating system's random numbers. Only `app` makes one.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        getrandom::fill(buffer).map_err(|error| io::Error::other(error.to_string()))
    }
}
