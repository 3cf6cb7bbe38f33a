//! Conversations in a context of limited length.

use ch02_text::Gpt2Tokenizer;
use ch07_instruct::{Entry, PromptFormat};
use fast::Conversation;
use fast::conversation::Window;

/// A context in which nothing is reserved for the answer.
fn window(context_size: usize) -> Window {
    Window { context_size, answer: 0 }
}

#[test]
fn a_conversation_drops_its_oldest_turns() {
    let tokenizer = Gpt2Tokenizer::new();
    let mut talk = Conversation::new(PromptFormat::Alpaca);
    let first = talk.prompt("What is 2 plus 3?", window(100), &tokenizer);
    let entry = Entry::new("What is 2 plus 3?", "", "");
    let trained_on = PromptFormat::Alpaca.format_input(&entry) + "\n\n### Response:\n";
    assert_eq!(tokenizer.decode(&first.ids).unwrap(), trained_on, "a first question looks as in training");
    assert_eq!((first.kept, first.dropped, first.left_out), (0, 0, 0));

    talk.push("What is 2 plus 3?", " 2 plus 3 is 5.\n");
    let second = talk.prompt("And the capital of Peru?", window(100), &tokenizer);
    let text = tokenizer.decode(&second.ids).unwrap();
    assert_eq!((second.kept, second.dropped), (1, 0));
    assert!(text.contains("### Response:\n2 plus 3 is 5.\n\n### Instruction:\nAnd the capital"), "{text}");
    assert_eq!(text.matches("Below is an instruction").count(), 1);

    talk.push("And the capital of Peru?", "Lima");
    let room = second.ids.len();
    let third = talk.prompt("Thank you.", window(room), &tokenizer);
    assert_eq!((third.kept, third.dropped, third.left_out), (1, 1, 0));
    assert!(third.ids.len() <= room);
    assert!(!tokenizer.decode(&third.ids).unwrap().contains("2 plus 3"));
}

/// Turns leave room for the answer; a message alone may fill the context.
#[test]
fn a_message_is_cut_only_when_the_context_is_full() {
    let tokenizer = Gpt2Tokenizer::new();
    let mut talk = Conversation::new(PromptFormat::Alpaca);
    talk.push("What is 2 plus 3?", "5");
    let window = Window { context_size: 120, answer: 60 };
    // By tiktoken: a token for each word and three for the end; the opening and the headings are 30.
    let words = |count| "word ".repeat(count) + "and Peru?";
    let whole = talk.clone().prompt(&words(87), window, &tokenizer);
    assert_eq!((whole.ids.len(), whole.dropped, whole.left_out), (120, 1, 0));

    let cut = talk.prompt(&words(300), window, &tokenizer);
    assert_eq!((cut.ids.len(), cut.dropped, cut.left_out), (120, 1, 300 + 3 + 30 - 120));
    let text = tokenizer.decode(&cut.ids).unwrap();
    assert!(text.starts_with("Below is an instruction"), "{text}");
    assert!(text.contains("### Instruction:\n word word"), "{text}");
    assert!(text.ends_with("word and Peru?\n\n### Response:\n"), "{text}");
}

/// The ids of tiktoken's `encode_ordinary`.
#[test]
fn special_tokens_are_ordinary_text() {
    let tokenizer = Gpt2Tokenizer::new();
    let mut talk = Conversation::plain("");
    let ids = talk.prompt("What is <|endoftext|>?", window(100), &tokenizer).ids;
    assert_eq!(ids, [2061, 318, 1279, 91, 437, 1659, 5239, 91, 29, 30, 198]);
    talk.push("Hi.", "<|endoftext|>");
    let ids = talk.prompt("Hi.", window(100), &tokenizer).ids;
    assert!(!ids.contains(&ch02_text::END_OF_TEXT_ID));
    assert_eq!(tokenizer.decode(&ids).unwrap(), "Hi.\n<|endoftext|>\nHi.\n");
}

#[test]
fn a_system_message_stands_in_place_of_the_opening() {
    let tokenizer = Gpt2Tokenizer::new();
    let mut talk = Conversation::with_system(PromptFormat::Phi3, "Answer briefly.");
    let prompt = talk.prompt("Why?", window(100), &tokenizer);
    let text = tokenizer.decode(&prompt.ids).unwrap();
    assert_eq!(text, "Answer briefly.\n\n<|user|>\nWhy?\n<|assistant|>:\n");
}

/// A greeting, an answer that has begun, and an answer to nothing.
#[test]
fn the_model_can_speak_first_and_go_on() {
    let tokenizer = Gpt2Tokenizer::new();
    let says = |talk: &Conversation, message: Option<&str>, begun: &str| {
        let prompt =
            talk.clone().continue_answer(message, begun, window(100), |text: &str| tokenizer.encode_ordinary(text));
        tokenizer.decode(&prompt.ids).unwrap()
    };
    let mut phi = Conversation::with_system(PromptFormat::Phi3, "Be kind.");
    assert_eq!(says(&phi, None, ""), "Be kind.\n\n<|assistant|>:\n");
    assert_eq!(says(&phi, None, "Dear"), "Be kind.\n\n<|assistant|>:\nDear");
    phi.greet("Hello.");
    let greeted = "Be kind.\n\n<|assistant|>:\nHello.\n\n<|user|>\nHi.\n<|assistant|>:\nDear";
    assert_eq!(says(&phi, Some("Hi."), "Dear"), greeted);
    let mut plain = Conversation::plain("Be kind.");
    plain.greet("Hello.");
    plain.push("Hi.", "How are you?");
    assert_eq!(says(&plain, Some("Well."), "Dear"), "Be kind.\nHello.\nHi.\nHow are you?\nWell.\nDear");
    assert_eq!(says(&plain, None, "Dear"), "Be kind.\nHello.\nHi.\nHow are you?\nDear");
}
