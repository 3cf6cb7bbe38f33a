//! An HTTP server for models: a web page, Ollama's API, a part of OpenAI's, and `/api/classify`.
//!
//! A model has two sides. `text` is how it reads and writes, which requests need before anything is computed; `loaded` is
//! what computes, which only the thread of the models touches. Each knows the book's models and those after GPT-2.
//!
//! | module | what |
//! |---|---|
//! | `service` | what all handlers share: the models, and the thread that computes |
//! | `card` | what requests need to know about a model |
//! | `text` | how it reads and writes: tokenizer, form of its conversations, what ends an answer |
//! | `loaded` | what computes; `models` unloads it and loads it again |
//! | `ollama`, `openai` | the two interfaces: their paths, what is asked and what is answered |
//! | `classify`, `look` | this server's own: a label for a message, a look inside of a model |
//! | `home`, `page`, `folder` | what browsers see: the page, and a folder of pages such as the built book |
//! | `fields`, `options`, `keep_alive` | what requests say |
//! | `requests` | a text that is to be generated, `answer` one that is being generated, `scores` how likely its tokens were |
//! | `embedding` | vectors that stand for texts |
//! | `prompt` | what a model continues; `messages` reads a conversation, `template` writes it in the model's own words |
//! | `worker` | the thread that computes; `jobs` is what it is asked for, `stop` ends an answer before a text |
//! | `refusal` | why a request is refused, in the form of each interface |
//! | `guard`, `access` | which hosts and web pages may use the server, and with which key |
//! | `connections` | connections, their limits and timeouts |

#![warn(clippy::unwrap_used)]

mod access;
mod answer;
mod card;
mod classify;
mod connections;
mod embedding;
mod error;
mod fields;
mod folder;
mod guard;
mod home;
mod jobs;
mod keep_alive;
mod loaded;
mod look;
mod messages;
mod models;
mod ollama;
mod openai;
mod options;
mod page;
mod prompt;
mod refusal;
mod requests;
mod scores;
mod service;
mod stop;
mod template;
mod text;
mod worker;

use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

use crate::guard::AllowedHosts;
use crate::service::Service;
use crate::worker::{ModelWorker, WorkerLimits};

pub use crate::access::ApiKey;
pub use crate::card::{Files, ModelCard, Sizes, Skill, Suggested};
pub use crate::error::ServerError;
pub use crate::folder::serve_folder;
pub use crate::guard::AllowedHost;
pub use crate::loaded::{Classifier, LoadedModel};
pub use crate::look::WholeLlama;
pub use crate::models::{ModelsToOpen, OpenModel};
pub use crate::text::{ChatForm, Text};

/// Settings of a server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Maximum number of tokens in an answer.
    pub max_tokens: usize,
    /// Maximum number of texts that are computed together, at least 1.
    pub parallel: usize,
    /// Maximum number of requests that wait until they are computed.
    pub queue: usize,
    /// Names under which the server answers besides its address and localhost.
    pub allow_hosts: Vec<AllowedHost>,
    /// The key that programs need, if they need one.
    pub api_key: Option<ApiKey>,
    /// The folder of the built book, which is served too.
    pub book: Option<PathBuf>,
}

/// A server that is ready to answer.
pub struct Server {
    listener: TcpListener,
    routes: Router,
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
        let limits = WorkerLimits { parallel: settings.parallel, queue: settings.queue };
        let (worker, models) = ModelWorker::start(|| open().map_err(Into::into), limits)?;
        let (max_tokens, has_book) = (settings.max_tokens, settings.book.is_some());
        let service = Arc::new(Service { models, worker, max_tokens, has_book });
        let routes = routes(Arc::clone(&service), settings, allowed);
        Ok(Self { listener, routes, service })
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
        let Self { listener, routes, service } = self;
        let worker = service.worker.clone();
        drop(service);
        Ok(until_ctrl_c(listener, routes, || worker.stop())?)
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

/// All paths. What a request meets first stands last.
fn routes(service: Arc<Service>, settings: &ServerSettings, allowed: AllowedHosts) -> Router {
    Router::new()
        .route("/", get(home::home))
        .route("/look.js", get(page::look::script))
        .route("/look.css", get(page::look::style))
        .route("/api/classify", post(classify::classify))
        .route("/api/look", post(look::look))
        .merge(ollama::routes())
        .merge(openai::routes())
        .merge(folder::book(settings.book.as_deref()))
        .fallback(home::not_found)
        .method_not_allowed_fallback(home::wrong_method)
        .layer(from_fn(connections::whole_request))
        .layer(from_fn_with_state(settings.api_key.clone(), access::check))
        .layer(from_fn_with_state(allowed, guard::check))
        .layer(from_fn(refusal::explain))
        .with_state(service)
}
