use ch04_gpt::GptModel;
use ch06_classify::Readout;
use shared::GptConfig;
use shared::init::torch_init;

use super::*;
use crate::models::Skill;

/// The pieces of the answer to a prompt of one id.
fn generate_after(worker: &ModelWorker, model: usize, id: u32) -> Vec<Piece> {
    let (pieces, mut answer) = mpsc::unbounded_channel();
    let generation = Generation { prompt: vec![id], options: GenerateOptions::greedy(3, 8), seed: 1, pieces };
    worker.submit(WorkerJob { model, task: WorkerTask::Generate(generation) }).unwrap();
    std::iter::from_fn(|| answer.blocking_recv()).collect()
}

/// No request can choose a model that does not exist, so the panic is made here.
#[test]
fn a_panic_costs_one_answer_and_not_the_server() {
    let config = GptConfig {
        vocab_size: ch02_text::VOCAB_SIZE,
        context_length: 8,
        emb_dim: 8,
        n_heads: 2,
        n_layers: 1,
        drop_rate: 0.0,
        qkv_bias: false,
    };
    let model = torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123));
    let card = ModelCard { name: "model".to_string(), skill: Skill::Complete, config: config.clone() };
    let open = move || Ok((Device::flex(), vec![(card, Generator::new(&model, None))]));
    let (worker, cards) = ModelWorker::start(open).unwrap();
    assert_eq!(cards[0].name, "model");

    let failed = generate_after(&worker, 1, 464);
    assert!(matches!(&failed[..], [Piece::Failed(reason)] if reason == FAILED), "{failed:?}");
    let (answer, prediction) = oneshot::channel();
    let labels = vec!["ham".to_string(), "spam".to_string()];
    let config =
        ClassifierConfig { model: config, max_length: None, readout: Readout::Last, causal_mask: true, labels };
    let classification = Classification { text: "a".to_string(), config, answer };
    worker.submit(WorkerJob { model: 1, task: WorkerTask::Classify(classification) }).unwrap();
    assert!(prediction.blocking_recv().is_err(), "closed without an answer");

    let generated = generate_after(&worker, 0, 464);
    assert!(matches!(generated.last(), Some(Piece::Done { tokens: 3, .. })), "{generated:?}");
}

#[test]
fn models_that_cannot_be_opened_are_an_error_and_not_a_hanging_server() {
    let error = ModelWorker::start(|| Err("no such model".into())).err().unwrap();
    assert_eq!(error.to_string(), "no such model");
    assert!(ModelWorker::start(|| panic!("a driver is broken")).err().unwrap().to_string().contains("see above"));
}

#[test]
fn a_full_queue_is_not_taken_for_an_ended_thread() {
    let (jobs, queue) = sync_channel(0);
    let worker = ModelWorker { jobs, stopping: Arc::default() };
    let job = || {
        let (pieces, _) = mpsc::unbounded_channel();
        let generation = Generation { prompt: vec![], options: GenerateOptions::greedy(1, 1), seed: 1, pieces };
        WorkerJob { model: 0, task: WorkerTask::Generate(generation) }
    };
    assert!(matches!(worker.submit(job()), Err(SubmitError::QueueFull)));
    drop(queue);
    assert!(matches!(worker.submit(job()), Err(SubmitError::Ended)));
}
