//! A vocabulary trained on a text, and how GPT-2's tokenizer works with it.

use ch02_text::bonus::pairs::{Pair, count_pairs, replace_pair};
use ch02_text::bonus::pre_split::pre_split;
use ch02_text::bonus::{BpeFileError, BpeTrainer, Gpt2Bpe, Gpt2Files, MIN_VOCAB_SIZE, train_bpe};
use ch02_text::long_text::encode_on;
use ch02_text::{END_OF_TEXT, Gpt2Tokenizer, TokenizerError};
use shared::data::{self, find};
use shared::rng::TorchRng;
use testkit::{for_test, needs_data};

fn story(name: &str) -> String {
    find(name).unwrap().embedded.unwrap().to_string()
}

fn tokenizer(files: &Gpt2Files) -> Gpt2Tokenizer {
    Gpt2Tokenizer::with_vocabulary(files.clone()).unwrap()
}

/// The merges of a vocabulary in the order of training.
fn merges(files: &Gpt2Files) -> Vec<Pair> {
    let mut merges: Vec<(u32, Pair)> = files.merges.iter().map(|(&pair, &id)| (id, pair)).collect();
    merges.sort_unstable();
    merges.into_iter().map(|(_, pair)| pair).collect()
}

// Training

/// GPT-2's ids of the bytes, and the marker as the last token.
#[test]
fn the_smallest_vocabulary() {
    for text in ["", "a", "ab"] {
        let files = train_bpe(text, 1000);
        assert_eq!((files.tokens.len(), files.merges.len()), (MIN_VOCAB_SIZE, 0), "{text:?}");
        let tokens = [0, 93, 94, 187, 188, 198, 220, 255, 256].map(|id: usize| files.tokens[id].as_str());
        assert_eq!(tokens, ["!", "~", "¡", "ÿ", "Ā", "Ċ", "Ġ", "Ń", END_OF_TEXT]);
    }
    assert_eq!(train_bpe("a a a a", 0).tokens.len(), MIN_VOCAB_SIZE, "it is never smaller");
}

/// The merges follow from their definition: all pairs are counted again, and of the most frequent the smallest is taken.
#[test]
fn training_counts_as_a_new_count_does() {
    let texts = [
        "aaaa aaaaa aaaaaaa baaab abababa babab".to_string(),
        story("lamp").chars().take(2500).collect(),
        story("station-tea").chars().take(1200).collect(),
    ];
    for text in texts {
        let files = train_bpe(&text, 500);
        let byte_ids = files.byte_ids().unwrap();
        let mut words: Vec<Vec<u32>> = pre_split(&text)
            .iter()
            .map(|word| word.bytes().map(|byte| byte_ids[usize::from(byte)]).collect())
            .collect();
        for (new_id, pair) in (256..).zip(merges(&files)) {
            let mut counts = count_pairs(words.iter().map(|ids| (&ids[..], 1)));
            counts.sort_by_key(|&(pair, count)| (std::cmp::Reverse(count), pair));
            assert_eq!(counts[0].0, pair, "token {new_id} of {text:.20}");
            assert!(counts[0].1 >= 2);
            words.iter_mut().for_each(|ids| *ids = replace_pair(ids, pair, new_id));
        }
        if files.tokens.len() < 500 {
            let left = count_pairs(words.iter().map(|ids| (&ids[..], 1)));
            assert!(left.iter().all(|(_, count)| *count == 1), "{left:?}");
        }
    }
}

