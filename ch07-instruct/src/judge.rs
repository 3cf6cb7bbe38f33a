//! A larger model judges the answers (section 7.8).
//!
//! Answers are free text, so they cannot be counted as right or wrong. A judge gets the task, the expected answer and
//! the model's answer, and replies with a score from 0 to 100. The judge runs behind the chat interface of Ollama, a
//! program that serves language models on your own machine.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Entry;
use crate::prompt::PromptFormat;
use crate::score::{Verdict, parse_score};

/// Ollama's default address.
pub const OLLAMA_URL: &str = "http://localhost:11434";
/// The judge of the book, an instruction-tuned Llama 3 with 8 billion parameters.
pub const JUDGE_MODEL: &str = "llama3";
/// How long the book waits for an answer.
pub const TIMEOUT: Duration = Duration::from_secs(30);
/// Where Ollama's chat interface is on the server.
const CHAT_PATH: &str = "/api/chat";
/// Number of attempts before giving up.
const ATTEMPTS: u32 = 3;
/// Wait before the second attempt; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Why there is no answer from the judge.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// It is no address.
    #[error("the judge's address is {url}, but must begin with http:// or https://, as in {OLLAMA_URL}")]
    Address {
        /// What was given instead.
        url: String,
    },
    /// Nobody answers at this address.
    #[error("no judge answers at {url} ({reason}): start it (`ollama serve`), or give another --judge-url")]
    Down {
        /// The address.
        url: String,
        /// The network error.
        reason: String,
    },
    /// The judge takes too long.
    #[error(
        "the judge at {url} did not answer within {seconds} s, {ATTEMPTS} times: it may still be loading; try again, \
         or wait longer with --timeout"
    )]
    Slow {
        /// The address.
        url: String,
        /// The longest wait.
        seconds: f64,
    },
    /// The judge replies with an error.
    #[error("the judge at {url} refuses (HTTP {status}): {reason}")]
    Refused {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
        /// Its error message.
        reason: String,
    },
    /// The judge says nothing.
    #[error("the judge at {url} gives an empty reply")]
    Empty {
        /// The address.
        url: String,
    },
    /// Something answers, but not as Ollama's chat interface.
    #[error("{url} does not answer as an Ollama server: {reason}")]
    Nonsense {
        /// The address.
        url: String,
        /// What is wrong with the reply.
        reason: String,
    },
}

impl JudgeError {
    /// Whether another attempt may succeed.
    fn is_temporary(&self) -> bool {
        !matches!(self, Self::Address { .. } | Self::Refused { status: 400..=499, .. })
    }

    /// Whether the judge may still answer other questions: it refuses this one, which may be too long for it. A judge
    /// that does not know its model (404) or the user (401, 403) refuses all.
    pub fn is_about_the_question(&self) -> bool {
        match self {
            Self::Refused { status, .. } => ![401, 403, 404].contains(status),
            Self::Empty { .. } => true,
            _ => false,
        }
    }
}

/// A model behind Ollama's chat interface.
#[derive(Debug)]
pub struct Judge {
    agent: ureq::Agent,
    url: String,
    model: String,
    timeout: Duration,
}

impl Judge {
    /// The model `model` of the server at `url`; a request may take at most `timeout`. Nothing is sent yet.
    pub fn new(url: &str, model: &str, timeout: Duration) -> Self {
        // The status is checked below, because the reason is in the body; and a judge runs nearby, not behind a proxy.
        let config =
            ureq::Agent::config_builder().timeout_global(Some(timeout)).http_status_as_error(false).proxy(None).build();
        Self {
            agent: config.into(),
            url: url.trim_end_matches('/').to_string() + CHAT_PATH,
            model: model.to_string(),
            timeout,
        }
    }

