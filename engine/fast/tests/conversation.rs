//! Conversations in a context of limited length.

use ch02_text::Gpt2Tokenizer;
use ch07_instruct::{Entry, PromptFormat};
use fast::Conversation;

#[test]
fn a_conversation_drops_its_oldest_turns() {
    let tokenizer = Gpt2Tokenizer::new();
    let mut talk = Conversation::new(PromptFormat::Alpaca);
    let first = talk.prompt("What is 2 plus 3?", 100, &tokenizer).unwrap();
    let entry = Entry::new("What is 2 plus 3?", "", "");
    let trained_on = PromptFormat::Alpaca.format_input(&entry) + "\n\n### Response:\n";
    assert_eq!(tokenizer.decode(&first.ids).unwrap(), trained_on, "a first question looks as in training");
    assert_eq!((first.kept, first.dropped), (0, 0));

    talk.push("What is 2 plus 3?", "2 plus 3 is 5. <|endoftext|>");
    let second = talk.prompt("And the capital of Peru?", 100, &tokenizer).unwrap();
    let text = tokenizer.decode(&second.ids).unwrap();
    assert_eq!((second.kept, second.dropped), (1, 0));
    assert!(text.contains("### Response:\n2 plus 3 is 5.\n\n### Instruction:\nAnd the capital"), "{text}");
    assert_eq!(text.matches("Below is an instruction").count(), 1);

    talk.push("And the capital of Peru?", "Lima");
    let room = second.ids.len();
    let third = talk.prompt("Thank you.", room, &tokenizer).unwrap();
    assert_eq!((third.kept, third.dropped), (1, 1));
    assert!(third.ids.len() <= room);
    assert!(!tokenizer.decode(&third.ids).unwrap().contains("2 plus 3"));

    let error = talk.prompt(&"word ".repeat(200), room, &tokenizer).unwrap_err().to_string();
    assert!(error.contains("shorten it"), "{error}");
    assert_eq!(talk.len(), 1, "a message that does not fit removes no turn");
    assert!(talk.prompt("<|endoftext|>", room, &tokenizer).unwrap_err().to_string().contains("<|endoftext|>"));
}

#[test]
fn a_system_message_stands_in_place_of_the_opening() {
    let tokenizer = Gpt2Tokenizer::new();
    let mut talk = Conversation::with_system(PromptFormat::Phi3, "Answer briefly.");
    let prompt = talk.prompt("Why?", 100, &tokenizer).unwrap();
    let text = tokenizer.decode(&prompt.ids).unwrap();
    assert_eq!(text, "Answer briefly.\n\n<|user|>\nWhy?\n<|assistant|>:\n");
}
