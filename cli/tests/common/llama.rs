//! Small models after GPT-2, with and without a tokenizer and a chat template.

use std::fs;
use std::path::{Path, PathBuf};

use ch02_text::bonus::byte_table::byte_table;
use serde_json::{Value, json};

/// A template in the manner of SmolLM2, which refuses to be silent.
pub const TEMPLATE: &str = "{% for message in messages %}{% if message['content'] == 'refuse' %}\
    {{ raise_exception('not that word') }}{% endif %}{{ bos_token + message['role'] + '\n' + message['content'] + \
    eos_token + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ bos_token + 'assistant\n' }}{% endif %}";

/// Ids 0 to 2: what only a template writes.
const CONTROL: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

/// The small checkpoints with random weights, and what was computed with them.
pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/model-files/tests/golden/real").join(name)
}

/// What was computed with a checkpoint: a file `expected.json`.
pub fn expected(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(golden(name)).unwrap()).unwrap()
}

/// Copies the weights and the configuration of a checkpoint to `folder/name`.
pub fn save_llama(folder: &Path, name: &str, checkpoint: &str) {
    let to = folder.join(name);
    fs::create_dir_all(&to).unwrap();
    for file in ["config.json", "model.safetensors"] {
        fs::copy(golden(checkpoint).join(file), to.join(file)).unwrap();
    }
}

/// The same with a tokenizer, whose ids are [`CONTROL`], the bytes, and merges up to the 320 ids of `llama-tied`; and with a
/// chat template if there is one.
pub fn save_talking(folder: &Path, name: &str, template: Option<&str>) {
    save_llama(folder, name, "llama-tied");
    let (tokens, merges) = vocabulary();
    let vocab: serde_json::Map<String, Value> =
        tokens.iter().enumerate().skip(3).map(|(id, token)| (token.clone(), json!(id))).collect();
    let added = CONTROL.iter().enumerate().map(|(id, token)| json!({"id": id, "content": token, "special": true}));
    let tokenizer = json!({
        "added_tokens": added.collect::<Vec<_>>(),
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
        "model": {"type": "BPE", "vocab": vocab, "merges": merges},
    });
    let to = folder.join(name);
    fs::write(to.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let config = json!({"bos_token": CONTROL[1], "eos_token": {"content": CONTROL[2]}, "chat_template": template});
    fs::write(to.join("tokenizer_config.json"), config.to_string()).unwrap();
}

/// Tokens by id, and merges: of two lowercase letters each, so that no other text is shortened.
fn vocabulary() -> (Vec<String>, Vec<String>) {
    let mut tokens: Vec<String> = CONTROL.map(String::from).into();
    tokens.extend(byte_table().map(String::from));
    let letters = || 'a'..='h';
    let pairs = letters().flat_map(|first| letters().map(move |second| (first, second)));
    let pairs: Vec<(char, char)> = pairs.take(320 - tokens.len()).collect();
    tokens.extend(pairs.iter().map(|(first, second)| format!("{first}{second}")));
    (tokens, pairs.iter().map(|(first, second)| format!("{first} {second}")).collect())
}

/// The GGUF file of a checkpoint with 320 ids, with the same tokenizer and template in its metadata.
pub fn save_talking_gguf(folder: &Path, name: &str, file: &str) {
    let gguf = fs::read(golden(file)).unwrap();
    let (tokens, merges) = vocabulary();
    let mut entries = Entries::default();
    entries.text("tokenizer.ggml.model", "gpt2");
    entries.text("tokenizer.ggml.pre", "smollm");
    entries.text("tokenizer.chat_template", TEMPLATE);
    entries.texts("tokenizer.ggml.tokens", &tokens);
    entries.texts("tokenizer.ggml.merges", &merges);
    entries.numbers("tokenizer.ggml.token_type", 5, (0..tokens.len()).map(|id| if id < 3 { 3 } else { 1 }));
    entries.number("tokenizer.ggml.bos_token_id", 1);
    entries.number("tokenizer.ggml.eos_token_id", 2);
    // The tensors stay at multiples of 32 bytes: what is left goes into one more entry.
    let left = 32 - (entries.bytes.len() + 8 + "filler".len() + 4 + 8) % 32;
    entries.text("filler", &" ".repeat(left));
    // "GGUF", the version, the number of tensors, and the number of entries.
    let count = u64::from_le_bytes(gguf[16..24].try_into().unwrap()) + entries.count;
    let file = [&gguf[..16], &count.to_le_bytes(), &entries.bytes, &gguf[24..]].concat();
    fs::write(folder.join(name), file).unwrap();
}

/// Entries of the metadata of a GGUF file.
#[derive(Default)]
struct Entries {
    bytes: Vec<u8>,
    count: u64,
}

impl Entries {
    fn string(&mut self, text: &str) {
        self.bytes.extend((text.len() as u64).to_le_bytes());
        self.bytes.extend(text.as_bytes());
    }

    /// A key, and the type of its value.
    fn key(&mut self, key: &str, kind: u32) {
        self.count += 1;
        self.string(key);
        self.bytes.extend(kind.to_le_bytes());
    }

    fn text(&mut self, key: &str, text: &str) {
        self.key(key, 8);
        self.string(text);
    }

    fn number(&mut self, key: &str, number: u32) {
        self.key(key, 4);
        self.bytes.extend(number.to_le_bytes());
    }

    fn texts(&mut self, key: &str, texts: &[String]) {
        self.key(key, 9);
        self.bytes.extend(8_u32.to_le_bytes());
        self.bytes.extend((texts.len() as u64).to_le_bytes());
        texts.iter().for_each(|text| self.string(text));
    }

    fn numbers(&mut self, key: &str, kind: u32, numbers: impl ExactSizeIterator<Item = u32>) {
        self.key(key, 9);
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend((numbers.len() as u64).to_le_bytes());
        self.bytes.extend(numbers.flat_map(u32::to_le_bytes));
    }
}