/// The merges that Hugging Face's `tokenizers` 0.23 learns from the same texts, and the number of ids that it then gives
/// them:
///
/// ```python
/// tokenizer = Tokenizer(models.BPE())
/// tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
/// tokenizer.train_from_iterator([text], trainers.BpeTrainer(
///     vocab_size=size, min_frequency=2, special_tokens=["<|endoftext|>"],
///     initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
/// ```
#[test]
fn the_merges_are_those_of_hugging_face() {
    let (lamp, tea) = (story("lamp"), story("station-tea"));
    for (text, size, tokens, sha256, ids) in [
        (&lamp, 500, 500, "f37dfc378e0aabf0f874594427d7dda87a1cbb0883168c2e373eec3c3d42e769", 8022),
        (&lamp, 100_000, 1042, "fd9368ea83c07ab003e548a905b26bd5c1cd6a9ecfb92500882fd782aebee73e", 5571),
        (&tea, 1000, 1000, "f7b984699f165f24bcd4298b1f0a0991d8ffe9c467461a8fd2c078b56c6459ea", 5925),
        (&tea, 100_000, 1473, "25f0c7a1c078b4f23e9e0022332f0160a87929f89ebe70c893d7828606a11b9e", 4882),
    ] {
        let files = train_bpe(text, size);
        assert_eq!(files.tokens.len(), tokens);
        assert_eq!(data::sha256(files.merges_txt().as_bytes()), sha256, "{tokens} tokens");
        assert_eq!(tokenizer(&files).encode_ordinary(text).len(), ids, "{tokens} tokens");
    }
    // Its first token is the marker, so its ids are greater by one.
    let ids = |text, size, sentence| tokenizer(&train_bpe(text, size)).encode_ordinary(sentence);
    assert_eq!(ids(&lamp, 500, "The old clockmaker lit his lamp."), [292, 375, 469, 404, 333, 354, 13]);
    assert_eq!(ids(&tea, 1000, "水开了，外婆泡茶。"), [617, 257, 604, 260]);
}

#[test]
fn the_marker_separates_texts_and_is_never_learnt() {
    let text = format!("one{END_OF_TEXT}two").repeat(50);
    let files = train_bpe(&text, 1000);
    let learnt = &files.tokens[256..files.tokens.len() - 1];
    assert_eq!(files.tokens.last().unwrap(), END_OF_TEXT);
    assert!(
        learnt.contains(&"twoone".to_string()) && !learnt.iter().any(|token| token.contains(['<', '|'])),
        "{learnt:?}"
    );
    let last = files.tokens.len() as u32 - 1;
    let tokenizer = tokenizer(&files);
    assert_eq!((tokenizer.end_of_text_id(), tokenizer.vocab_size()), (last, files.tokens.len()));
    assert!(tokenizer.encode_with_end_of_text(&text).contains(&last));
    assert!(!tokenizer.encode_ordinary(&text).contains(&last));
    assert!(tokenizer.encode(&text).is_err());
    assert_eq!(tokenizer.decode(&[last]).unwrap(), END_OF_TEXT);
    assert_eq!(tokenizer.decode(&[last + 1]), Err(TokenizerError::UnknownId(last + 1)));
}

#[test]
fn a_trainer_shows_its_tokens() {
    let mut trainer = BpeTrainer::new("the cat in the hat, the hat of the cat");
    let mut learnt = Vec::new();
    while let Some(token) = trainer.merge_next() {
        learnt.push(token.to_string());
    }
    assert_eq!(trainer.vocab_size(), MIN_VOCAB_SIZE + learnt.len());
    // "at", "he" and "th" occur four times; the smallest id counts. Then "th" is gone, and "t" with "he" occurs four times.
    assert_eq!(learnt[..3], ["at", "he", "the"]);
    assert_eq!(trainer.finish().tokens[256..259], ["at", "he", "the"]);
}

/// With GPT-2's vocabulary a Chinese character is two tokens on average.
#[test]
fn a_chinese_story_becomes_short() {
    let text = story("station-tea");
    let characters = text.chars().count();
    let gpt2 = Gpt2Tokenizer::new().encode_ordinary(&text).len();
    let own = tokenizer(&train_bpe(&text, 1000));
    let ids = own.encode_ordinary(&text);
    assert_eq!(own.decode(&ids).unwrap(), text);
    assert_eq!((characters, gpt2, ids.len()), (7813, 16142, 5925));
    let tea = own.encode_ordinary("外婆");
    assert_eq!(tea.len(), 1, "the grandmother is one token");
}

// The tokenizer

/// Texts of random characters, with many spaces, quotes and line breaks among them.
fn random_texts(count: usize) -> impl Iterator<Item = String> {
    let mut rng = TorchRng::new(123);
    let common: Vec<char> = " '\n\t.sStremdvl12\u{a0}é世the灯".chars().collect();
    (0..count).map(move |_| {
        (0..rng.next_u32() % 60)
            .filter_map(|_| match rng.next_u32() {
                n if n % 8 == 0 => char::from_u32(rng.next_u32() % 0x11_0000),
                n => Some(common[n as usize / 8 % common.len()]),
            })
            .collect()
    })
}

