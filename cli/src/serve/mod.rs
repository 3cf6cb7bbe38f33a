//! `llm serve`: a web page and an HTTP interface for trained models.

mod api;
mod connections;
mod engine;
mod guard;
mod models;

use std::io::{Write, stdout};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::{get, post};
use ch02_text::Gpt2Tokenizer;
use shared::device::DeviceChoice;

use self::api::Served;
use self::engine::Engine;
use self::guard::{AllowedHost, AllowedHosts};
use crate::positive;
use crate::precision::WeightPrecision;
use crate::say::warn;

#[derive(clap::Args)]
pub struct Args {
    /// Folder of a model: pretrained, GPT-2, a classifier, or one that follows instructions; may be given several times
    /// [default: what is in runs/pretrain, runs/classify and runs/instruct]
    #[arg(long, value_name = "DIR")]
    model: Vec<PathBuf>,
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "P", default_value_t = 8080)]
    port: u16,
    /// Address to listen on; the default is reachable from this machine alone
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Another name under which the server may be asked, besides its address and localhost: behind a proxy, through a
    /// tunnel, from a container. Without a port it goes for any; may be given several times
    #[arg(long, value_name = "NAME[:PORT]")]
    allow_host: Vec<AllowedHost>,
    /// Most tokens of one answer
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = positive)]
    max_tokens: usize,
    /// Precision of the weights: less is faster, and the answers can differ. bf16 and int8 on the CPU, bf16 and f16 on
    /// graphics cards that have them
    #[arg(long, value_name = "P", value_enum, default_value = "f32")]
    weights: WeightPrecision,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(long, value_name = "D", default_value = "auto")]
    device: DeviceChoice,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let wanted = SocketAddr::new(args.host, args.port);
    let listener =
        TcpListener::bind(wanted).with_context(|| format!("cannot listen on {wanted}; another --port may be free"))?;
    let address = listener.local_addr()?;
    let (engine, cards) = Engine::start(move || {
        let device = args.device.open()?;
        let models = models::open(&args.model, args.weights, &device)?;
        Ok((device, models))
    })?;
    for card in &cards {
        warn(format_args!("{}: {}", card.name, card.skill.capabilities().join(", ")));
    }
    let served = Served { cards, engine: engine.clone(), tokenizer: Gpt2Tokenizer::new(), max_tokens: args.max_tokens };
    let allowed = AllowedHosts::new(address.ip(), address.port(), &args.allow_host);

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        writeln!(stdout(), "http://{}  (Ctrl-C ends the server)", within_reach(address))?;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let interrupted = async move {
            // Without a way to hear of Ctrl-C the server runs until it is killed.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            engine.stop();
        };
        connections::serve(listener, routes(served, allowed), interrupted).await;
        anyhow::Ok(())
    })?;
    runtime.shutdown_background();
    warn("ended");
    Ok(ExitCode::SUCCESS)
}

/// The address under which a browser on this machine finds the server, also if it listens on all of them.
fn within_reach(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn routes(served: Served, allowed: AllowedHosts) -> Router {
    Router::new()
        .route("/", get(api::page))
        .route("/api/version", get(api::version))
        .route("/api/tags", get(api::tags))
        .route("/api/generate", post(api::generate))
        .route("/api/chat", post(api::chat))
        .route("/api/classify", post(api::classify))
        .fallback(api::absent)
        .method_not_allowed_fallback(api::wrong_method)
        .layer(axum::middleware::from_fn(connections::whole_request))
        .layer(axum::middleware::from_fn_with_state(allowed, guard::check))
        .with_state(Arc::new(served))
}
