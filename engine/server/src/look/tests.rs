//! What a model shows against the lessons.

use std::cell::Cell;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bonus_llama::{LlamaConfig, LlamaModel};
use burn::module::{Module, Param};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, s};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch04_gpt::bonus::Inside;
use ch05_pretrain::tokens::ids_to_tensor;
use ch06_classify::bonus::contributions::contributions;
use ch06_classify::{Readout, add_classification_head, classify_review};
use serde_json::{Value, json};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

use super::question::Input;
use super::*;
use crate::card::{Files, ModelCard, Sizes, Skill, Suggested};
use crate::loaded::Classifier;
use crate::text::tests::tokenizer;
use crate::text::{ChatForm, Text};

/// Numbers of at most 10 from sums of 16 float32 products in two blocks, in another order.
const ROUNDING: f32 = 1e-5;

fn card(skill: Skill, sizes: Sizes) -> ModelCard {
    let (name, weights) = ("model".to_string(), "f32".to_string());
    ModelCard { name, skill, sizes, parameters: 1, weights, suggested: Suggested::default(), files: Files::default() }
}

fn config() -> GptConfig {
    GptConfig {
        vocab_size: ch02_text::VOCAB_SIZE,
        context_length: 160,
        emb_dim: 16,
        n_heads: 2,
        n_layers: 2,
        drop_rate: 0.1,
        qkv_bias: true,
    }
}

fn gpt() -> GptModel {
    torch_init(GptModel::new(&config(), &Device::flex()), &mut TorchRng::new(123))
}

fn writer_card() -> ModelCard {
    card(Skill::Write(Text::gpt(Gpt2Tokenizer::new(), None)), Sizes::Gpt(config()))
}

fn question(ids: &[u32], position: Option<usize>) -> Question {
    Question { input: Input::Ids { ids: ids.to_vec(), skipped: 0 }, position, attention: true }
}

