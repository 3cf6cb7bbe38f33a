//! The date in a template: `strftime` of Python, as far as templates use it.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The time in UTC in this format: `%d %b %Y` gives `26 Jul 2024`. Known are `%Y %y %m %d %B %b %A %a %H %M %S %%`.
///
/// # Errors
/// With the part of the format that is not known.
pub(super) fn format(time: SystemTime, format: &str) -> Result<String, String> {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, of_day) = (seconds / SECONDS_PER_DAY, seconds % SECONDS_PER_DAY);
    let (year, month, day) = civil(days);
    let month_name = MONTHS[month as usize - 1];
    // 1 January 1970 was a Thursday.
    let day_name = DAYS[((days + 3) % 7) as usize];
    let mut text = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        let directive = characters.next();
        text += &match directive {
            Some('Y') => year.to_string(),
            Some('y') => format!("{:02}", year % 100),
            Some('m') => format!("{month:02}"),
            Some('d') => format!("{day:02}"),
            Some('B') => month_name.to_string(),
            Some('b') => month_name[..3].to_string(),
            Some('A') => day_name.to_string(),
            Some('a') => day_name[..3].to_string(),
            Some('H') => format!("{:02}", of_day / 3600),
            Some('M') => format!("{:02}", of_day / 60 % 60),
            Some('S') => format!("{:02}", of_day % 60),
            Some('%') => "%".to_string(),
            other => return Err(format!("strftime_now: %{} is not known", other.map_or(String::new(), String::from))),
        };
    }
    Ok(text)
}

/// Year, month and day of the Gregorian calendar, this many days after 1 January 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    // Years that begin in March have their leap day at the end; 400 of them have 146,097 days.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64, with: &str) -> String {
        format(UNIX_EPOCH + Duration::from_secs(seconds), with).unwrap()
    }

    // The expected texts come from Python's `datetime.fromtimestamp(seconds, timezone.utc).strftime(...)`.
    #[test]
    fn dates_are_pythons() {
        assert_eq!(at(0, "%A %d %B %Y %H:%M:%S"), "Thursday 01 January 1970 00:00:00");
        assert_eq!(at(1_721_952_000, "%d %b %Y"), "26 Jul 2024");
        assert_eq!(at(1_709_251_199, "%a %Y-%m-%d %H:%M:%S %y%%"), "Thu 2024-02-29 23:59:59 24%");
        assert_eq!(at(4_107_542_400, "%Y-%m-%d"), "2100-03-01");
        assert_eq!(at(951_782_400, "%b %d %Y"), "Feb 29 2000");
    }

    #[test]
    fn an_unknown_directive_is_named() {
        let error = format(UNIX_EPOCH, "%d %Q").unwrap_err();
        assert_eq!(error, "strftime_now: %Q is not known");
    }
}
