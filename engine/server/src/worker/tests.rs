use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use bonus_llama::{LlamaConfig, LlamaModel, generate_greedy};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch06_classify::{ClassifyError, Prediction, Readout};
use fast::{Generator, LlamaGenerator, LlamaOptions};
use kernels::decode::Precision;
use model_text::DocumentTokenizer;
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::card::{Files, Sizes, Skill, Suggested};
use crate::jobs::{Classification, Continuation, Embedding, End, Generation, Job, Loading, Piece, Seen, Summary, Task};
use crate::keep_alive::KeepAlive;
use crate::loaded::{Classifier, LoadedModel};
use crate::look::WholeLlama;
use crate::models::OpenModel;
use crate::text::tests::tokenizer;
use crate::text::{ChatForm, Text};

const LIMITS: WorkerLimits = WorkerLimits { parallel: 4, queue: 64 };

fn card(skill: Skill, sizes: Sizes) -> ModelCard {
    let (name, weights) = ("model".to_string(), "f32".to_string());
    ModelCard { name, skill, sizes, parameters: 1, weights, suggested: Suggested::default(), files: Files::default() }
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
        let generator = LlamaGenerator::new(&model, Precision::F32)?;
        Ok((card, LoadedModel::Llama(generator, WholeLlama::new(move || Ok(model.clone())))))
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
    let (worker, cards) = ModelWorker::start(open, LIMITS).unwrap();
    assert_eq!(cards[0].name, "model");
    (worker, opened.recv().unwrap())
}

fn generation(prompt: Vec<u32>, pieces: mpsc::UnboundedSender<Piece>) -> Task {
    let continuation = Continuation { prompt, options: LlamaOptions::greedy(3), context_size: 8, seed: 1 };
    Task::Generate(Generation { continuation, stop: vec![], scores: None, pieces })
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
    let (worker, _) = ModelWorker::start(|| Ok((Device::flex(), open_llamas())), LIMITS).unwrap();
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
                Piece::Text(piece) => text += &piece.text,
                end => break end,
            }
        };
        assert!(matches!(end, Piece::Done(Summary { tokens: 3, end: End::Length, .. })), "{end:?}");
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
    let (worker, _) = ModelWorker::start(open, LIMITS).unwrap();
    assert_eq!(load(&worker, 0, KeepAlive::For(Duration::ZERO)), Some(Ok(())));
    let reason = |loaded: Option<Result<(), String>>| loaded.unwrap().unwrap_err();
    assert!(reason(load(&worker, 0, KeepAlive::Forever)).contains("restart the server"));
    let failed = generate(&worker, 0, KeepAlive::Forever);
    let expected = "the model 'model' cannot be loaded again: the disk is gone";
    assert!(matches!(&failed[..], [Piece::Failed(reason)] if reason == expected), "{failed:?}");
}

#[test]
fn models_that_cannot_be_opened_are_an_error_and_not_a_hanging_server() {
    let error = ModelWorker::start(|| Err("no such model".into()), LIMITS).err().unwrap();
    assert_eq!(error.to_string(), "no such model");
    let open: fn() -> OpenModel = || Box::new(|_| Err("no such file".into()));
    let error = ModelWorker::start(move || Ok((Device::flex(), vec![open()])), LIMITS).err().unwrap();
    assert_eq!(error.to_string(), "no such file");
    assert!(
        ModelWorker::start(|| panic!("a driver is broken"), LIMITS).err().unwrap().to_string().contains("see above")
    );
}

#[test]
fn a_full_queue_is_not_taken_for_an_ended_thread() {
    let (jobs, queue) = channel();
    let places = Arc::new(Semaphore::new(2));
    let worker = ModelWorker { jobs, places, stopping: Arc::default(), shown: Arc::default() };
    let job = || {
        let (pieces, _) = mpsc::unbounded_channel();
        Job { model: 0, task: generation(vec![], pieces), keep_alive: KeepAlive::Forever }
    };
    assert!(worker.submit(job()).is_ok() && worker.submit(job()).is_ok());
    assert!(matches!(worker.submit(job()), Err(SubmitError::QueueFull)));
    // A job that is done frees its place.
    drop(queue.recv().unwrap());
    assert!(worker.submit(job()).is_ok());
    drop(queue);
    assert!(matches!(worker.submit(job()), Err(SubmitError::Ended)));
}

/// A text of this many tokens after a prompt, which can be longer than the context, and where its pieces arrive.
fn begin(
    worker: &ModelWorker,
    prompt: Vec<u32>,
    tokens: usize,
    keep_alive: KeepAlive,
) -> mpsc::UnboundedReceiver<Piece> {
    let (pieces, answer) = mpsc::unbounded_channel();
    let options = LlamaOptions { temperature: 1.0, ..LlamaOptions::greedy(tokens) };
    let seed = prompt.iter().map(|id| u64::from(*id)).sum();
    let continuation = Continuation { prompt, options, context_size: 8, seed };
    let task = Task::Generate(Generation { continuation, stop: vec![], scores: None, pieces });
    worker.submit(Job { model: 0, task, keep_alive }).unwrap();
    answer
}

/// The whole text of an answer, and its end.
fn whole(mut answer: mpsc::UnboundedReceiver<Piece>) -> (String, Option<Summary>) {
    let mut text = String::new();
    while let Some(piece) = answer.blocking_recv() {
        match piece {
            Piece::Text(piece) => text += &piece.text,
            Piece::Done(summary) => return (text, Some(summary)),
            Piece::Failed(reason) => panic!("{reason}"),
        }
    }
    (text, None)
}

