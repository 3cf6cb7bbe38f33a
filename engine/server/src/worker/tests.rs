use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use bonus_llama::{LlamaConfig, LlamaModel, generate_greedy};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch06_classify::Readout;
use fast::{Generator, LlamaGenerator, LlamaOptions};
use kernels::decode::Precision;
use model_text::DocumentTokenizer;
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::card::{Sizes, Skill, Suggested};
use crate::jobs::Continuation;
use crate::keep_alive::KeepAlive;
use crate::loaded::{Classifier, LoadedModel};
use crate::models::OpenModel;
use crate::text::tests::tokenizer;
use crate::text::{ChatForm, Text};

fn card(skill: Skill, sizes: Sizes) -> ModelCard {
    let (name, weights) = ("model".to_string(), "f32".to_string());
    ModelCard { name, skill, sizes, parameters: 1, weights, suggested: Suggested::default() }
}

/// A model with a context of this length, and how often it was opened.
fn model(context_length: usize) -> (ModelCard, OpenModel, Arc<AtomicUsize>) {
    let config = GptConfig {
        vocab_size: ch02_text::VOCAB_SIZE,
        context_length,
        emb_dim: 8,
        n_heads: 2,
        n_layers: 1,
        drop_rate: 0.0,
        qkv_bias: false,
    };
    let card = card(Skill::Write(Text::gpt(Gpt2Tokenizer::new(), None)), Sizes::Gpt(config.clone()));
    let opened = Arc::new(AtomicUsize::new(0));
    let (shown, counter) = (card.clone(), Arc::clone(&opened));
    let open: OpenModel = Box::new(move |device| {
        counter.fetch_add(1, Ordering::SeqCst);
        let model = torch_init(GptModel::new(&config, device), &mut TorchRng::new(123));
        Ok((shown.clone(), LoadedModel::Gpt(Generator::new(&model, None))))
    });
    (card, open, opened)
}

/// An untrained Llama with the vocabulary of [`tokenizer`].
fn llama(device: &Device) -> LlamaModel {
    let config = LlamaConfig {
        vocab_size: tokenizer().vocab_size(),
        context_length: 32,
        emb_dim: 8,
        n_heads: 2,
        n_kv_heads: 1,
        head_dim: 4,
        hidden_dim: 16,
        n_layers: 1,
        tied: false,
        ..LlamaConfig::preset("tiny").unwrap()
    };
    torch_init(LlamaModel::new(&config, device), &mut TorchRng::new(123))
}

/// The same model as a writer and as a classifier, of the first two values of its output layer.
fn open_llamas() -> Vec<OpenModel> {
    let writer = |device: &Device| -> Result<_, Box<dyn Error + Send + Sync>> {
        let model = llama(device);
        let text = Text::published(tokenizer(), ChatForm::None, vec![2]);
        let card = card(Skill::Write(text), Sizes::Llama(model.config.clone()));
        Ok((card, LoadedModel::Llama(LlamaGenerator::new(&model, Precision::F32)?)))
    };
    let classifier = |device: &Device| -> Result<_, Box<dyn Error + Send + Sync>> {
        let model = llama(device);
        let card = card(Skill::Classify, Sizes::Llama(model.config.clone()));
        let head = torch_init(shared::Linear::new(8, 2, true, device), &mut TorchRng::new(1));
        let model = LlamaModel { out_head: Some(head), ..model };
        let tokenizer = DocumentTokenizer::new(tokenizer())?;
        let classifier = Classifier { model, tokenizer, max_length: Some(8), readout: Readout::Last };
        Ok((card, LoadedModel::LlamaClassifier(Box::new(classifier))))
    };
    vec![Box::new(writer), Box::new(classifier)]
}

/// A worker with such a model.
fn worker() -> (ModelWorker, Arc<AtomicUsize>) {
    let (sender, opened) = sync_channel(1);
    let open = move || {
        let (_, open, opened) = model(8);
        sender.send(opened).unwrap();
        Ok((Device::flex(), vec![open]))
    };
    let (worker, cards) = ModelWorker::start(open).unwrap();
    assert_eq!(cards[0].name, "model");
    (worker, opened.recv().unwrap())
}

