//! Numbers in readable form.

/// A number with commas between its thousands: 13005696 becomes 13,005,696.
pub fn grouped(number: usize) -> String {
    group_digits(&number.to_string())
}

/// Decimal digits with commas between the thousands.
pub(crate) fn group_digits(digits: &str) -> String {
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(grouped(5), "5");
        assert_eq!(grouped(123), "123");
        assert_eq!(grouped(163009536), "163,009,536");
    }
}
