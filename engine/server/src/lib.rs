//! An HTTP server for models: a web page, Ollama's API, a part of OpenAI's, and `/api/classify`.
//!
//! A model has two sides. `text` is how it reads and writes, which requests need before anything is computed; `loaded` is
//! what computes, which only the thread of the models touches. Each knows the book's models and those after GPT-2.
//!
//! | module | what |
//! |---|---|
//! | `card` | what requests need to know about a model; `details` says it to clients |
//! | `text` | how it reads and writes: tokenizer, form of its conversations, what ends an answer |
//! | `loaded` | what computes; `models` unloads it and loads it again |
//! | `api`, `answer` | the HTTP interface: the paths, what is answered; `openai` is the part of OpenAI's |
//! | `requests` | what is asked: `fields`, `options` and `keep_alive` of a request |
//! | `prompt` | what a model continues; `messages` reads a conversation, `template` writes it in the model's own words |
//! | `worker` | the thread that computes; `jobs` is what it is asked for, `stop` ends an answer before a text |
//! | `guard` | which hosts and web pages may use the server |
//! | `connections` | connections, their limits and timeouts |
//! | `folder` | a folder of web pages, such as the built book |

#![warn(clippy::unwrap_used)]

mod answer;
mod api;
mod card;
mod connections;
mod details;
mod error;
mod fields;
mod folder;
mod guard;
mod jobs;
mod keep_alive;
mod loaded;
mod messages;
mod models;
mod openai;
mod options;
mod prompt;
mod requests;
mod stop;
mod template;
mod text;
mod worker;

use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::guard::AllowedHosts;
use crate::requests::Service;
use crate::worker::ModelWorker;

pub use crate::card::{ModelCard, Sizes, Skill, Suggested};
pub use crate::error::ServerError;
pub use crate::folder::serve_folder;
pub use crate::guard::AllowedHost;
pub use crate::loaded::{Classifier, LoadedModel};
pub use crate::models::{ModelsToOpen, OpenModel};
pub use crate::text::{ChatForm, Text};

/// Settings of a server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Maximum number of tokens in an answer.
    pub max_tokens: usize,
    /// Names under which the server answers besides its address and localhost.
    pub allow_hosts: Vec<AllowedHost>,
}

/// A server that is ready to answer.
pub struct Server {
    listener: TcpListener,
    allowed: AllowedHosts,
    service: Arc<Service>,
}

impl Server {
    /// Opens the models that `open` names, on the thread that will compute with them. Connections to `listener` wait
    /// until [`run`](Self::run).
    ///
    /// # Errors
    /// If the models cannot be opened, or the system refuses a thread.
    pub fn start<E: Into<Box<dyn Error + Send + Sync>>>(
        listener: TcpListener,
        settings: &ServerSettings,
        open: impl FnOnce() -> Result<ModelsToOpen, E> + Send + 'static,
    ) -> Result<Self, ServerError> {
        let address = listener.local_addr()?;
        let allowed = AllowedHosts::new(address.ip(), address.port(), &settings.allow_hosts);
        let (worker, models) = ModelWorker::start(|| open().map_err(Into::into))?;
        let service = Arc::new(Service { models, worker, max_tokens: settings.max_tokens });
        Ok(Self { listener, allowed, service })
    }

    /// The models, in the order in which they were opened.
    pub fn models(&self) -> &[ModelCard] {
        &self.service.models
    }

    /// The address that the server listens on.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until Ctrl-C. Open answers are ended.
    ///
    /// # Errors
    /// If the system refuses threads or the listener.
    pub fn run(self) -> Result<(), ServerError> {
        let Self { listener, allowed, service } = self;
        let worker = service.worker.clone();
        Ok(until_ctrl_c(listener, routes(service, allowed), || worker.stop())?)
    }
}

/// Answers requests until Ctrl-C, then calls `ended` and waits a moment for open answers.
fn until_ctrl_c(listener: TcpListener, routes: Router, ended: impl FnOnce()) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let interrupted = async move {
            // If Ctrl-C cannot be watched, the server runs until it is killed.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            ended();
        };
        connections::serve(listener, routes, interrupted).await;
        Ok::<_, io::Error>(())
    })?;
    runtime.shutdown_background();
    Ok(())
}

fn routes(service: Arc<Service>, allowed: AllowedHosts) -> Router {
    Router::new()
        .route("/", get(api::page))
        .route("/api/version", get(api::version))
        .route("/api/tags", get(api::tags))
        .route("/api/show", post(api::show))
        .route("/api/generate", post(api::generate))
        .route("/api/chat", post(api::chat))
        .route("/api/classify", post(api::classify))
        .route("/v1/chat/completions", post(openai::chat))
        .fallback(api::not_found)
        .method_not_allowed_fallback(api::wrong_method)
        .layer(axum::middleware::from_fn(connections::whole_request))
        .layer(axum::middleware::from_fn_with_state(allowed, guard::check))
        .with_state(service)
}
