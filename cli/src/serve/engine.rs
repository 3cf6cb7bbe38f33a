//! The thread that computes: jobs come in one by one, tokens go out as they are chosen.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread;

use anyhow::{Context, Result};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch05_pretrain::stream::TextStream;
use ch05_pretrain::tokens::ids_to_tensor;
use ch05_pretrain::{GenerateOptions, Generator};
use ch06_classify::{ClassifierConfig, ClassifyError, Verdict, classify_review};
use shared::rng::TorchRng;
use tokio::sync::{mpsc, oneshot};

use super::models::Card;

/// Jobs that may wait while one is being done.
const QUEUE: usize = 4;

/// What a client hears when a computation has panicked. The reason is on standard error.
pub const FAILED: &str = "the computation failed; the terminal in which the server runs says more";

/// Something to compute with one of the models.
pub struct Job {
    /// Which model, in the order of [`Engine::start`]'s.
    pub model: usize,
    pub task: Task,
}

pub enum Task {
    Write(Writing),
    Classify(Classifying),
}

/// A text to continue.
pub struct Writing {
    /// Its ids, checked against the model.
    pub prompt: Vec<u32>,
    pub options: GenerateOptions,
    pub seed: u64,
    /// Where the pieces go. When it is closed, writing ends. It holds as many as come, so that a reader who has stopped
    /// reading does not stop the thread; the number of tokens is limited.
    pub pieces: mpsc::UnboundedSender<Piece>,
}

/// A message to label.
pub struct Classifying {
    pub text: String,
    pub config: ClassifierConfig,
    /// Closed without an answer when the computation has panicked.
    pub answer: oneshot::Sender<Result<Verdict, ClassifyError>>,
}

/// A part of an answer.
#[derive(Debug)]
pub enum Piece {
    Text(String),
    /// The end, with the number of new tokens and whether the limit ended it.
    Done {
        tokens: usize,
        at_limit: bool,
    },
    Failed(String),
}

/// Why a job is not in the queue.
#[derive(Debug)]
pub enum Unsubmitted {
    Full,
    /// The computing thread has ended.
    Ended,
}

/// The queue in front of the computing thread.
#[derive(Clone)]
pub struct Engine {
    jobs: SyncSender<Job>,
    stopping: Arc<AtomicBool>,
}

impl Engine {
    /// Starts the thread, which opens the models, and says what they are. Operations on a graphics card stand in one queue
    /// for each thread: every use of a parameter that another thread had opened would first have to wait for that one's.
    pub fn start(
        open: impl FnOnce() -> Result<(Device, Vec<(Card, Generator)>)> + Send + 'static,
    ) -> Result<(Self, Vec<Card>)> {
        let (opened, cards) = sync_channel(1);
        let (jobs, queue) = sync_channel::<Job>(QUEUE);
        let stopping = Arc::new(AtomicBool::new(false));
        let engine = Self { jobs, stopping: Arc::clone(&stopping) };
        let compute = move || {
            let (device, models) = match open() {
                Ok((device, models)) => {
                    let (cards, models): (Vec<_>, Vec<_>) = models.into_iter().unzip();
                    let _ = opened.send(Ok(cards));
                    (device, models)
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            let tokenizer = Gpt2Tokenizer::new();
            for Job { model, task } in queue {
                // A panic costs one answer, not the server. The models are only read, so it leaves nothing half-done.
                match task {
                    Task::Write(writing) => {
                        let pieces = writing.pieces.clone();
                        let job = || write(&models[model], &tokenizer, &device, writing, &stopping);
                        if catch_unwind(AssertUnwindSafe(job)).is_err() {
                            let _ = pieces.send(Piece::Failed(FAILED.to_string()));
                        }
                    }
                    Task::Classify(Classifying { text, config, answer }) => {
                        let ClassifierConfig { max_length, readout, .. } = config;
                        let job =
                            || classify_review(&text, models[model].model(), &tokenizer, max_length, readout, &device);
                        if let Ok(verdict) = catch_unwind(AssertUnwindSafe(job)) {
                            // Whoever has gone away does not get an answer.
                            let _ = answer.send(verdict);
                        }
                    }
                }
            }
        };
        thread::Builder::new().name("compute".into()).spawn(compute).context("cannot start the computing thread")?;
        let cards = cards.recv().context("opening the models failed; see above")??;
        Ok((engine, cards))
    }

    /// Puts a job into the queue, if there is room.
    pub fn submit(&self, job: Job) -> Result<(), Unsubmitted> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Unsubmitted::Full,
            TrySendError::Disconnected(_) => Unsubmitted::Ended,
        })
    }

    /// Ends whatever is being written, so that open answers come to an end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }
}

