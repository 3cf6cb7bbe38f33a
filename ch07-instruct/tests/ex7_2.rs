//! The checks of exercise 7.2: of `solutions/ex7_2.rs`, or with the feature `my-solutions` of your file in `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex7_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex7_2.rs", allow(unused))]
mod ex7_2;

use ch02_text::Gpt2Tokenizer;
use ch07_instruct::{Entry, PromptFormat};

/// "Sort the following list in alphabetical order.", in a batch whose longest entry has 64 ids.
fn sorting() -> (Vec<u32>, usize) {
    let entry = Entry::new(
        "Sort the following list in alphabetical order.",
        "Zebra, Elephant, Crocodile",
        "Crocodile, Elephant, Zebra",
    );
    let prompt = PromptFormat::Alpaca.format_input(&entry);
    let text = prompt.clone() + &PromptFormat::Alpaca.format_response(&entry.output);
    let encode = |text: &str| Gpt2Tokenizer::new().encode(text).unwrap();
    (encode(&text), encode(&prompt).len())
}

// 中文：遮住提示部分
#[test]
fn ex7_2_hides_the_prompt() {
    let (ids, prompt_length) = sorting();
    let targets = ex7_2::targets(&ids, prompt_length, 64);
    let answer = [198, 198, 21017, 18261, 25, 198, 34, 12204, 375, 576, 11, 42651, 11, 1168, 37052, 50256];
    let expected = [&[-100; 46][..], &answer, &[-100; 2]].concat();
    assert_eq!(targets, expected, "46 ignored, the answer with one end-of-text token, two ignored");
}

// 中文：没有提示时，移位和填充正确
#[test]
fn ex7_2_shifts_and_pads_without_a_prompt() {
    assert_eq!(ex7_2::targets(&[5, 6], 0, 5), [6, 50256, -100, -100, -100], "nothing to hide for a length of 0");
    assert_eq!(ex7_2::targets(&[5, 6], 1, 2), [6, 50256], "a prompt of one token has no target");
    assert_eq!(ex7_2::targets(&[0, 1, 2, 3, 4], 3, 5), [-100, -100, 3, 4, 50256], "a prompt of three has two");
}
