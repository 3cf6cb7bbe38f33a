//! Texts that are computed together get the ids that they get alone, with and without what other texts have read.

use std::collections::HashMap;
use std::ops::ControlFlow;

use bonus_llama::{Family, Gemma3Config, LlamaConfig, LlamaModel};
use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch05_pretrain::{GenerateError, GenerateOptions};
use fast::batch::{Event, TextId};
use fast::prompt::PIECE;
use fast::{Batch, Finish, Generator, LlamaError, LlamaGenerator, LlamaOptions, PromptError, TextToWrite, TokenFilter};
use kernels::decode::Precision;
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

const VOCAB: usize = 211;
const CONTEXT: usize = 300;
const PRECISIONS: [Precision; 4] = [Precision::F32, Precision::Bf16, Precision::Int8, Precision::Int4];

fn gpt(precision: Option<Precision>) -> Generator {
    let (vocab_size, context_length) = (VOCAB, CONTEXT);
    let sizes =
        GptConfig { emb_dim: 32, n_heads: 4, n_layers: 2, drop_rate: 0.0, qkv_bias: true, vocab_size, context_length };
    let model = torch_init(GptModel::new(&sizes, &Device::flex()), &mut TorchRng::new(123));
    Generator::new(&model, precision)
}

fn llama(family: Family, precision: Precision) -> LlamaGenerator {
    let sizes = LlamaConfig {
        vocab_size: VOCAB,
        context_length: CONTEXT,
        emb_dim: 32,
        n_heads: 4,
        n_kv_heads: 2,
        head_dim: 8,
        hidden_dim: 64,
        n_layers: 3,
        family,
        ..LlamaConfig::preset("tiny").unwrap()
    };
    let model = torch_init(LlamaModel::new(&sizes, &Device::flex()), &mut TorchRng::new(123));
    LlamaGenerator::new(&model, precision).unwrap()
}

fn families() -> [Family; 3] {
    let full_layers = vec![false, true, false];
    let gemma3 = Gemma3Config { query_scale: 20.0, window: 40, local_rope_base: 10_000.0, full_layers };
    [Family::Llama, Family::Qwen3, Family::Gemma3(gemma3)]
}

fn random_ids(tokens: usize, seed: u64) -> Vec<u32> {
    TorchRng::new(seed).randint(0, VOCAB as i64, tokens).into_iter().map(|id| id as u32).collect()
}

/// Some prompts with a common beginning, of lengths around the ends of pieces; greedy and drawn in several ways.
fn texts(longest: usize) -> Vec<TextToWrite> {
    let ids = random_ids(longest, 5);
    let lengths = [1, 2, 7, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1, 2 * PIECE + 30, longest, longest];
    let text = |(index, length): (usize, usize)| {
        let mut prompt = ids[..length].to_vec();
        if index == lengths.len() - 1 {
            prompt[PIECE + 3] += 1; // only the first piece is the same
        }
        let filter = TokenFilter { top_p: 0.95, repeat_penalty: 1.1, ..Default::default() };
        let options = match index % 3 {
            0 => LlamaOptions::greedy(6),
            1 => LlamaOptions { temperature: 1.0, top_k: Some(30), ..LlamaOptions::greedy(5) },
            _ => LlamaOptions { temperature: 0.8, filter, stop_ids: vec![77], ..LlamaOptions::greedy(8) },
        };
        TextToWrite { prompt, options, context_size: CONTEXT, seed: index as u64, scores: None }
    };
    lengths.into_iter().enumerate().map(text).collect()
}

/// The new ids of texts that join one after the other, some steps apart, and how many tokens of their prompts were reused.
fn write(batch: &mut Batch, texts: &[TextToWrite], apart: usize) -> Vec<(Vec<u32>, usize)> {
    let mut places = HashMap::<TextId, usize>::new();
    let mut written = vec![(Vec::new(), 0); texts.len()];
    let mut waiting = texts.iter().enumerate();
    loop {
        if let Some((place, text)) = waiting.next() {
            places.insert(batch.join(text.clone()).unwrap(), place);
        } else if batch.texts() == 0 {
            return written;
        }
        for (id, event) in (0..apart).flat_map(|_| batch.step()).collect::<Vec<_>>() {
            let (ids, reused) = &mut written[places[&id]];
            match event {
                Event::Read { reused: tokens } => *reused = tokens,
                Event::Token { id, .. } => ids.push(id),
                Event::End(finish) => assert_ne!(finish, Finish::Interrupted),
                Event::Failed(error) => panic!("{error}"),
            }
        }
    }
}

