//! Numbers on the command line and in messages.

pub use workshop::grouped;

/// For clap: a number of at least 1.
pub fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_string()),
        Ok(number) => Ok(number),
        Err(e) => Err(e.to_string()),
    }
}