/// The answer, as a client reads it.
fn answer(card: &ModelCard, view: &View) -> Value {
    serde_json::from_slice(&wire::json(card, view).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn floats(value: &Value) -> Vec<f32> {
    bytes(value).chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

fn weights(value: &Value) -> Vec<f32> {
    bytes(value).chunks_exact(2).map(|two| f32::from(u16::from_le_bytes(two.try_into().unwrap())) / 65535.0).collect()
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

#[track_caller]
fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance, "{found}, expected {expected}");
    }
}

/// The weights come within half a step of 16 bits.
#[track_caller]
fn assert_weights(found: &Value, expected: Vec<Tensor<4>>) {
    let expected: Vec<f32> = expected.into_iter().flat_map(numbers).collect();
    assert_close(&weights(found), &expected, 0.5 / 65535.0 + 1e-6);
}

#[test]
fn a_writer_shows_what_the_lesson_shows() {
    let (model, tokenizer, device) = (gpt(), Gpt2Tokenizer::new(), Device::flex());
    let ids = tokenizer.encode("The lamp in the window").unwrap();
    let tensor = ids_to_tensor(&ids, &device);
    let Inside { hidden_states, attention_weights } = model.look_inside(tensor.clone());
    let forward = numbers(model.forward(tensor, &mut Mode::Eval));
    let fast = fast::accelerate(model.clone());
    let card = writer_card();
    for position in 0..ids.len() {
        let view = writer::view(&fast, &card, &question(&ids, Some(position)), &device).unwrap();
        let answer = answer(&card, &view);
        let row = position * ch02_text::VOCAB_SIZE..(position + 1) * ch02_text::VOCAB_SIZE;
        let logits = floats(&answer["next"]["logits"]);
        assert_close(&logits, &forward[row.clone()], ROUNDING);
        assert_weights(&answer["attention"], attention_weights.clone());

        let id = |token: &Value| token["id"].as_u64().unwrap() as usize;
        let top: Vec<usize> = answer["next"]["top"].as_array().unwrap().iter().map(id).collect();
        assert_eq!(top.len(), 100);
        assert!(top.windows(2).all(|two| logits[two[0]] >= logits[two[1]]));
        assert_eq!(logits.iter().filter(|logit| **logit > logits[top[99]]).count(), 99);

        let layers = answer["lens"].as_array().unwrap();
        assert_eq!(layers.len(), 3);
        for (layer, (shown, state)) in layers.iter().zip(&hidden_states).enumerate() {
            assert_eq!(shown["layer"], layer);
            let probabilities = numbers(softmax(model.logits(state.clone()), 2));
            let probabilities = &probabilities[row.clone()];
            let shown = shown["top"].as_array().unwrap();
            assert_eq!(shown.len(), 5);
            for token in shown {
                let probability = token["probability"].as_f64().unwrap() as f32;
                assert_close(&[probability], &[probabilities[id(token)]], 1e-6);
            }
        }
        let last: Vec<usize> = layers[2]["top"].as_array().unwrap().iter().map(id).collect();
        assert_eq!(last, top[..5]);
    }
}

#[test]
fn the_rest_of_a_writer_s_answer() {
    let tokenizer = Gpt2Tokenizer::new();
    let ids = tokenizer.encode("a 茶").unwrap();
    let card = writer_card();
    let question = Question { attention: false, ..question(&ids, None) };
    let answer = answer(&card, &writer::view(&gpt(), &card, &question, &Device::flex()).unwrap());
    assert_eq!(answer["tokens"][0], json!({ "id": ids[0], "text": "a" }));
    assert_eq!(answer["text"], "a 茶");
    let parts = &answer["tokens"].as_array().unwrap()[1..];
    assert!(parts.len() > 1 && parts.iter().all(|part| part["text"].as_str().unwrap().contains('\u{fffd}')));
    let together: String = parts.iter().map(|part| part["bytes"].as_str().unwrap()).collect();
    assert_eq!(together, "20e88cb6");
    assert_eq!(answer["position"], ids.len() - 1);
    let sizes = ["model", "family", "layers", "heads", "vocab_size", "skipped"].map(|field| answer[field].clone());
    assert_eq!(sizes, [json!("model"), json!("gpt2"), json!(2), json!(2), json!(50257), json!(0)]);
    assert_eq!(answer.get("attention"), None, "it was not wanted");
}

/// A Llama is opened at the first look, and once.
#[test]
fn a_llama_is_opened_when_it_is_looked_at() {
    let device = Device::flex();
    let config =
        LlamaConfig { vocab_size: tokenizer().vocab_size(), n_layers: 2, ..LlamaConfig::preset("tiny").unwrap() };
    let model = torch_init(LlamaModel::new(&config, &device), &mut TorchRng::new(123));
    let text = Text::published(tokenizer(), ChatForm::None, vec![2]);
    let card = card(Skill::Write(text), Sizes::Llama(config));
    let opened = Rc::new(Cell::new(0));
    let whole = WholeLlama::new({
        let (model, opened) = (model.clone(), Rc::clone(&opened));
        move || {
            opened.set(opened.get() + 1);
            Ok(model.clone())
        }
    });
    assert_eq!((opened.get(), whole.bytes()), (0, 0));
    let ids = [1, 70, 75, 80];
    for _ in 0..2 {
        let view = writer::view(whole.get("model").unwrap(), &card, &question(&ids, None), &device).unwrap();
        let answer = answer(&card, &view);
        let tensor = ids_to_tensor(&ids, &device);
        let forward = numbers(model.forward(tensor.clone(), &mut Mode::Eval));
        assert_close(&floats(&answer["next"]["logits"]), &forward[3 * tokenizer().vocab_size()..], ROUNDING);
        assert_weights(&answer["attention"], model.look_inside(tensor).attention_weights);
        assert_eq!(answer["tokens"][0], json!({ "id": 1, "text": "<|im_start|>" }));
        assert_eq!(answer["family"], "llama");
    }
    assert_eq!((opened.get(), whole.bytes()), (1, 4 * model.num_params()));

    let gone = WholeLlama::new(|| Err(std::io::Error::other("the file is gone").into()));
    assert_eq!(gone.get("model").unwrap_err(), "the model 'model' cannot be opened to look inside: the file is gone");
}

fn classifier(max_length: Option<usize>, readout: Readout) -> Classifier<GptModel, Gpt2Tokenizer> {
    let model = add_classification_head(gpt(), &mut TorchRng::new(5), &Device::flex());
    Classifier { model: fast::accelerate(model), tokenizer: Gpt2Tokenizer::new(), max_length, readout }
}

fn message(text: &str) -> Question {
    Question { input: Input::Text(text.to_string()), position: None, attention: true }
}

fn explained(classifier: &Classifier<GptModel, Gpt2Tokenizer>, text: &str) -> Value {
    let view = classifier::view(classifier, &classifier.tokenizer, &message(text), &Device::flex()).unwrap();
    answer(&card(Skill::Classify, Sizes::Gpt(config())), &view)
}

#[test]
fn a_classifier_shows_its_decision_and_what_the_tokens_contributed() {
    const TEXT: &str = "You have won a prize";
    for (max_length, readout) in [
        (None, Readout::Last),
        (Some(9), Readout::Last),
        (Some(9), Readout::Mean),
        (Some(9), Readout::LastReal),
        (Some(9), Readout::First),
        (Some(5), Readout::Last),
        (Some(3), Readout::Last),
    ] {
        let device = Device::flex();
        let classifier = classifier(max_length, readout);
        let answer = explained(&classifier, TEXT);
        let prediction =
            classify_review(TEXT, &classifier.model, &classifier.tokenizer, max_length, readout, &device).unwrap();
        for (class, probability) in ["ham", "spam"].into_iter().zip(prediction.probabilities).enumerate() {
            let found = &answer["classes"][class];
            assert_eq!(found["label"], probability.0);
            assert_close(&[found["probability"].as_f64().unwrap() as f32], &[probability.1], 1e-6);
        }

        // The same by the lesson's blocks, over the padding too.
        let mut ids = classifier.tokenizer.encode(TEXT).unwrap();
        let (all, real) = (max_length.unwrap_or(5), max_length.unwrap_or(5).min(5));
        ids.resize(all, classifier.tokenizer.end_of_text_id());
        let (lesson, inputs) = (GptModel { fast: None, ..classifier.model.clone() }, ids_to_tensor(&ids, &device));
        let by_lesson = contributions(lesson.tok_emb.forward(inputs.clone()), |vectors| {
            let x = vectors + lesson.position_vectors(all);
            let x = lesson.trf_blocks.iter().fold(x, |x, block| block.forward(x, &mut Mode::Eval));
            readout.select(lesson.logits(x), &inputs, classifier.tokenizer.end_of_text_id())
        });
        let expected = numbers(by_lesson.per_token);
        let list = answer["contributions"].as_array().unwrap();
        let found: Vec<f32> = list.iter().map(|number| number.as_f64().unwrap() as f32).collect();
        assert_close(&found, &expected[..real], ROUNDING);
        match max_length {
            None => assert_eq!(answer.get("padding"), None),
            Some(_) => {
                assert_eq!(answer["padding"]["tokens"], all - real);
                let contribution = answer["padding"]["contribution"].as_f64().unwrap() as f32;
                assert_close(&[contribution], &[expected[real..].iter().sum()], ROUNDING);
            }
        }
        assert_eq!(answer["truncated"], 5 - real);
        assert_eq!(answer["tokens"].as_array().unwrap().len(), real);
        let inside = lesson.look_inside(ids_to_tensor(&ids[..real], &device));
        assert_weights(&answer["attention"], inside.attention_weights);
        let position = match readout {
            Readout::First => json!(0),
            Readout::LastReal => json!(4),
            Readout::Last if all == real => json!(real - 1),
            _ => Value::Null,
        };
        assert_eq!(answer["position"], position);
    }
}

#[test]
fn of_a_long_message_the_end_is_looked_at() {
    let text = format!("{}end", "word ".repeat(139));
    let whole = explained(&classifier(None, Readout::Last), &text);
    assert_eq!((&whole["skipped"], &whole["truncated"]), (&json!(12), &json!(0)));
    let tokens = whole["tokens"].as_array().unwrap();
    assert_eq!((tokens.len(), &tokens[127]["text"]), (128, &json!(" end")));
    let padded = explained(&classifier(Some(130), Readout::Last), &text);
    assert_eq!((&padded["skipped"], &padded["truncated"]), (&json!(2), &json!(10)));
    assert_eq!(padded["padding"]["tokens"], 2);
    let refused =
        classifier::view(&classifier(None, Readout::Last), &Gpt2Tokenizer::new(), &message(""), &Device::flex());
    assert_eq!(refused.err().unwrap().to_string(), "the message is empty");
}

/// A number that is none is never shown as 0, wherever it comes from.
#[test]
fn damaged_weights_are_refused() {
    let (device, card) = (Device::flex(), writer_card());
    let damaged = |of: fn(&mut GptModel) -> &mut Param<Tensor<2>>, value: f32| {
        let mut model = gpt();
        let weight = of(&mut model);
        let values = weight.val();
        *weight = Param::from_tensor(values.slice_fill(s![7..8, ..], value));
        model
    };
    // In the output layer, and in the vector of the last token alone, which comes after the position.
    let head = damaged(|model| &mut model.out_head.weight, f32::NAN);
    let infinite = damaged(|model| &mut model.out_head.weight, f32::INFINITY);
    let token = damaged(|model| &mut model.tok_emb.weight, f32::NAN);
    for (model, position) in [(&head, 1), (&infinite, 1), (&token, 2), (&token, 1)] {
        let error = writer::view(model, &card, &question(&[3, 4, 7], Some(position)), &device).err().unwrap();
        assert!(matches!(error, LookError::NotFinite), "{error}");
    }
    assert!(writer::view(&token, &card, &question(&[3, 4, 5], None), &device).is_ok());
}
