//! What mdBook only warns of, as problems: tags that are not closed, notes that are missing.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber, subscriber};

/// Runs something and gives, with its result, what was warned of meanwhile.
pub fn collect<T>(run: impl FnOnce() -> T) -> (T, Vec<String>) {
    let listener = Listener::default();
    let heard = Arc::clone(&listener.heard);
    let result = subscriber::with_default(listener, run);
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (result, heard)
}

#[derive(Default)]
struct Listener {
    heard: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target().starts_with("mdbook")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut message = Message::default();
        event.record(&mut message);
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(message.text);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The text of an event.
#[derive(Default)]
struct Message {
    text: String,
}

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.text, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_heard_and_other_messages_are_not() {
        let (result, heard) = collect(|| {
            tracing::warn!(target: "mdbook_html", "unclosed {}", "tag");
            tracing::info!(target: "mdbook_html", "written");
            tracing::warn!(target: "other", "else");
            7
        });
        assert_eq!((result, heard), (7, vec!["unclosed tag".to_string()]));
    }
}