fn generation(prompt: Vec<u32>, pieces: mpsc::UnboundedSender<Piece>) -> Task {
    let continuation = Continuation { prompt, options: LlamaOptions::greedy(3), context_size: 8, seed: 1 };
    Task::Generate(Generation { continuation, stop: vec![], pieces })
}

fn classify(
    worker: &ModelWorker,
    model: usize,
    text: &str,
) -> Option<Result<Result<Prediction, ClassifyError>, String>> {
    let (answer, prediction) = oneshot::channel();
    let task = Task::Classify(Classification { text: text.to_string(), answer });
    worker.submit(Job { model, task, keep_alive: KeepAlive::Forever }).unwrap();
    prediction.blocking_recv().ok()
}

/// The pieces of the answer to a prompt of one id.
fn generate(worker: &ModelWorker, model: usize, keep_alive: KeepAlive) -> Vec<Piece> {
    let (pieces, mut answer) = mpsc::unbounded_channel();
    worker.submit(Job { model, task: generation(vec![464], pieces), keep_alive }).unwrap();
    std::iter::from_fn(|| answer.blocking_recv()).collect()
}

fn load(worker: &ModelWorker, model: usize, keep_alive: KeepAlive) -> Option<Result<(), String>> {
    let (answer, loaded) = oneshot::channel();
    worker.submit(Job { model, task: Task::Load(Loading { answer }), keep_alive }).unwrap();
    loaded.blocking_recv().ok()
}

/// No request can choose a model that does not exist, so the panic is made here.
#[test]
fn a_panic_costs_one_answer_and_not_the_server() {
    let (worker, _) = worker();
    let failed = generate(&worker, 1, KeepAlive::Forever);
    assert!(matches!(&failed[..], [Piece::Failed(reason)] if reason == FAILED), "{failed:?}");
    assert!(classify(&worker, 1, "a").is_none(), "closed without an answer");
    assert_eq!(load(&worker, 1, KeepAlive::Forever), None, "closed without an answer");

    let generated = generate(&worker, 0, KeepAlive::Forever);
    assert!(matches!(generated.last(), Some(Piece::Done(Summary { tokens: 3, .. }))), "{generated:?}");
}

