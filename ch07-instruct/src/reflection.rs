//! Bonus: better data from a larger model (chapter 7's folder 05). It is asked to criticise a task or an answer and then
//! to write a better one between marks. Here is what reads its reply.

/// A task and its answer, as a larger model would put them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// The task.
    pub instruction: String,
    /// Its answer.
    pub answer: String,
}

/// The new task in a reply of the form `[New Instruction] ... [End] [New Answer] ... [End]`. `New Instruction:` and
/// `New Answer:` do too, and the end of the reply for the last mark. `None` if one of the two is missing or empty.
pub fn extract_new_task(reply: &str) -> Option<NewTask> {
    let instruction = after(reply, &["[New Instruction]", "New Instruction:"])?;
    let instruction = before(instruction, &["[End]", "[New Answer]", "New Answer:"]);
    // Where the model numbers its points, the number of the next one stands before its mark.
    let instruction = instruction.trim_end().trim_end_matches("\n\n3.");
    let answer = before(after(reply, &["[New Answer]", "New Answer:"])?, &["[End]"]);
    Some(NewTask { instruction: text(instruction)?, answer: text(answer)? })
}

/// The better answer in a reply of the form `[Better Answer] ... [End]`. The end of the reply will do for the last mark,
/// and so will the beginning of another answer. `None` if there is none: the old answer stays as it is then.
pub fn extract_better_answer(reply: &str) -> Option<String> {
    const MARK: &str = "[Better Answer]";
    text(before(after(reply, &[MARK])?, &["[End]", MARK]))
}

/// What follows the first of these marks that there is.
fn after<'a>(reply: &'a str, marks: &[&str]) -> Option<&'a str> {
    marks.iter().find_map(|mark| reply.split_once(mark)).map(|(_, rest)| rest)
}

/// What stands before the earliest of these marks; everything if there is none.
fn before<'a>(reply: &'a str, marks: &[&str]) -> &'a str {
    let end = marks.iter().filter_map(|mark| reply.find(mark)).min();
    &reply[..end.unwrap_or(reply.len())]
}

/// Without the blanks around it, unless nothing is left.
fn text(piece: &str) -> Option<String> {
    let piece = piece.trim();
    (!piece.is_empty()).then(|| piece.to_string())
}
