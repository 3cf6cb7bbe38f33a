//! A text's logits have the same bits whatever other texts are computed with it.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use super::decoder::{DecoderState, TextDecoder};
use super::llama::{Activation, Embedding, LlamaBlockWeights, LlamaDecoder, LlamaWeights, RmsNorm};
use super::{BlockWeights, Decoder, Matrix, Norm, Precision, Projection, Text, Weights};
use crate::testing::numbers;

const VOCAB: usize = 83;
const CONTEXT: usize = 60;
const PRECISIONS: [Precision; 4] = [Precision::F32, Precision::Bf16, Precision::Int8, Precision::Int4];

/// Random matrices and vectors, each of them another one.
struct Random(u32);

impl Random {
    fn numbers(&mut self, n: usize, size: f32) -> Vec<f32> {
        self.0 += 1;
        numbers(n, self.0).into_iter().map(|x| x * size).collect()
    }

    fn table(&mut self, [rows, cols]: [usize; 2]) -> Matrix {
        let values = self.numbers(rows * cols, 1.5 / (rows as f32).sqrt());
        Matrix::shared(Tensor::from_data(TensorData::new(values, [rows, cols]), &Device::flex())).unwrap()
    }

    fn projection(&mut self, shape: [usize; 2], precision: Precision) -> Projection {
        Projection { weight: self.table(shape).in_precision(precision), bias: Some(self.numbers(shape[1], 0.1)) }
    }

    fn around_1(&mut self, n: usize) -> Vec<f32> {
        self.numbers(n, 0.2).into_iter().map(|x| 1.0 + x).collect()
    }
}

/// Three heads that two threads cannot share evenly, and widths that are no multiple of 32.
fn gpt(precision: Precision) -> Arc<Weights> {
    let (mut random, width) = (Random(1), 42);
    let norm =
        |random: &mut Random| Norm { scale: random.around_1(width), shift: random.numbers(width, 0.1), eps: 1e-5 };
    let block = |random: &mut Random| BlockWeights {
        norm1: norm(random),
        query: random.projection([width, width], precision),
        key: random.projection([width, width], precision),
        value: random.projection([width, width], precision),
        out: random.projection([width, width], precision),
        norm2: norm(random),
        expand: random.projection([width, 150], precision),
        contract: random.projection([150, width], precision),
    };
    Arc::new(Weights {
        tok_emb: random.table([VOCAB, width]),
        pos_emb: random.table([CONTEXT, width]),
        blocks: (0..2).map(|_| block(&mut random)).collect(),
        final_norm: norm(&mut random),
        head: Projection { bias: None, ..random.projection([width, VOCAB], precision.of_head()) },
        n_heads: 3,
    })
}

/// As Gemma 3: every norm, and a window in one of the blocks.
fn llama(precision: Precision) -> Arc<LlamaWeights> {
    let (mut random, width, head_dim, hidden) = (Random(2), 42, 10, 150);
    let norm = |random: &mut Random, n| RmsNorm { scale: random.around_1(n), eps: 1e-6 };
    let block = |random: &mut Random, window| {
        let matrix = |random: &mut Random, shape| random.table(shape).in_precision(precision);
        LlamaBlockWeights {
            norm1: norm(random, width),
            queries_keys_values: [40, 20, 20].map(|cols| matrix(random, [width, cols])).into(),
            query_norm: Some(norm(random, head_dim)),
            key_norm: Some(norm(random, head_dim)),
            rope: 0,
            score_factor: 0.3,
            window,
            out: matrix(random, [40, width]),
            post_attention_norm: Some(norm(random, width)),
            norm2: norm(random, width),
            gate: matrix(random, [width, hidden]),
            up: matrix(random, [width, hidden]),
            activation: Activation::Silu,
            down: matrix(random, [hidden, width]),
            post_ff_norm: Some(norm(random, width)),
        }
    };
    let table = random.table([VOCAB, width]);
    Arc::new(LlamaWeights {
        embedding: match table.transposed_in(precision.of_head()) {
            Some(columns) => Embedding::Head(columns),
            None => Embedding::Table(table),
        },
        embedding_factor: 2.0,
        ropes: vec![(0..head_dim / 2).map(|i| 0.7f64.powi(i as i32)).collect()],
        blocks: [None, Some(7)].map(|window| block(&mut random, window)).into(),
        final_norm: norm(&mut random, width),
        n_heads: 4,
        n_kv_heads: 2,
        head_dim,
        context_length: CONTEXT,
    })
}

/// The ids of a text.
fn ids(text: usize) -> Vec<u32> {
    (0..CONTEXT).map(|i| ((i * i * 7 + i * (text + 3) + text * 31) % VOCAB) as u32).collect()
}