/// The worker's tokens are those that the lesson's model finds most likely, before and after the model was unloaded.
#[test]
fn models_after_gpt2_write_and_classify() {
    let (worker, _) = ModelWorker::start(|| Ok((Device::flex(), open_llamas()))).unwrap();
    let (tokenizer, device) = (tokenizer(), Device::flex());
    let prompt = tokenizer.encode("ab");
    let ids = tensor_to_ids(generate_greedy(&llama(&device), ids_to_tensor(&prompt, &device), 3));
    let mut stream = tokenizer.stream();
    let expected: String = ids[2..].iter().map(|&id| stream.push(id).unwrap()).collect();
    for keep_alive in [KeepAlive::Forever, KeepAlive::For(Duration::ZERO), KeepAlive::Forever] {
        let (pieces, mut answer) = mpsc::unbounded_channel();
        worker.submit(Job { model: 0, task: generation(prompt.clone(), pieces), keep_alive }).unwrap();
        let mut text = String::new();
        let end = loop {
            match answer.blocking_recv().unwrap() {
                Piece::Text(piece) => text += &piece,
                end => break end,
            }
        };
        assert!(matches!(end, Piece::Done(Summary { tokens: 3, at_limit: true, .. })), "{end:?}");
        assert_eq!(text, expected);
    }
    let prediction = classify(&worker, 1, "abc").unwrap().unwrap().unwrap();
    assert_eq!((prediction.tokens, prediction.truncated), (3, false));
    assert!((prediction.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    assert_ne!(prediction.probabilities[0], prediction.probabilities[1]);
    assert!(classify(&worker, 1, "").unwrap().unwrap().is_err());
    assert_eq!(classify(&worker, 0, "abc").unwrap().unwrap_err(), "the model is no classifier");
}

#[test]
fn a_model_is_unloaded_when_its_time_is_over_and_loaded_when_it_is_needed() {
    let (worker, opened) = worker();
    let opened = || opened.load(Ordering::SeqCst);
    let now = KeepAlive::For(Duration::ZERO);
    let loading = |pieces: Vec<Piece>| match pieces.last() {
        Some(Piece::Done(summary)) => summary.loading,
        _ => panic!("{pieces:?}"),
    };
    assert_eq!(loading(generate(&worker, 0, KeepAlive::Forever)), Duration::ZERO);
    assert_eq!(loading(generate(&worker, 0, now)), Duration::ZERO);
    assert_eq!(opened(), 1);
    assert!(loading(generate(&worker, 0, KeepAlive::For(Duration::from_secs(600)))) > Duration::ZERO);
    assert_eq!(loading(generate(&worker, 0, KeepAlive::Forever)), Duration::ZERO);
    assert_eq!(opened(), 2);

    // Without a text to generate.
    assert_eq!((load(&worker, 0, now), load(&worker, 0, now), opened()), (Some(Ok(())), Some(Ok(())), 2));
    assert_eq!((load(&worker, 0, KeepAlive::For(Duration::from_millis(50))), opened()), (Some(Ok(())), 3));
    thread::sleep(Duration::from_millis(300));
    assert_eq!((load(&worker, 0, KeepAlive::Forever), opened()), (Some(Ok(())), 4));
    assert_eq!((load(&worker, 0, KeepAlive::Forever), opened()), (Some(Ok(())), 4));
}

#[test]
fn another_model_in_the_place_of_an_unloaded_one_is_not_used() {
    let open = || {
        let calls = AtomicUsize::new(0);
        let open: OpenModel = Box::new(move |device| {
            let (_, open, _) = match calls.fetch_add(1, Ordering::SeqCst) {
                0 => model(8),
                1 => model(16),
                _ => return Err("the disk is gone".into()),
            };
            open(device)
        });
        Ok((Device::flex(), vec![open]))
    };
    let (worker, _) = ModelWorker::start(open).unwrap();
    assert_eq!(load(&worker, 0, KeepAlive::For(Duration::ZERO)), Some(Ok(())));
    let reason = |loaded: Option<Result<(), String>>| loaded.unwrap().unwrap_err();
    assert!(reason(load(&worker, 0, KeepAlive::Forever)).contains("restart the server"));
    let failed = generate(&worker, 0, KeepAlive::Forever);
    let expected = "the model 'model' cannot be loaded again: the disk is gone";
    assert!(matches!(&failed[..], [Piece::Failed(reason)] if reason == expected), "{failed:?}");
}

#[test]
fn models_that_cannot_be_opened_are_an_error_and_not_a_hanging_server() {
    let error = ModelWorker::start(|| Err("no such model".into())).err().unwrap();
    assert_eq!(error.to_string(), "no such model");
    let open: fn() -> OpenModel = || Box::new(|_| Err("no such file".into()));
    let error = ModelWorker::start(move || Ok((Device::flex(), vec![open()]))).err().unwrap();
    assert_eq!(error.to_string(), "no such file");
    assert!(ModelWorker::start(|| panic!("a driver is broken")).err().unwrap().to_string().contains("see above"));
}

#[test]
fn a_full_queue_is_not_taken_for_an_ended_thread() {
    let (jobs, queue) = sync_channel(0);
    let worker = ModelWorker { jobs, stopping: Arc::default() };
    let job = || {
        let (pieces, _) = mpsc::unbounded_channel();
        Job { model: 0, task: generation(vec![], pieces), keep_alive: KeepAlive::Forever }
    };
    assert!(matches!(worker.submit(job()), Err(SubmitError::QueueFull)));
    drop(queue);
    assert!(matches!(worker.submit(job()), Err(SubmitError::Ended)));
}