/// tiktoken's encoder and the chapter's own, which merges the pairs of the file.
#[test]
fn both_encoders_give_the_same_ids() {
    let stories = ["lamp", "station-tea"].map(story);
    for (text, size) in [(&stories[0], 1000), (&stories[1], 1400), (&format!("{}{}", stories[0], stories[1]), 4000)] {
        let files = train_bpe(text, size);
        let (fast, rebuilt) = (tokenizer(&files), Gpt2Bpe::new(files).unwrap());
        let awkward = ["", " ", "a   b \n c", "<|endoftext|>", "\0\u{7f}", "aaaaaaaaaaaaaaaaaaaaaaa"].map(String::from);
        for text in stories.iter().cloned().chain(awkward).chain(random_texts(500)) {
            let ids = rebuilt.encode(&text);
            assert_eq!(fast.encode_ordinary(&text), ids, "{text:?}");
            assert_eq!(fast.decode(&ids).unwrap(), text);
            assert_eq!(rebuilt.decode(&ids).unwrap(), text);
        }
    }
}

#[test]
fn the_ids_do_not_depend_on_the_number_of_threads() {
    let text = story("lamp") + END_OF_TEXT + &story("station-tea");
    let tokenizer = tokenizer(&train_bpe(&text, 1000));
    let ids = tokenizer.encode_with_end_of_text(&text);
    for threads in [2, 3, 7] {
        assert_eq!(encode_on(&tokenizer, &text, threads), ids, "{threads} threads");
    }
}

/// More spaces than tiktoken's pattern can take.
#[test]
fn a_million_spaces() {
    let tokenizer = tokenizer(&train_bpe("b c b c", 300));
    let text = format!("a{END_OF_TEXT}b{}c", " ".repeat(1_200_000));
    let ids = tokenizer.encode_with_end_of_text(&text);
    assert_eq!(ids[1], tokenizer.end_of_text_id());
    assert_eq!(tokenizer.decode(&ids).unwrap(), text);
}

#[test]
fn half_a_character_at_the_end_is_left_out() {
    let files = train_bpe("水水水", 300);
    let tokenizer = tokenizer(&files);
    let tea = tokenizer.encode_ordinary("水 茶");
    assert_eq!(tea.len(), 1 + 1 + 3);
    for end in [2, 3, 4] {
        assert_eq!(tokenizer.decode_whole_characters(&tea[..end]).unwrap(), "水 ");
    }
    assert_eq!(tokenizer.decode(&tea[..3]).unwrap(), "水 \u{fffd}");
    assert_eq!(tokenizer.decode_whole_characters(&tea).unwrap(), "水 茶");
    let in_the_middle = [&tea[2..3], &tea[..1]].concat();
    assert_eq!(tokenizer.decode_whole_characters(&in_the_middle).unwrap(), "\u{fffd}水");
}

// Files

#[test]
fn a_vocabulary_survives_its_files() {
    let files = train_bpe(&(story("lamp") + &story("station-tea")), 1200);
    let (vocab, merges) = (files.vocab_json(), files.merges_txt());
    assert_eq!(Gpt2Files::parse(&vocab, &merges).unwrap(), files);
    assert!(
        vocab.starts_with("{\n\"!\":0,\n\"\\\"\":1,\n\"#\":2,\n")
            && vocab.ends_with(":1198,\n\"<|endoftext|>\":1199\n}\n")
    );
    assert!(merges.starts_with("#version: 0.2\n") && merges.lines().count() == 1 + 1200 - 257);

    let folder = tempfile::tempdir().unwrap();
    let [vocab_json, merges_txt] = ["vocab.json", "merges.txt"].map(|name| folder.path().join(name));
    std::fs::write(&vocab_json, format!("\u{feff}{vocab}")).unwrap();
    std::fs::write(&merges_txt, merges.replace('\n', "\r\n")).unwrap();
    assert_eq!(Gpt2Files::read(&vocab_json, &merges_txt).unwrap(), files);
    std::fs::remove_file(&merges_txt).unwrap();
    let error = Gpt2Files::read(&vocab_json, &merges_txt).unwrap_err();
    assert!(matches!(error, BpeFileError::Read(_)) && error.to_string().contains("merges.txt"), "{error}");
}