fn write(generator: &Generator, tokenizer: &Gpt2Tokenizer, device: &Device, writing: Writing, stopping: &AtomicBool) {
    let Writing { prompt, options, seed, pieces } = writing;
    let is_unwanted = || stopping.load(Ordering::SeqCst) || pieces.is_closed();
    if is_unwanted() {
        return;
    }
    let mut text = TextStream::new(tokenizer);
    let mut tokens = 0;
    let mut failure = None;
    let start = ids_to_tensor(&prompt, device);
    let written = generator.generate(start, &options, &mut TorchRng::new(seed), |ids| {
        tokens += ids.len();
        let sent = ids.iter().try_for_each(|&id| {
            let piece = text.push(id).map_err(|e| failure = Some(e.to_string()))?;
            // Nobody listens any more: the reader has pressed stop or closed the page.
            if piece.is_empty() { Ok(()) } else { pieces.send(Piece::Text(piece)).map_err(|_| ()) }
        });
        if sent.is_err() || is_unwanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let end = match (written, failure, text.finish()) {
        (Err(e), _, _) => Piece::Failed(e.to_string()),
        (_, Some(e), _) => Piece::Failed(e),
        (Ok(_), None, rest) => {
            if !rest.is_empty() {
                // A closed channel is noticed by the next line.
                let _ = pieces.send(Piece::Text(rest));
            }
            Piece::Done { tokens, at_limit: tokens == options.max_new_tokens }
        }
    };
    let _ = pieces.send(end);
}

#[cfg(test)]
mod tests {
    use ch04_gpt::GptModel;
    use shared::GptConfig;
    use shared::init::torch_init;

    use super::super::models::Skill;
    use super::*;

    /// The pieces of the answer to a prompt of one id.
    fn write_after(engine: &Engine, model: usize, id: u32) -> Vec<Piece> {
        let (pieces, mut answer) = mpsc::unbounded_channel();
        let writing = Writing { prompt: vec![id], options: GenerateOptions::greedy(3, 8), seed: 1, pieces };
        engine.submit(Job { model, task: Task::Write(writing) }).unwrap();
        std::iter::from_fn(|| answer.blocking_recv()).collect()
    }

    /// No request can ask for a model that there is not, so the panic is made here.
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
        let card = Card { name: "model".to_string(), skill: Skill::Complete, config: config.clone() };
        let open = move || Ok((Device::flex(), vec![(card, Generator::new(&model, None))]));
        let (engine, cards) = Engine::start(open).unwrap();
        assert_eq!(cards[0].name, "model");

        let failed = write_after(&engine, 1, 464);
        assert!(matches!(&failed[..], [Piece::Failed(reason)] if reason == FAILED), "{failed:?}");
        let (answer, verdict) = oneshot::channel();
        let labels = vec!["ham".to_string(), "spam".to_string()];
        let readout = ch06_classify::Readout::Last;
        let config = ClassifierConfig { model: config, max_length: None, readout, causal_mask: true, labels };
        let classifying = Classifying { text: "a".to_string(), config, answer };
        engine.submit(Job { model: 1, task: Task::Classify(classifying) }).unwrap();
        assert!(verdict.blocking_recv().is_err(), "closed without an answer");

        let written = write_after(&engine, 0, 464);
        assert!(matches!(written.last(), Some(Piece::Done { tokens: 3, .. })), "{written:?}");
    }

    #[test]
    fn models_that_cannot_be_opened_are_an_error_and_not_a_hanging_server() {
        let error = Engine::start(|| anyhow::bail!("no such model")).err().unwrap();
        assert_eq!(error.to_string(), "no such model");
        assert!(Engine::start(|| panic!("a driver is broken")).err().unwrap().to_string().contains("see above"));
    }

    #[test]
    fn a_full_queue_is_not_taken_for_an_ended_thread() {
        let (jobs, queue) = sync_channel(0);
        let engine = Engine { jobs, stopping: Arc::default() };
        let job = || {
            let (pieces, _) = mpsc::unbounded_channel();
            let writing = Writing { prompt: vec![], options: GenerateOptions::greedy(1, 1), seed: 1, pieces };
            Job { model: 0, task: Task::Write(writing) }
        };
        assert!(matches!(engine.submit(job()), Err(Unsubmitted::Full)));
        drop(queue);
        assert!(matches!(engine.submit(job()), Err(Unsubmitted::Ended)));
    }
}
