//! Numbers as figures write them.

/// A number as it is written in figures: with a true minus sign and commas between thousands.
pub fn decimal(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    format!("{sign}{}{fraction}", grouped(whole))
}

/// A whole number with commas between thousands.
pub fn whole(value: impl TryInto<u64>) -> String {
    grouped(&value.try_into().map_or(0, |value| value).to_string())
}

fn grouped(digits: &str) -> String {
    let comma = |(i, digit): (usize, char)| {
        let separator = i > 0 && (digits.len() - i).is_multiple_of(3);
        separator.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(comma).collect()
}

/// The number that a text is.
pub(super) fn value(text: &str) -> Option<f64> {
    text.replace('−', "-").replace(',', "").parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_the_book() {
        assert_eq!(decimal(-0.12345, 2), "−0.12");
        assert_eq!(decimal(-0.001, 2), "0.00");
        assert_eq!(decimal(1234567.5, 1), "1,234,567.5");
        assert_eq!((whole(999u32), whole(163_009_536usize)), ("999".into(), "163,009,536".into()));
        assert_eq!(value("−1,234.5"), Some(-1234.5));
        assert_eq!(value("−∞"), None);
    }
}