/// The 256 bytes, then these tokens.
fn with_tokens(first: &[&str], last: &[&str], merges: &[&str]) -> Gpt2Files {
    let bytes = train_bpe("", 0).tokens[..256].to_vec();
    let tokens: Vec<String> = first
        .iter()
        .map(|&token| token.to_string())
        .chain(bytes)
        .chain(last.iter().map(|&token| token.to_string()))
        .collect();
    let files = Gpt2Files { tokens, merges: Default::default() };
    Gpt2Files::parse(&files.vocab_json(), &merges.join("\n")).unwrap()
}

/// Hugging Face's trainer puts the special tokens first.
#[test]
fn the_marker_may_come_first() {
    let files = with_tokens(&[END_OF_TEXT, "<pad>"], &["ab", "<|用户|>"], &["a b"]);
    let tokenizer = tokenizer(&files);
    assert_eq!(tokenizer.end_of_text_id(), 0);
    let ids = tokenizer.encode_with_end_of_text("ab<|endoftext|>!");
    assert_eq!(ids, [258, 0, 2]);
    assert_eq!(tokenizer.decode(&[0, 1, 2, 258, 259]).unwrap(), "<|endoftext|><pad>!ab<|用户|>");
    assert!(!tokenizer.encode_ordinary("<pad><|用户|>").iter().any(|id| [1, 259].contains(id)), "they are text");
}

/// "bc" is merged before "ab", so "abc" never comes about, not even where it is a whole word.
#[test]
fn a_token_that_its_merges_never_make_is_only_decoded() {
    let files = with_tokens(&[], &["bc", "ab", "abc", END_OF_TEXT], &["b c", "a b", "ab c"]);
    let (fast, rebuilt) = (tokenizer(&files), Gpt2Bpe::new(files).unwrap());
    let a = rebuilt.encode("a")[0];
    for (text, expected) in [("abc", vec![a, 256]), ("ab", vec![257])] {
        assert_eq!(rebuilt.encode(text), expected);
        assert_eq!(fast.encode_ordinary(text), expected);
    }
    assert_eq!(fast.decode(&[258]).unwrap(), "abc");
}

#[test]
fn a_vocabulary_that_cannot_be_used_says_why() {
    let error = |files: Gpt2Files| Gpt2Tokenizer::with_vocabulary(files).unwrap_err().to_string();
    assert_eq!(error(with_tokens(&[], &["ab"], &["a b"])), "the vocabulary has no token '<|endoftext|>'");
    let letters = Gpt2Files::parse(r#"{"a":0,"<|endoftext|>":1}"#, "").unwrap();
    assert_eq!(error(letters), "'Ā' is not a byte of GPT-2's table, or that byte has no token");
}

/// GPT-2's own files are GPT-2's tokenizer; without its last merge it is another one, with all other tokens.
#[needs_data("gpt2-encoder", "gpt2-merges", "the-verdict")]
#[test]
fn gpt2_s_own_files() {
    let files = Gpt2Files::parse(&for_test("gpt2-encoder"), &for_test("gpt2-merges")).unwrap();
    let gpt2 = tokenizer(&files);
    assert!(gpt2.vocabulary().is_none());
    assert_eq!((gpt2.vocab_size(), gpt2.end_of_text_id()), (50257, 50256));

    let mut fewer = files;
    let last = fewer.tokens.remove(50255);
    fewer.merges.retain(|_, id| *id != 50255);
    let other = tokenizer(&fewer);
    assert_eq!((other.vocab_size(), other.end_of_text_id()), (50256, 50255));
    assert_eq!(last, "Ġgazed");
    let rebuilt = Gpt2Bpe::new(fewer).unwrap();
    for text in
        [for_test("the-verdict"), " gazed".to_string(), story("station-tea")].into_iter().chain(random_texts(500))
    {
        let ids = other.encode_ordinary(&text);
        assert_eq!(ids, rebuilt.encode(&text), "{text:?}");
        if !text.contains(" gazed") {
            assert_eq!(ids, gpt2.encode_ordinary(&text), "{text:?}");
        }
    }
    assert_eq!(gpt2.encode_ordinary(" gazed"), [50255]);
    assert!(other.encode_ordinary(" gazed").len() > 1);
}