/// Whether a decoder for one text reads the prompt in the same pieces as a batch.
fn is_read_alike(text: &TextToWrite, precision: Precision) -> bool {
    text.prompt.len() <= PIECE || matches!(precision, Precision::Int8 | Precision::Int4)
}

/// Each text alone gets the expected ids, if they are known; so it does in every company.
fn assert_same_ids(batch: impl Fn() -> Batch, texts: &[TextToWrite], expected: &[Option<Vec<u32>>], what: &str) {
    let ids = |written: Vec<(Vec<u32>, usize)>| written.into_iter().map(|(ids, _)| ids).collect::<Vec<_>>();
    let alone: Vec<_> = texts.iter().flat_map(|text| ids(write(&mut batch(), std::slice::from_ref(text), 1))).collect();
    for (alone, expected) in alone.iter().zip(expected) {
        assert!(expected.as_ref().is_none_or(|expected| alone == expected), "{what}: {alone:?} {expected:?}");
    }
    for apart in [0, 2] {
        let mut batch = batch().keeping(1 << 30);
        // A step must be taken now and then.
        let together = |batch: &mut Batch| match apart {
            0 => {
                let joined: Vec<_> = texts.iter().map(|text| batch.join(text.clone()).unwrap()).collect();
                let mut written = HashMap::<TextId, Vec<u32>>::new();
                while batch.texts() > 0 {
                    for (id, event) in batch.step() {
                        if let Event::Token { id: token, .. } = event {
                            written.entry(id).or_default().push(token);
                        }
                    }
                }
                joined.into_iter().map(|id| written.remove(&id).unwrap_or_default()).collect()
            }
            apart => ids(write(batch, texts, apart)),
        };
        assert_eq!(together(&mut batch), alone, "{what}, {apart} steps apart");
        assert_eq!(together(&mut batch), alone, "{what}, {apart} steps apart, with what was kept");
    }
}

#[test]
fn a_gpt_writes_the_same_in_every_company() {
    // The longest prompts do not fit into the context.
    let texts = texts(CONTEXT + 20);
    for precision in PRECISIONS {
        let generator = gpt(Some(precision));
        let alone = |text: &TextToWrite| {
            if !is_read_alike(text, precision) {
                return None;
            }
            let LlamaOptions { max_new_tokens, temperature, top_k, filter, stop_ids } = &text.options;
            let (context_size, eos_id) = (text.context_size, stop_ids.first().copied());
            let (max_new_tokens, temperature, top_k) = (*max_new_tokens, *temperature, *top_k);
            let options = GenerateOptions { max_new_tokens, temperature, top_k, context_size, eos_id };
            let (ids, mut rng) = (ids_to_tensor(&text.prompt, &Device::flex()), TorchRng::new(text.seed));
            let on_tokens = |_: &[u32]| ControlFlow::Continue(());
            let ids = generator.generate_filtered(ids, &options, filter, &mut rng, on_tokens).unwrap();
            Some(tensor_to_ids(ids).split_off(text.prompt.len()))
        };
        let expected: Vec<_> = texts.iter().map(alone).collect();
        assert_same_ids(|| Batch::from(&generator), &texts, &expected, &format!("{precision:?}"));
    }
}

#[test]
fn models_after_gpt2_write_the_same_in_every_company() {
    // The longest prompts fill the context with their answers.
    let texts = texts(CONTEXT - 4);
    for family in families() {
        let precisions = if family == Family::Llama { &PRECISIONS[..] } else { &[Precision::F32, Precision::Int8] };
        for &precision in precisions {
            let generator = llama(family.clone(), precision);
            let alone = |text: &TextToWrite| {
                if !is_read_alike(text, precision) {
                    return None;
                }
                let mut generator = LlamaGenerator::from(generator.shared_weights());
                let (mut rng, on_token) = (TorchRng::new(text.seed), |_| ControlFlow::Continue(()));
                Some(generator.generate(&text.prompt, &text.options, &mut rng, on_token).unwrap().ids)
            };
            let expected: Vec<_> = texts.iter().map(alone).collect();
            assert!(expected[8].as_ref().is_none_or(|ids| ids.len() == 4), "the context is full");
            assert_same_ids(|| Batch::from(&generator), &texts, &expected, &format!("{family:?}, {precision:?}"));
        }
    }
}

/// Without the decoder, texts take turns.
#[test]
fn a_gpt_without_the_decoder_writes_the_same_in_turn() {
    let generator = gpt(None);
    let texts = texts(CONTEXT + 20);
    let alone = |text: &TextToWrite| write(&mut Batch::from(&generator), std::slice::from_ref(text), 1).remove(0).0;
    let expected: Vec<_> = texts.iter().map(|text| Some(alone(text))).collect();
    let decoder = write(&mut Batch::from(&gpt(Some(Precision::F32))), &texts[..3], 1);
    assert!(decoder.into_iter().zip(&expected).all(|((ids, _), expected)| Some(&ids) == expected.as_ref()));
    assert_same_ids(|| Batch::from(&generator), &texts, &expected, "in turn");
}