/// More texts than there are places.
#[test]
fn texts_at_the_same_time_are_those_that_each_is_alone() {
    let (worker, _) = worker();
    let prompts: Vec<Vec<u32>> = (1..30).map(|n| (0..n % 12 + 1).map(|i| 300 + 7 * n + i).collect()).collect();
    let begin = |prompt: &Vec<u32>| begin(&worker, prompt.clone(), 5 + prompt.len(), KeepAlive::Forever);
    let alone: Vec<String> = prompts.iter().map(|prompt| whole(begin(prompt)).0).collect();
    let answers: Vec<_> = prompts.iter().map(begin).collect();
    for (answer, alone) in answers.into_iter().zip(&alone) {
        let (text, summary) = whole(answer);
        assert_eq!((&text, summary.unwrap().end), (alone, End::Length));
    }
    assert!(alone.iter().any(|text| text != &alone[0]));
}

#[test]
fn clients_that_leave_free_their_places_and_short_texts_overtake_long_ones() {
    let (worker, _) = worker();
    let endless = |_| begin(&worker, vec![464], 1_000_000, KeepAlive::Forever);
    let mut long: Vec<_> = (0..LIMITS.parallel).map(endless).collect();
    let first = long[0].blocking_recv();
    assert!(matches!(first, Some(Piece::Text(_))), "{first:?}");
    // All places are taken.
    let mut waiting = begin(&worker, vec![464, 464], 3, KeepAlive::Forever);
    assert!(long[1].blocking_recv().is_some());
    assert!(waiting.try_recv().is_err());
    drop(long.remove(0));
    assert_eq!(whole(waiting).1.unwrap().tokens, 3);
    // One that nobody waits for any more is never begun.
    drop(begin(&worker, vec![464], 1_000_000, KeepAlive::Forever));
    assert_eq!(whole(begin(&worker, vec![464, 464], 3, KeepAlive::Forever)).1.unwrap().tokens, 3);

    worker.stop();
    for answer in long {
        assert_eq!(whole(answer).1.unwrap().end, End::Interrupted);
    }
}

#[test]
fn a_model_that_writes_is_not_unloaded() {
    let (worker, opened) = worker();
    let mut long = begin(&worker, vec![464], 1_000_000, KeepAlive::Forever);
    assert!(long.blocking_recv().is_some());
    assert_eq!(load(&worker, 0, KeepAlive::For(Duration::ZERO)), Some(Ok(())));
    assert!(long.blocking_recv().is_some());
    assert_eq!(opened.load(Ordering::SeqCst), 1);
    let in_memory = worker.in_memory()[0].unwrap();
    assert!(in_memory.end.is_some() && in_memory.bytes > 0);
    drop(long);
    // What was asked for last decides when the text has ended.
    let deadline = Instant::now() + Duration::from_secs(20);
    while worker.in_memory()[0].is_some() {
        assert!(Instant::now() < deadline, "the model was not unloaded");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(load(&worker, 0, KeepAlive::Forever), Some(Ok(())));
    assert_eq!(opened.load(Ordering::SeqCst), 2);
    assert_eq!(worker.in_memory()[0].unwrap().end, None);
}

#[test]
fn embeddings_and_looks_come_between_the_tokens() {
    let (worker, _) = worker();
    let mut long = begin(&worker, vec![464], 1_000_000, KeepAlive::Forever);
    assert!(long.blocking_recv().is_some());
    let embed = |texts: Vec<Vec<u32>>| {
        let (answer, embeddings) = oneshot::channel();
        let task = Task::Embed(Embedding { texts, answer });
        worker.submit(Job { model: 0, task, keep_alive: KeepAlive::Forever }).unwrap();
        embeddings.blocking_recv().unwrap()
    };
    let embeddings = embed(vec![vec![464, 262], vec![464], vec![464, 262]]).unwrap();
    assert_eq!((embeddings.len(), embeddings[0].len()), (3, 8));
    assert_eq!(embeddings[0], embeddings[2]);
    assert_ne!(embeddings[0], embeddings[1]);
    assert_eq!(embed(vec![]), Ok(vec![]));
    assert!(embed(vec![vec![464; 9]]).unwrap_err().contains("9 tokens"));

    let look = |look: fn(Seen<'_>) -> String| {
        let (answer, seen) = oneshot::channel();
        let task = Task::Look(Box::new(move |seen| {
            let seen = seen.map(look);
            Box::new(move || drop(answer.send(seen)))
        }));
        worker.submit(Job { model: 0, task, keep_alive: KeepAlive::Forever }).unwrap();
        seen.blocking_recv().ok()
    };
    assert_eq!(look(|seen| seen.card.name.clone()), Some(Ok("model".to_string())));
    assert!(long.blocking_recv().is_some());
    assert_eq!(look(|_| panic!("on purpose")), None);
    let end = std::iter::from_fn(|| long.blocking_recv()).find(|piece| !matches!(piece, Piece::Text(_)));
    assert!(matches!(end, Some(Piece::Failed(reason)) if reason == FAILED), "its model is loaded again");
    assert_eq!(look(|seen| seen.card.name.clone()), Some(Ok("model".to_string())));
}
