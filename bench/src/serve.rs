//! A server with several clients at once.

use std::error::Error;
use std::fmt::{Display, Formatter};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use ch02_text::Gpt2Tokenizer;
use serde::Serialize;
use serde_json::{Value, json};
use server::{Files, ModelCard, ModelsToOpen, Server, ServerSettings, Sizes, Skill, Suggested, Text};
use shared::GptConfig;
use shared::rng::TorchRng;

use crate::BenchError;
use crate::timings::median;

/// Numbers of clients at once.
const CLIENTS: [usize; 6] = [1, 2, 4, 8, 16, 64];

/// How often each number of clients has its turn: the clock of a processor and the load of a shared machine vary from second to
/// second.
const ROUNDS: usize = 3;

/// Different prompts; clients beyond this number have the same as others.
const PROMPTS: usize = 8;

/// Words that are a token each with a space in front.
const WORDS: [&str; 16] =
    ["the", "of", "and", "to", "in", "a", "is", "that", "for", "it", "as", "was", "with", "on", "be", "by"];

/// What to measure.
pub struct ServeSettings {
    /// Tokens of the prompt of every client.
    pub prompt: usize,
    /// New tokens of every answer.
    pub tokens: usize,
    /// Texts that are computed together.
    pub parallel: usize,
    /// Tokens of the prompt beside which a short one must not wait.
    pub long_prompt: usize,
}

/// The result.
#[derive(Serialize)]
pub struct Measurement {
    bench: &'static str,
    rows: Vec<Row>,
    /// Seconds to the first token of a short prompt that comes while a long one is read.
    short_beside_long_s: f64,
    /// The same for the long prompt alone.
    long_s: f64,
    #[serde(skip)]
    prompt: usize,
    #[serde(skip)]
    tokens: usize,
    #[serde(skip)]
    long_prompt: usize,
}

/// Some clients at once.
#[derive(Serialize)]
struct Row {
    clients: usize,
    /// Of all clients together, from the first request to the last answer: the median of the rounds.
    tokens_per_s: f64,
    /// To one client in the same round: the median.
    ratio: f64,
    /// To the first token.
    median_first_token_s: f64,
    worst_first_token_s: f64,
    /// Whether every client has got the text that it gets alone.
    same_texts: bool,
}

/// Some clients at once in one of the rounds.
struct Sample {
    tokens_per_s: f64,
    /// Seconds to the first token of each.
    first_tokens: Vec<f64>,
    same_texts: bool,
}

impl Row {
    /// The samples of a number of clients, and those of one client in the same rounds.
    fn new(clients: usize, samples: &[Sample], of_one: &[Sample]) -> Self {
        let first: Vec<f64> = samples.iter().flat_map(|sample| sample.first_tokens.iter().copied()).collect();
        let ratios = samples.iter().zip(of_one).map(|(sample, one)| sample.tokens_per_s / one.tokens_per_s);
        Self {
            clients,
            tokens_per_s: median(samples.iter().map(|sample| sample.tokens_per_s).collect()),
            ratio: median(ratios.collect()),
            worst_first_token_s: first.iter().fold(0.0, |worst, &seconds| worst.max(seconds)),
            median_first_token_s: median(first),
            same_texts: samples.iter().all(|sample| sample.same_texts),
        }
    }
}

/// What a client has got.
struct Answer {
    text: String,
    tokens: usize,
    first_token: Duration,
}

/// What the server needs to know about a GPT of this size that was not trained.
pub fn card(size: &GptConfig, weights: &str, parameters: usize) -> ModelCard {
    ModelCard {
        name: "model".to_string(),
        skill: Skill::Write(Text::gpt(Gpt2Tokenizer::new(), None)),
        sizes: Sizes::Gpt(size.clone()),
        parameters,
        weights: weights.to_string(),
        suggested: Suggested::default(),
        files: Files::default(),
    }
}

/// Starts a server with the model that `open` opens, and measures how fast it answers clients on this machine. It answers until
/// the program ends.
///
/// # Errors
/// If the server cannot be started, or does not answer.
pub fn measure<E: Into<Box<dyn Error + Send + Sync>>>(
    settings: &ServeSettings,
    open: impl FnOnce() -> Result<ModelsToOpen, E> + Send + 'static,
) -> Result<Measurement, BenchError> {
    let &ServeSettings { prompt, tokens, parallel, long_prompt } = settings;
    let url = start(parallel, open)?;
    let client = Client { url: &url, tokens };
    let prompts: Vec<String> = (0..PROMPTS as u64).map(|seed| random_prompt(prompt, seed)).collect();
    client.ask(&prompts[0])?; // to warm up
    let alone = prompts.iter().map(|prompt| client.ask(prompt)).collect::<Result<Vec<_>, _>>()?;
    let mut samples = CLIENTS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (clients, samples) in CLIENTS.into_iter().zip(&mut samples) {
            samples.push(client.sample(&prompts, clients, &alone)?);
        }
    }
    let rows = CLIENTS.into_iter().zip(&samples).map(|(clients, own)| Row::new(clients, own, &samples[0])).collect();
    let (client, long) = (Client { url: &url, tokens: 1 }, |seed| random_prompt(long_prompt, seed));
    let long_s = client.ask(&long(100))?.first_token.as_secs_f64();
    let short_beside_long_s = client.short_beside_long(&prompts[0], &long(101))?.as_secs_f64();
    Ok(Measurement { bench: "serve", rows, short_beside_long_s, long_s, prompt, tokens, long_prompt })
}