#[test]
fn whole_pieces_are_computed_once() {
    let generator = gpt(Some(Precision::Int8));
    let text = |tokens| TextToWrite {
        prompt: random_ids(300, 5)[..tokens].to_vec(),
        options: LlamaOptions::greedy(3),
        context_size: CONTEXT,
        seed: 1,
        scores: None,
    };
    let reused = |batch: &mut Batch, tokens| write(batch, &[text(tokens)], 1)[0].1;
    let mut batch = Batch::from(&generator).keeping(1 << 20);
    let found = [290, 290, 2 * PIECE, PIECE - 1, 200].map(|tokens| reused(&mut batch, tokens));
    assert_eq!(found, [0, 2 * PIECE, PIECE, 0, PIECE], "the last token is always computed");
    // At the same time: the others wait until one has read it.
    let both = write(&mut Batch::from(&generator), &[text(290), text(280), text(290)], 1);
    assert_eq!(both.iter().map(|(_, reused)| *reused).collect::<Vec<_>>(), [0, 2 * PIECE, 2 * PIECE]);
    // Nothing is kept, or not enough.
    let mut nothing = Batch::from(&generator);
    assert_eq!([290, 290].map(|tokens| reused(&mut nothing, tokens)), [0, 0]);
    assert_eq!(nothing.cached_bytes(), 0);
    assert!(batch.cached_bytes() > 0);
}

#[test]
fn the_least_recently_used_beginning_goes_first() {
    let generator = gpt(Some(Precision::F32));
    let text = |seed| TextToWrite {
        prompt: random_ids(PIECE + 5, seed),
        options: LlamaOptions::greedy(2),
        context_size: CONTEXT,
        seed,
        scores: None,
    };
    let mut large = Batch::from(&generator).keeping(usize::MAX);
    write(&mut large, &[text(1)], 1);
    let piece = large.cached_bytes();
    assert!(piece > 0);
    let mut batch = Batch::from(&generator).keeping(2 * piece);
    let reused = [1, 2, 1, 3, 1, 2, 3].map(|seed| write(&mut batch, &[text(seed)], 1)[0].1);
    // The third one takes the place of the second, which was not used again; that comes back in the place of the third.
    assert_eq!(reused, [0, 0, PIECE, 0, PIECE, 0, 0]);
    assert_eq!(batch.cached_bytes(), 2 * piece);
}

#[test]
fn a_short_prompt_does_not_wait_for_a_long_one() {
    let sizes = GptConfig {
        vocab_size: VOCAB,
        context_length: 20 * PIECE,
        emb_dim: 8,
        n_heads: 2,
        n_layers: 1,
        drop_rate: 0.0,
        qkv_bias: false,
    };
    let model = torch_init(GptModel::new(&sizes, &Device::flex()), &mut TorchRng::new(123));
    let mut batch = Batch::from(&Generator::from(&model));
    let text = |tokens, seed| TextToWrite {
        prompt: random_ids(tokens, seed),
        options: LlamaOptions::greedy(100),
        context_size: 20 * PIECE,
        seed,
        scores: None,
    };
    let first_token = |batch: &mut Batch, of: TextId| {
        (1..).find(|_| batch.step().iter().any(|(id, event)| *id == of && matches!(event, Event::Token { .. })))
    };
    let long = [1, 2].map(|seed| batch.join(text(15 * PIECE, seed)).unwrap());
    batch.step();
    let short = batch.join(text(20, 3)).unwrap();
    assert!(first_token(&mut batch, short).unwrap() <= 2, "its piece comes first, or second");
    // A long prompt is read although short ones keep coming.
    let mut steps = 0;
    let mut others = 0;
    while others < 100 {
        let id = batch.join(text(10, 10 + others)).unwrap();
        others += 1;
        let events = batch.step();
        steps += 1;
        batch.leave(id);
        if events.iter().any(|(id, event)| *id == long[0] && matches!(event, Event::Token { .. })) {
            break;
        }
    }
    assert!(steps < 60, "{steps}");
}

