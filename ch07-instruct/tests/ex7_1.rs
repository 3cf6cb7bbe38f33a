//! The checks of exercise 7.1: of `solutions/ex7_1.rs`, or with the feature `my-solutions` of your file in `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex7_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex7_1.rs", allow(unused))]
mod ex7_1;

use ch07_instruct::Entry;

// 中文：写出指令和输入
#[test]
fn ex7_1_writes_instruction_and_input() {
    let with = Entry::new("Identify the correct spelling of the following word.", "Ocassion", "");
    let expected = "<|user|>\nIdentify the correct spelling of the following word.\nOcassion";
    assert_eq!(ex7_1::format_input(&with), expected, "instruction and input, each on its line");
    let without = Entry::new("What is an antonym of 'complicated'?", "", "");
    let expected = "<|user|>\nWhat is an antonym of 'complicated'?";
    assert_eq!(ex7_1::format_input(&without), expected, "no empty line where there is no input");
}

// 中文：写出回答
#[test]
fn ex7_1_writes_the_answer() {
    assert_eq!(ex7_1::format_response("Yes."), "\n<|assistant|>:\nYes.", "the marker on its own line");
}

// 中文：重新找到回答
#[test]
fn ex7_1_finds_the_answer_again() {
    let entry = Entry::new("Say yes.", "", "Yes.");
    let prompt = ex7_1::format_input(&entry);
    let generated = prompt.clone() + &ex7_1::format_response("Yes.") + "\n";
    assert_eq!(ex7_1::extract_response(&generated, &prompt), "Yes.", "without the marker and the line breaks");
    assert_eq!(ex7_1::extract_response(&prompt, &prompt), "", "a model that says nothing");
}