    /// The reply to one message (listing 7.10). The options make it as repeatable as the server allows: a fixed seed,
    /// temperature 0 and a fixed context length.
    ///
    /// # Errors
    /// If, after three attempts, nothing answers, the answer takes too long, is an error, or is not Ollama's.
    pub fn query(&self, prompt: &str) -> Result<String, JudgeError> {
        let body = json!({
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "options": {"seed": 123, "temperature": 0, "num_ctx": 2048},
        })
        .to_string();
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match self.ask(&body) {
                Err(error) if error.is_temporary() => std::thread::sleep(pause),
                result => return result,
            }
            pause *= 2;
        }
        self.ask(&body)
    }

    fn ask(&self, body: &str) -> Result<String, JudgeError> {
        let scheme = self.url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            return Err(JudgeError::Address { url: self.url.trim_end_matches(CHAT_PATH).to_string() });
        }
        let network = |error: ureq::Error| self.network_error(error);
        let request = self.agent.post(&self.url).content_type("application/json");
        let mut response = request.send(body).map_err(network)?;
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().map_err(network)?;
        if status != 200 {
            let said = serde_json::from_str(&text).ok().and_then(|value: Value| Some(value["error"].as_str()?.into()));
            let reason = said.unwrap_or_else(|| start_of(&text));
            return Err(JudgeError::Refused { url: self.url.clone(), status, reason });
        }
        self.join(&text)
    }

    /// The pieces of a streamed reply, one JSON object a line, as one text.
    fn join(&self, text: &str) -> Result<String, JudgeError> {
        let nonsense = |reason| JudgeError::Nonsense { url: self.url.clone(), reason };
        let mut reply = String::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let value: Value =
                serde_json::from_str(line).map_err(|_| nonsense(format!("it says {:?}", start_of(line))))?;
            if let Some(reason) = value["error"].as_str() {
                return Err(JudgeError::Refused { url: self.url.clone(), status: 200, reason: reason.to_string() });
            }
            let piece = value["message"]["content"].as_str();
            reply += piece.ok_or_else(|| nonsense(format!("a message is missing in {:?}", start_of(line))))?;
        }
        match reply.trim() {
            "" if text.trim().is_empty() => Err(nonsense("the reply is empty".to_string())),
            "" => Err(JudgeError::Empty { url: self.url.clone() }),
            _ => Ok(reply),
        }
    }

    fn network_error(&self, error: ureq::Error) -> JudgeError {
        let url = self.url.clone();
        let timed_out = matches!(&error, ureq::Error::Timeout(_))
            || matches!(&error, ureq::Error::Io(e) if e.kind() == io::ErrorKind::TimedOut);
        match error {
            _ if timed_out => JudgeError::Slow { url, seconds: self.timeout.as_secs_f64() },
            ureq::Error::Protocol(e) => JudgeError::Nonsense { url, reason: e.to_string() },
            error => JudgeError::Down { url, reason: error.to_string() },
        }
    }

    /// Asks for the score of an entry's `model_response`. A missing or empty one scores 0 without a request.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub fn score(&self, entry: &Entry) -> Result<Verdict, JudgeError> {
        let response = entry.model_response.as_deref().unwrap_or_default();
        if response.trim().is_empty() {
            return Ok(Verdict { score: Some(0), reply: String::new() });
        }
        let reply = self.query(&score_prompt(entry, response))?;
        Ok(Verdict { score: parse_score(&reply), reply })
    }
}

/// The question for a score with reasons. It ends with a space, as the book's.
pub fn verbose_score_prompt(entry: &Entry, response: &str) -> String {
    // The judge reads the task in the Alpaca format, whatever the format of the judged model.
    let prompt = PromptFormat::Alpaca.format_input(entry);
    format!(
        "Given the input `{prompt}` and correct output `{}`, score the model response `{response}` on a scale from 0 \
         to 100, where 100 is the best score. ",
        entry.output
    )
}

/// The question for a score that is only a number (listing 7.11).
pub fn score_prompt(entry: &Entry, response: &str) -> String {
    verbose_score_prompt(entry, response) + "Respond with the integer number only."
}

fn start_of(text: &str) -> String {
    text.trim().chars().take(80).collect::<String>().replace('\n', " ")
}
