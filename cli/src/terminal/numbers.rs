//! Numbers on the command line and in messages.

pub use workshop::grouped;

use super::tr;

/// For clap: a number of at least 1.
pub fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        Ok(0) => Err(tr!("must be at least 1", "必须不小于 1")),
        Err(_) if text.parse::<i64>().is_ok_and(|number| number < 0) => Err(tr!("must be at least 1", "必须不小于 1")),
        Err(e) => Err(tr!("{e}", "不是可用的整数")),
    }
}
