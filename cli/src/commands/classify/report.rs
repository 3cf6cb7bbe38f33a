//! The accuracy of a classifier in one line.

use ch06_classify::Confusion;

use crate::terminal::grouped;

pub fn accuracy_line(part: &str, confusion: &Confusion) -> String {
    let [[ham, false_spam], [missed, spam]] = confusion.counts;
    format!(
        "{part:<10} accuracy: {:6.2}%  ({} of {}; {false_spam} ham taken for spam, {missed} spam missed)",
        100.0 * confusion.accuracy(),
        grouped(ham + spam),
        grouped(confusion.total())
    )
}