#[test]
fn texts_that_do_not_suit_the_model_are_refused() {
    let text = |prompt: Vec<u32>| TextToWrite {
        prompt,
        options: LlamaOptions::greedy(3),
        context_size: CONTEXT,
        seed: 1,
        scores: None,
    };
    for (mut batch, slides) in [
        (Batch::from(&gpt(Some(Precision::F32))), true),
        (Batch::from(&gpt(None)), true),
        (Batch::from(&llama(Family::Llama, Precision::F32)), false),
    ] {
        assert_eq!(batch.join(text(vec![])), Err(PromptError::Empty.into()));
        let unknown = PromptError::UnknownId { id: 300, vocab_size: VOCAB };
        assert_eq!(batch.join(text(vec![1, 300])), Err(unknown.into()));
        let mut cold = text(vec![1]);
        cold.options.temperature = -1.0;
        assert_eq!(batch.join(cold), Err(GenerateError::Temperature(-1.0).into()));
        let long = batch.join(text(vec![1; CONTEXT + 1]));
        match slides {
            true => assert!(long.is_ok()),
            false => assert_eq!(long, Err(LlamaError::TooLong { tokens: CONTEXT + 1, context_length: CONTEXT })),
        }
        if slides {
            let wrong = batch.join(TextToWrite { context_size: CONTEXT + 1, ..text(vec![1]) });
            assert_eq!(wrong, Err(GenerateError::Context { context_size: CONTEXT + 1, allowed: CONTEXT }.into()));
        }
        assert_eq!(batch.embed(vec![]).err(), Some(PromptError::Empty.into()));
        let too_long = LlamaError::TooLong { tokens: CONTEXT + 1, context_length: CONTEXT };
        assert_eq!(batch.embed(vec![1; CONTEXT + 1]).err(), Some(too_long));
    }
}

/// The embedding of some ids, computed piece by piece.
fn embed(batch: &mut Batch, ids: &[u32]) -> Vec<f32> {
    let mut embedding = batch.embed(ids.to_vec()).unwrap();
    loop {
        if let Some(vector) = batch.embed_on(&mut embedding) {
            return vector;
        }
    }
}

/// The scores are those of the model's logits: greedy takes the first of them, and all of them add up to 1.
#[test]
fn scores_and_embeddings() {
    let prompt = random_ids(PIECE + 9, 3);
    let text = TextToWrite {
        prompt: prompt.clone(),
        options: LlamaOptions::greedy(3),
        context_size: CONTEXT,
        seed: 1,
        scores: Some(VOCAB),
    };
    let mut embeddings = Vec::new();
    for precision in [Some(Precision::F32), None] {
        let mut batch = Batch::from(&gpt(precision));
        batch.join(text.clone()).unwrap();
        let mut tokens = 0;
        while batch.texts() > 0 {
            for (_, event) in batch.step() {
                let Event::Token { id, score } = event else { continue };
                let score = score.unwrap();
                assert_eq!((score.id, score.top[0]), (id, (id, score.log_probability)));
                let sum: f32 = score.top.iter().map(|(_, log)| log.exp()).sum();
                assert!((sum - 1.0).abs() < 1e-4 && score.top.len() == VOCAB, "{sum}");
                tokens += 1;
            }
        }
        assert_eq!(tokens, 3);
        embeddings.push(embed(&mut batch, &prompt));
    }
    assert_eq!(embeddings[0].len(), 32);
    for (a, b) in embeddings[0].iter().zip(&embeddings[1]) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
    let half = embed(&mut Batch::from(&llama(Family::Llama, Precision::Int8)), &prompt);
    assert!(half.len() == 32 && half.iter().all(|value| value.is_finite()));
}

/// A text without new tokens ends at once, one that leaves is not computed any more, and the others do not notice.
#[test]
fn texts_end_and_leave() {
    let generator = gpt(Some(Precision::F32));
    let mut batch = Batch::from(&generator);
    let texts = texts(CONTEXT);
    let expected = write(&mut Batch::from(&generator), &texts[3..4], 1).remove(0).0;
    let none = TextToWrite { options: LlamaOptions::greedy(0), ..texts[0].clone() };
    let none = batch.join(none).unwrap();
    let leaving = batch.join(texts[0].clone()).unwrap();
    let staying = batch.join(texts[3].clone()).unwrap();
    assert_eq!(batch.step()[0], (none, Event::End(Finish::Length)));
    batch.leave(leaving);
    batch.leave(none);
    assert_eq!(batch.texts(), 1);
    let mut ids = Vec::new();
    while batch.texts() > 0 {
        for (id, event) in batch.step() {
            assert_eq!(id, staying);
            if let Event::Token { id, .. } = event {
                ids.push(id);
            }
        }
    }
    // Its first token may have been chosen in the first step already.
    assert!(expected.ends_with(&ids) && ids.len() + 2 >= expected.len(), "{ids:?} {expected:?}");
    assert!(batch.step().is_empty());
}