/// The length of a text's prompt: some are read with a product of matrices, some as a few rows.
fn prompt(text: usize) -> usize {
    [11, 1, 30, 4, 2, 17, 3, 8, 25][text % 9]
}

/// What a text gets alone: the logits after its prompt, and after each token behind it.
fn alone<S: DecoderState>(weights: &Arc<S::Weights>, threads: usize, text: usize, steps: usize) -> Vec<Vec<f32>> {
    let (mut decoder, ids) = (TextDecoder::<S>::new(Arc::clone(weights), threads), ids(text));
    let only = decoder.open();
    let mut logits = vec![decoder.read(only, &ids[..prompt(text)])];
    logits.extend(ids[prompt(text)..][..steps].iter().map(|id| decoder.step(&[(only, &[*id])])));
    logits
}

/// A text in a decoder with others.
struct Running {
    handle: Text,
    text: usize,
    /// Logits so far.
    steps: usize,
}

impl Running {
    /// The prompt, or the token behind what was read.
    fn next(&self) -> Vec<u32> {
        let (ids, read) = (ids(self.text), prompt(self.text) + self.steps);
        if self.steps == 0 { ids[..read].to_vec() } else { vec![ids[read - 1]] }
    }
}

/// Texts join and leave: there are 1, 2, 3, 4, 5, 8, 9, 6 and 2 of them. A short prompt is read in a step with other texts.
fn check<S: DecoderState>(weights: &Arc<S::Weights>, what: &str) {
    const STEPS: usize = 12;
    for threads in [1, 2] {
        let expected: Vec<_> = (0..14).map(|text| alone::<S>(weights, threads, text, STEPS)).collect();
        let mut decoder = TextDecoder::<S>::new(Arc::clone(weights), threads);
        let (mut running, mut next_text): (Vec<Running>, usize) = (Vec::new(), 0);
        for n in [1, 2, 3, 4, 5, 8, 9, 6, 2] {
            while running.len() > n {
                decoder.close(running.remove(running.len() / 2).handle);
            }
            while running.len() < n {
                let (handle, text) = (decoder.open(), next_text);
                let few = decoder.are_few(prompt(text));
                if !few {
                    let logits = decoder.read(handle, &ids(text)[..prompt(text)]);
                    assert_eq!(logits, expected[text][0], "{what}, {threads} threads: the prompt of text {text}");
                }
                running.push(Running { handle, text, steps: usize::from(!few) });
                next_text += 1;
            }
            // In another order each time.
            running.rotate_left(1);
            let next: Vec<_> = running.iter().map(|r| (r.handle, r.next())).collect();
            let next: Vec<_> = next.iter().map(|(handle, ids)| (*handle, &ids[..])).collect();
            let logits = decoder.step(&next);
            assert_eq!(logits.len(), n * VOCAB);
            for (running, logits) in running.iter_mut().zip(logits.chunks(VOCAB)) {
                assert_eq!(decoder.tokens(running.handle), prompt(running.text) + running.steps);
                let expected = &expected[running.text][running.steps];
                assert_eq!(logits, expected, "{what}, {threads} threads, {n} texts: text {}", running.text);
                running.steps += 1;
            }
        }
    }
}

#[test]
fn texts_together_get_the_bits_of_each_alone() {
    for precision in PRECISIONS {
        check::<super::state::GptState>(&gpt(precision), &format!("GPT in {precision:?}"));
        check::<super::llama::LlamaState>(&llama(precision), &format!("Llama in {precision:?}"));
    }
}

/// A copied text goes on as the first one does, and neither sees the other.
fn check_fork<S: DecoderState>(weights: &Arc<S::Weights>) {
    let mut decoder = TextDecoder::<S>::new(Arc::clone(weights), 2);
    let (ids, others) = (ids(0), ids(1));
    let read = |decoder: &mut TextDecoder<S>, ids: &[u32]| {
        let text = decoder.open();
        decoder.read_on(text, &ids[..20]);
        let logits = decoder.read(text, &ids[20..]);
        decoder.close(text);
        logits
    };
    let expected = read(&mut decoder, &ids[..30]);
    let expected_other = read(&mut decoder, &[&ids[..20], &others[20..33]].concat());
    let text = decoder.open();
    decoder.read_on(text, &ids[..20]);
    decoder.read_on(text, &others[..9]);
    let copy = decoder.fork(text, 20);
    assert_eq!((decoder.tokens(text), decoder.tokens(copy)), (29, 20));
    decoder.truncate(text, 20);
    assert_eq!(decoder.read(copy, &others[20..33]), expected_other);
    assert_eq!(decoder.read(text, &ids[20..30]), expected);
    assert_ne!(expected, expected_other);
    decoder.close(text);
    assert_eq!(decoder.step(&[(copy, &[5])]).len(), VOCAB);
}

