//! Section 2.5: what GPT-2's byte pair encoding makes of Chinese text. `cargo run -p ch02-text --example 2_5_chinese`

use std::collections::BTreeSet;

use ch02_text::{END_OF_TEXT_ID, Gpt2Tokenizer};
use shared::data::find;
use tiktoken_rs::{CoreBPE, cl100k_base, o200k_base, r50k_base};

fn main() -> anyhow::Result<()> {
    let tokenizer = Gpt2Tokenizer::new();
    for character in "外婆泡茶。".chars() {
        println!("{character} U+{:04X}, bytes {}", u32::from(character), hex(character.to_string().as_bytes()));
        for id in tokenizer.encode(&character.to_string())? {
            println!("  {id:>5}  {}", hex(&tokenizer.decode_bytes(&[id])?));
        }
    }
    let ids = tokenizer.encode("外婆泡茶。")?;
    println!("together: {ids:?}\n");

    println!("first id alone: {:?}", tokenizer.decode(&ids[..1])?);
    println!("first two ids: {:?}", tokenizer.decode(&ids[..2])?);
    println!("first three ids: {:?}", tokenizer.decode(&ids[..3])?);
    println!("the same, whole characters: {:?}\n", tokenizer.decode_whole_characters(&ids[..3])?);

    for (name, title) in [("lamp", "English story"), ("station-tea", "Chinese story")] {
        let text = find(name)?.text()?;
        let (characters, tokens) = (text.chars().count(), tokenizer.encode(&text)?.len());
        let each = tokens as f64 / characters as f64;
        println!("{title}: {characters} characters, {} bytes, {tokens} tokens, {each:.2} per character", text.len());
    }

    let (mut single, mut longer) = (BTreeSet::new(), Vec::new());
    for id in 0..END_OF_TEXT_ID {
        let token = tokenizer.decode(&[id])?;
        let mut characters = token.trim().chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) if is_han(character) => _ = single.insert(character),
            (Some(first), Some(second)) if is_han(first) && is_han(second) => longer.push(token),
            _ => {}
        }
    }
    println!("\n{} Chinese characters are a token: {}", single.len(), single.iter().collect::<String>());
    println!("tokens with several: {longer:?}\n");

    let story = find("station-tea")?.text()?;
    for (name, bpe) in [("GPT-2", r50k_base()?), ("GPT-4", cl100k_base()?), ("GPT-4o", o200k_base()?)] {
        let tokens = bpe.encode_ordinary(&story).len();
        println!("{name:>6}: {tokens:>5} tokens; {}  {}", pieces(&bpe, "外婆泡茶。")?, pieces(&bpe, "大语言模型")?);
    }
    Ok(())
}

fn is_han(character: char) -> bool {
    ('一'..='鿿').contains(&character)
}

/// The tokens of a text with strokes between them.
fn pieces(bpe: &CoreBPE, text: &str) -> anyhow::Result<String> {
    let ids = bpe.encode_ordinary(text);
    let pieces = ids.iter().map(|&id| bpe.decode_bytes(&[id])).collect::<Result<Vec<_>, _>>()?;
    Ok(pieces.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect::<Vec<_>>().join("|"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}
