use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::GenerateOptions;
use ch06_classify::Readout;
use fast::{Generator, TokenFilter};
use shared::GptConfig;
use shared::init::torch_init;
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::keep_alive::KeepAlive;
use crate::models::{OpenModel, Skill};

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
    let card = ModelCard {
        name: "model".to_string(),
        skill: Skill::Complete,
        config: config.clone(),
        tokenizer: Gpt2Tokenizer::new(),
    };
    let opened = Arc::new(AtomicUsize::new(0));
    let (shown, counter) = (card.clone(), Arc::clone(&opened));
    let open: OpenModel = Box::new(move |device| {
        counter.fetch_add(1, Ordering::SeqCst);
        let model = torch_init(GptModel::new(&config, device), &mut TorchRng::new(123));
        Ok((shown.clone(), Generator::new(&model, None)))
    });
    (card, open, opened)
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
    let (options, filter) = (GenerateOptions::greedy(3, 8), TokenFilter::default());
    Task::Generate(Generation { prompt, options, filter, stop: vec![], seed: 1, pieces })
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
    let (answer, prediction) = oneshot::channel();
    let labels = vec!["ham".to_string(), "spam".to_string()];
    let config = ClassifierConfig {
        model: model(8).0.config,
        max_length: None,
        readout: Readout::Last,
        causal_mask: true,
        labels,
    };
    let task = Task::Classify(Classification { text: "a".to_string(), config, answer });
    worker.submit(Job { model: 1, task, keep_alive: KeepAlive::Forever }).unwrap();
    assert!(prediction.blocking_recv().is_err(), "closed without an answer");
    assert_eq!(load(&worker, 1, KeepAlive::Forever), None, "closed without an answer");

    let generated = generate(&worker, 0, KeepAlive::Forever);
    assert!(matches!(generated.last(), Some(Piece::Done(Summary { tokens: 3, .. }))), "{generated:?}");
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
