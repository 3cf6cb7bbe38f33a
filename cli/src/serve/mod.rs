//! `llm serve`: a web page and an HTTP interface for a trained model.

mod api;
mod engine;
mod guard;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE};
use ch05_pretrain::load_model;
use shared::device::DeviceChoice;

use self::api::Served;
use self::engine::{Engine, Writer};
use self::guard::AllowedHosts;
use crate::positive;

/// Longest request body, in bytes.
const BODY_LIMIT: usize = 1 << 20;

#[derive(clap::Args)]
pub struct Args {
    /// Folder with the model
    #[arg(long, value_name = "DIR", default_value = "runs/pretrain")]
    model: PathBuf,
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "P", default_value_t = 8080)]
    port: u16,
    /// Address to listen on; the default is reachable from this machine alone
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    host: std::net::IpAddr,
    /// Another name under which the server may be asked, besides its address and localhost
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Most tokens of one answer
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = positive)]
    max_tokens: usize,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(long, value_name = "D", default_value = "auto")]
    device: DeviceChoice,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let device = args.device.open()?;
    let (config, model) = load_model(&args.model, &device)?;
    ensure!(
        config.vocab_size == VOCAB_SIZE,
        "this model has {} token ids, not GPT-2's {VOCAB_SIZE}, so it cannot read text",
        config.vocab_size
    );
    let wanted = SocketAddr::new(args.host, args.port);
    let listener =
        TcpListener::bind(wanted).with_context(|| format!("cannot listen on {wanted}; another --port may be free"))?;
    let address = listener.local_addr()?;
    let engine = Engine::start(Writer { model, device })?;
    let served = Served {
        name: args.model.file_name().map_or("model".into(), |name| name.to_string_lossy().into_owned()),
        config,
        engine: engine.clone(),
        tokenizer: Gpt2Tokenizer::new(),
        max_tokens: args.max_tokens,
    };
    let host = if address.is_ipv6() { format!("[{}]", address.ip()) } else { address.ip().to_string() };
    let allowed = AllowedHosts::new(&host, address.port(), &args.allow_host);

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        println!("http://{address}  (Ctrl-C ends the server)");
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let ended = async move {
            // Without a way to hear of Ctrl-C the server runs until it is killed.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            engine.stop();
        };
        axum::serve(listener, routes(served, allowed)).with_graceful_shutdown(ended).await
    })?;
    eprintln!("ended");
    Ok(ExitCode::SUCCESS)
}

fn routes(served: Served, allowed: AllowedHosts) -> Router {
    Router::new()
        .route("/", get(api::page))
        .route("/api/version", get(api::version))
        .route("/api/tags", get(api::tags))
        .route("/api/generate", post(api::generate))
        .route("/api/chat", post(api::chat))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(axum::middleware::from_fn_with_state(allowed, guard::check))
        .with_state(Arc::new(served))
}
