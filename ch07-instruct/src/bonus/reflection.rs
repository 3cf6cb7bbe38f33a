//! Bonus: better data from a larger model (chapter 7's folder 05). It is asked to criticize a task or an answer and then to
//! write a better one between markers. This module parses its reply.

/// A task and its answer, as the larger model wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// The task.
    pub instruction: String,
    /// Its answer.
    pub answer: String,
}

/// The new task in a reply of the form `[New Instruction] ... [End] [New Answer] ... [End]`. `New Instruction:` and
/// `New Answer:` are accepted too, and the end of the reply instead of the last marker. `None` if one of the two is missing
/// or empty.
pub fn extract_new_task(reply: &str) -> Option<NewTask> {
    let instruction = after(reply, &["[New Instruction]", "New Instruction:"])?;
    let instruction = before(instruction, &["[End]", "[New Answer]", "New Answer:"]);
    // If the model numbers its points, the number of the next one stands before its marker.
    let instruction = instruction.trim_end().trim_end_matches("\n\n3.");
    let answer = before(after(reply, &["[New Answer]", "New Answer:"])?, &["[End]"]);
    Some(NewTask { instruction: text(instruction)?, answer: text(answer)? })
}

/// The better answer in a reply of the form `[Better Answer] ... [End]`. The end of the reply is accepted instead of the
/// last marker, and so is the beginning of another answer. `None` if there is none: then the old answer is kept.
pub fn extract_better_answer(reply: &str) -> Option<String> {
    const MARKER: &str = "[Better Answer]";
    text(before(after(reply, &[MARKER])?, &["[End]", MARKER]))
}

/// The text after the first of these markers that occurs.
fn after<'a>(reply: &'a str, markers: &[&str]) -> Option<&'a str> {
    markers.iter().find_map(|marker| reply.split_once(marker)).map(|(_, rest)| rest)
}

/// The text before the earliest of these markers; everything if none occurs.
fn before<'a>(reply: &'a str, markers: &[&str]) -> &'a str {
    let end = markers.iter().filter_map(|marker| reply.find(marker)).min();
    &reply[..end.unwrap_or(reply.len())]
}

/// Without surrounding whitespace; `None` if nothing is left.
fn text(piece: &str) -> Option<String> {
    let piece = piece.trim();
    (!piece.is_empty()).then(|| piece.to_string())
}
