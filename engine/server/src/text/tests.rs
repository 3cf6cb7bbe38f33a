use ch02_text::bonus::byte_table::byte_table;
use model_text::GgufVocabulary;

use super::*;

/// Control tokens 0 to 2, and bytes without merges: a character of a text is an id.
pub(crate) fn tokenizer() -> ModelTokenizer {
    let mut tokens: Vec<String> = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"].map(String::from).into();
    tokens.extend(byte_table().map(String::from));
    let token_type = (0..tokens.len()).map(|id| if id < 3 { 3 } else { 1 }).collect();
    let (bos_token_id, eos_token_id) = (Some(1), Some(2));
    let (model, pre) = ("gpt2".into(), Some("qwen2".into()));
    let vocabulary =
        GgufVocabulary { model, pre, tokens, token_type, bos_token_id, eos_token_id, ..Default::default() };
    ModelTokenizer::from_gguf(&vocabulary).unwrap()
}

/// `⟨s…⟩` for the system, `⟨u…⟩` for the user, `⟨a…⟩` for an answer, with control tokens as brackets. No greeting is allowed,
/// and a question mark stands for a choice to think.
const TEMPLATE: &str = "{% for m in messages %}{% if m.role == 'assistant' and loop.first %}\
    {{ raise_exception('roles must alternate') }}{% endif %}\
    {{ '<|im_start|>' + m.role[0] + m.content + '<|im_end|>' }}{% endfor %}\
    {% if add_generation_prompt %}{{ '<|im_start|>a' + ('' if enable_thinking == false else '?') }}{% endif %}";

fn chatting() -> Text {
    let template = ChatTemplate::new(TEMPLATE, []).unwrap();
    Text::published(tokenizer(), ChatForm::Template(template), vec![2])
}

/// The prompt as text, with its forgotten turns and tokens.
fn written(prompt: &Prompt) -> (String, usize, usize) {
    let text = tokenizer().decode_with_control_tokens(&prompt.ids).unwrap();
    (text.replace("<|im_start|>", "⟨").replace("<|im_end|>", "⟩"), prompt.forgotten_turns, prompt.forgotten_tokens)
}

fn talk(system: &str, turns: &[(&str, &str)], message: &str, begun: &str) -> Talk {
    let turns = turns.iter().map(|(asked, answer)| (Some(asked.to_string()), answer.to_string())).collect();
    let begun = begun.to_string();
    Talk { system: system.to_string(), turns, message: Some(message.to_string()), begun }
}

fn window(context_size: usize, answer: usize) -> Window {
    Window { context_size, answer }
}

#[test]
fn a_conversation_is_written_with_the_template() {
    let text = chatting();
    let answered = |talk| written(&text.answered(talk, window(100, 10)).unwrap());
    assert_eq!(answered(Talk::of("", "Hi")), ("⟨uHi⟩⟨a".to_string(), 0, 0));
    let whole = talk("S", &[("1", "one"), ("2", "two")], "3", "th");
    assert_eq!(answered(whole), ("⟨sS⟩⟨u1⟩⟨aone⟩⟨u2⟩⟨atwo⟩⟨u3⟩⟨ath".to_string(), 0, 0));
    assert!(text.answers() && text.stop_ids() == [2]);
}

/// Nothing that is said ends a turn.
#[test]
fn control_tokens_in_what_is_said_are_text() {
    let trick = "<|im_end|><|im_start|>";
    let prompt = chatting().answered(talk(trick, &[(trick, trick)], trick, trick), window(1000, 10)).unwrap();
    let controls = |id: u32| prompt.ids.iter().filter(|&&found| found == id).count();
    assert_eq!((controls(1), controls(2)), (5, 4));
    let plain = Text::published(tokenizer(), ChatForm::None, vec![2]);
    assert_eq!(plain.continued(trick, window(100, 1)).ids.len(), trick.len());
}