#[test]
fn a_fork_is_a_copy() {
    for precision in [Precision::F32, Precision::Int8] {
        check_fork::<super::state::GptState>(&gpt(precision));
        check_fork::<super::llama::LlamaState>(&llama(precision));
    }
}

/// The hidden states of a text that the decoder does not hold yet.
fn of_new_text<S: DecoderState>(decoder: &mut TextDecoder<S>, ids: &[u32]) -> Vec<f32> {
    let text = decoder.open();
    decoder.read_hidden(text, ids)
}

/// A text that is read in pieces has the logits of one that is read at once, up to rounding; hidden states do not depend on what
/// the decoder holds.
#[test]
fn pieces_and_hidden_states() {
    let mut decoder = Decoder::new(gpt(Precision::F32), 2);
    let mut llama = LlamaDecoder::new(llama(Precision::F32), 2);
    let ids = ids(3);
    let (a, b) = (decoder.open(), llama.open());
    let whole = [decoder.read(a, &ids[..50]), llama.read(b, &ids[..50])];
    for sizes in [&[1, 20, 2, 27][..], &[25, 25], &[0, 49, 1]] {
        decoder.truncate(a, 0);
        llama.truncate(b, 0);
        let (mut found, mut read) = (Vec::new(), 0);
        for (i, size) in sizes.iter().enumerate() {
            let piece = &ids[read..read + size];
            read += size;
            if i + 1 < sizes.len() {
                decoder.read_on(a, piece);
                llama.read_on(b, piece);
            } else {
                found = vec![decoder.read(a, piece), llama.read(b, piece)];
            }
        }
        for (found, whole) in found.iter().zip(&whole) {
            assert!(found.iter().zip(whole).all(|(found, whole)| (found - whole).abs() < 1e-4), "{sizes:?}");
        }
    }
    let hidden = [of_new_text(&mut decoder, &ids[..9]), of_new_text(&mut llama, &ids[..9])];
    assert_eq!(hidden.each_ref().map(Vec::len), [9 * 42; 2]);
    let mut empty = (Decoder::new(gpt(Precision::F32), 2), LlamaDecoder::new(self::llama(Precision::F32), 2));
    assert_eq!([of_new_text(&mut empty.0, &ids[..9]), of_new_text(&mut empty.1, &ids[..9])], hidden);
    assert!(of_new_text(&mut decoder, &[]).is_empty());
    // In pieces, up to rounding; the logits behind them are those of any text.
    let (c, d) = (decoder.open(), llama.open());
    let mut pieces = [Vec::new(), Vec::new()];
    for piece in [&ids[..5], &ids[5..6], &ids[6..9]] {
        pieces[0].extend(decoder.read_hidden(c, piece));
        pieces[1].extend(llama.read_hidden(d, piece));
    }
    for (pieces, hidden) in pieces.iter().zip(&hidden) {
        assert_eq!(pieces.len(), hidden.len());
        assert!(pieces.iter().zip(hidden).all(|(piece, whole)| (piece - whole).abs() < 1e-4));
    }
    let after = [decoder.read(c, &ids[9..50]), llama.read(d, &ids[9..50])];
    for (after, whole) in after.iter().zip(&whole) {
        assert!(after.iter().zip(whole).all(|(found, whole)| (found - whole).abs() < 1e-4));
    }
    assert_eq!((decoder.tokens(a), llama.tokens(b)), (50, 50));
}

#[test]
fn memory_of_a_token() {
    assert_eq!(Decoder::new(gpt(Precision::Int8), 1).bytes_per_token(), 2 * 4 * 2 * 42);
    assert_eq!(LlamaDecoder::new(llama(Precision::Int8), 1).bytes_per_token(), 2 * 4 * 2 * 20);
}

#[test]
#[should_panic(expected = "the text is open")]
fn a_closed_text_is_refused() {
    let mut decoder = Decoder::new(gpt(Precision::F32), 1);
    let closed = decoder.open();
    decoder.close(closed);
    // Another text in the same place.
    decoder.open();
    decoder.read(closed, &[1]);
}

#[test]
#[should_panic(expected = "a text is given twice")]
fn a_text_is_given_once_in_a_step() {
    let mut decoder = Decoder::new(gpt(Precision::F32), 1);
    let text = decoder.open();
    decoder.step(&[(text, &[1]), (text, &[2])]);
}