/// Starts a server, and returns where it continues texts.
fn start<E: Into<Box<dyn Error + Send + Sync>>>(
    parallel: usize,
    open: impl FnOnce() -> Result<ModelsToOpen, E> + Send + 'static,
) -> Result<String, BenchError> {
    let settings = ServerSettings {
        max_tokens: usize::MAX,
        parallel,
        queue: CLIENTS[CLIENTS.len() - 1],
        allow_hosts: Vec::new(),
        api_key: None,
        book: None,
    };
    let server = Server::start(TcpListener::bind(("127.0.0.1", 0))?, &settings, open)?;
    let url = format!("http://{}/api/generate", server.local_address()?);
    thread::spawn(|| server.run());
    Ok(url)
}

/// A text of this many tokens.
fn random_prompt(tokens: usize, seed: u64) -> String {
    let words = TorchRng::new(seed).randint(0, WORDS.len() as i64, tokens);
    words.into_iter().map(|word| format!(" {}", WORDS[word as usize])).collect()
}

/// Asks a server.
struct Client<'u> {
    url: &'u str,
    /// New tokens of an answer.
    tokens: usize,
}

impl Client<'_> {
    /// The answer to a prompt, as a stream.
    fn ask(&self, prompt: &str) -> Result<Answer, BenchError> {
        let options = json!({ "num_predict": self.tokens, "temperature": 0 });
        let body = json!({ "prompt": prompt, "raw": true, "options": options }).to_string();
        let start = Instant::now();
        let response = ureq::post(self.url).content_type("application/json").send(&body)?;
        let (mut text, mut first_token) = (String::new(), None);
        for line in BufReader::new(response.into_body().into_reader()).lines() {
            let line: Value = serde_json::from_str(&line?)?;
            text += line["response"].as_str().unwrap_or_default();
            first_token.get_or_insert_with(|| start.elapsed());
            if line["done"] == true {
                let tokens = line["eval_count"].as_u64().ok_or(BenchError::NoToken)? as usize;
                return Ok(Answer { text, tokens, first_token: first_token.ok_or(BenchError::NoToken)? });
            }
        }
        Err(BenchError::NoToken)
    }

    /// As many clients at once, each with the next of `prompts`; `alone` are the answers that one client gets.
    fn sample(&self, prompts: &[String], clients: usize, alone: &[Answer]) -> Result<Sample, BenchError> {
        let start = Instant::now();
        let answers: Vec<Answer> = thread::scope(|scope| {
            let prompts = prompts.iter().cycle().take(clients);
            let threads: Vec<_> = prompts.map(|prompt| scope.spawn(move || self.ask(prompt))).collect();
            threads.into_iter().map(|thread| thread.join().map_err(|_| BenchError::NoToken)?).collect::<Result<_, _>>()
        })?;
        let seconds = start.elapsed().as_secs_f64();
        Ok(Sample {
            tokens_per_s: answers.iter().map(|answer| answer.tokens).sum::<usize>() as f64 / seconds,
            first_tokens: answers.iter().map(|answer| answer.first_token.as_secs_f64()).collect(),
            same_texts: answers.iter().zip(alone.iter().cycle()).all(|(answer, alone)| answer.text == alone.text),
        })
    }

    /// The time to the first token of a short prompt that comes when a long one has begun to be read.
    fn short_beside_long(&self, short: &str, long: &str) -> Result<Duration, BenchError> {
        thread::scope(|scope| {
            let long = scope.spawn(|| self.ask(long));
            thread::sleep(Duration::from_millis(100));
            let short = self.ask(short)?;
            long.join().map_err(|_| BenchError::NoToken)??;
            Ok(short.first_token)
        })
    }
}

impl Display for Measurement {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { rows, short_beside_long_s, long_s, prompt, tokens, long_prompt, .. } = self;
        writeln!(f, "serve: {tokens} tokens after a prompt of {prompt}")?;
        for row in rows {
            let Row { clients, tokens_per_s, ratio, median_first_token_s, worst_first_token_s, same_texts } = row;
            let texts = if *same_texts { "same texts as alone" } else { "other texts than alone" };
            writeln!(
                f,
                "{clients:4} clients: {tokens_per_s:6.1} tokens per second together ({ratio:.2} times one client); first token \
                 after {median_first_token_s:.2} s, at worst {worst_first_token_s:.2} s; {texts}"
            )?;
        }
        write!(
            f,
            "first token of a short prompt beside one of {long_prompt}: {short_beside_long_s:.2} s; of the long one alone: \
             {long_s:.2} s"
        )
    }
}