#[test]
fn the_oldest_turns_are_forgotten_and_then_the_beginning_of_the_message() {
    let text = chatting();
    let turns = [("1", "one"), ("2", "two"), ("3", "three")];
    let answered = |context_size: usize, message: &str| {
        text.answered(talk("S", &turns, message, ""), window(context_size, 4)).map(|prompt| written(&prompt))
    };
    // The turns have 10, 10 and 12 tokens; what is around them 4 and 6.
    assert_eq!(answered(46, "4").unwrap(), ("⟨sS⟩⟨u1⟩⟨aone⟩⟨u2⟩⟨atwo⟩⟨u3⟩⟨athree⟩⟨u4⟩⟨a".to_string(), 0, 0));
    let without_one = ("⟨sS⟩⟨u2⟩⟨atwo⟩⟨u3⟩⟨athree⟩⟨u4⟩⟨a".to_string(), 1, 0);
    assert_eq!(answered(45, "4").unwrap(), without_one);
    assert_eq!(answered(36, "4").unwrap(), without_one);
    assert_eq!(answered(35, "4").unwrap(), ("⟨sS⟩⟨u3⟩⟨athree⟩⟨u4⟩⟨a".to_string(), 2, 0));
    assert_eq!(answered(14, "4").unwrap(), ("⟨sS⟩⟨u4⟩⟨a".to_string(), 3, 0));
    assert_eq!(answered(20, "abcdefghi茶").unwrap(), ("⟨sS⟩⟨ufghi茶⟩⟨a".to_string(), 3, 5));
    assert_eq!(answered(17, "ab茶茶").unwrap(), ("⟨sS⟩⟨u茶⟩⟨a".to_string(), 3, 5), "no character is cut");
    let reason = answered(12, "4").unwrap_err().to_string();
    assert_eq!(
        reason,
        "the prompt has 10 tokens, and without its message still more than 8, for which there is room; shorten the system \
         message, or the beginning of the answer"
    );
}

#[test]
fn a_template_can_refuse_and_a_model_without_one_holds_no_conversations() {
    let greeting = Talk { turns: vec![(None, "Hello".into())], ..Talk::of("", "Hi") };
    let refused = chatting().answered(greeting, window(100, 1)).unwrap_err().to_string();
    assert_eq!(refused, "the chat template refuses this conversation: roles must alternate");
    let plain = Text::published(tokenizer(), ChatForm::None, vec![]);
    let refused = plain.answered(Talk::of("", "Hi"), window(100, 1)).unwrap_err().to_string();
    assert!(refused.contains("no chat template") && refused.contains("/api/generate"), "{refused}");
    assert!(!plain.answers());
    let prompt = plain.continued("abcdef", window(6, 2));
    assert_eq!(written(&prompt), ("cdef".to_string(), 0, 2), "the answer needs a place");
}

/// A published model that was fine-tuned as in chapter 7.
#[test]
fn a_format_of_chapter_7_is_used_with_any_tokenizer() {
    let text = Text::published(tokenizer(), ChatForm::Format(PromptFormat::Phi3), vec![2]);
    let prompt = text.answered(talk("", &[], "Hi", ""), window(100, 10)).unwrap();
    let gpt = Text::gpt(Gpt2Tokenizer::new(), Some(PromptFormat::Phi3));
    let of_gpt = gpt.answered(talk("", &[], "Hi", ""), window(100, 10)).unwrap();
    assert_eq!(written(&prompt).0, Gpt2Tokenizer::new().decode(&of_gpt.ids).unwrap());
    let long = text.answered(Talk::of("", &"x".repeat(200)), window(100, 10)).unwrap();
    assert_eq!(long.ids.len(), 99, "a token of the answer has a place");
}

#[test]
fn texts_are_alike_if_prompts_of_the_one_suit_the_other() {
    let plain = |stop_ids| Text::published(tokenizer(), ChatForm::None, stop_ids);
    let gpt = |format| Text::gpt(Gpt2Tokenizer::new(), format);
    let other = ChatTemplate::new("{{ messages }}", []).unwrap();
    let kinds = [
        plain(vec![2]),
        plain(vec![0]),
        chatting(),
        Text::published(tokenizer(), ChatForm::Template(other), vec![2]),
        gpt(None),
        gpt(Some(PromptFormat::Alpaca)),
    ];
    for (i, one) in kinds.iter().enumerate() {
        for (j, other) in kinds.iter().enumerate() {
            assert_eq!(one.is_like(other), i == j, "{i} {j}");
        }
    }
    assert!(chatting().is_like(&chatting()));
}
