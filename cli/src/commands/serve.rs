//! `llm serve`: a web page and an HTTP API for trained models.

mod open;

use std::env;
use std::io::{Write, stdout};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use model_files::CONFIG_FILE;
use server::{AllowedHost, ApiKey, OpenModel, Server, ServerSettings};

use super::book::built_book;
use crate::options::{DeviceArgs, WeightPrecision, WeightsArgs};
use crate::run_folder::{CLASSIFY_FOLDER, INSTRUCT_FOLDER, PRETRAIN_FOLDER};
use crate::terminal::{command, positive, tr, warn};

/// The variable with the key of the server.
const API_KEY: &str = "LLM_API_KEY";
/// Where the commands of this program leave their models.
const DEFAULT_FOLDERS: [&str; 3] = [PRETRAIN_FOLDER, CLASSIFY_FOLDER, INSTRUCT_FOLDER];

/// Texts that are computed together by default.
pub const PARALLEL: usize = 8;

#[derive(clap::Args)]
pub struct Args {
    /// A model: a folder of `llm pretrain`, of `llm instruct train`, with a classifier or with GPT-2, or a Llama, Qwen3 or
    /// Gemma 3, as a folder from Hugging Face or a .gguf file; can be given several times [default: what is in
    /// runs/pretrain, runs/classify and runs/instruct]
    #[arg(long, value_name = "PATH")]
    model: Vec<PathBuf>,
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
    /// Address to listen on; the default can be reached from this machine only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Another name under which the server can be reached, besides its address and localhost: behind a proxy, through a
    /// tunnel, from a container. Without a port it is allowed at any; can be given several times
    #[arg(long, value_name = "NAME[:PORT]")]
    allow_host: Vec<AllowedHost>,
    /// Maximum number of tokens in an answer, whatever a request asks for
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = positive)]
    max_tokens: usize,
    /// Maximum number of texts that are computed together. A text takes memory for the keys and values of its tokens: 72 KiB a
    /// token with GPT-2 124M, up to 72 MiB
    #[arg(long, value_name = "N", default_value_t = PARALLEL, value_parser = positive)]
    parallel: usize,
    /// Maximum number of requests that wait for a place among them; further ones are refused with status 503
    #[arg(long, value_name = "N", default_value_t = 256)]
    queue: usize,
    /// Programs need this key, in the header `Authorization: Bearer KEY`. Other users of this machine can see it in the list of
    /// processes; the environment variable LLM_API_KEY hides it from them
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
    #[command(flatten)]
    weights: WeightsArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let listener = listen(SocketAddr::new(args.host, args.port))?;
    let settings = ServerSettings {
        max_tokens: args.max_tokens,
        parallel: args.parallel,
        queue: args.queue,
        allow_hosts: args.allow_host,
        api_key: api_key(args.api_key)?,
        book: built_book().ok(),
    };
    let server = Server::start(listener, &settings, move || -> Result<_> {
        Ok((args.device.open()?, models(args.model, args.weights.precision)?))
    })?;
    for model in server.models() {
        warn(format_args!("{}: {}", model.name, model.capabilities().join(", ")));
    }
    if settings.book.is_some() {
        warn(tr!("the book: /book/", "书：/book/"));
    }
    run_announced(server.local_address()?, "", || Ok(server.run()?))
}

/// The key of `--api-key`, or of the environment.
fn api_key(given: Option<String>) -> Result<Option<ApiKey>> {
    let Some(key) = given.or_else(|| env::var(API_KEY).ok()) else { return Ok(None) };
    let key = ApiKey::new(&key).with_context(|| {
        tr!(
            "the key of --api-key or {API_KEY} is empty; give one, or leave it out",
            "--api-key 或 {API_KEY} 的密钥为空；请给出一个，或者不使用密钥"
        )
    })?;
    Ok(Some(key))
}

/// Reserves the address.
pub fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).with_context(|| {
        tr!(
            "cannot listen on {address}; another --port may be free",
            "无法在 {address} 上监听；可以用 --port 换一个端口"
        )
    })
}

/// Says where a browser finds `path` (empty, or with a slash in front) and how to end the server, and runs it.
pub fn run_announced(address: SocketAddr, path: &str, run: impl FnOnce() -> Result<()>) -> Result<ExitCode> {
    let end = tr!("(Ctrl-C ends the server)", "（按 Ctrl-C 结束服务）");
    writeln!(stdout(), "http://{}{path}  {end}", reachable(address))?;
    run()?;
    warn(tr!("ended", "服务已结束"));
    Ok(ExitCode::SUCCESS)
}

/// The address at which a browser on this machine finds the server, also if it listens on all addresses.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The models in `paths`, or those that this program has left in its folders. `weights` is the precision of the models
/// that generate text.
fn models(paths: Vec<PathBuf>, weights: WeightPrecision) -> Result<Vec<OpenModel>> {
    let default =
        || DEFAULT_FOLDERS.iter().map(PathBuf::from).filter(|folder| folder.join(CONFIG_FILE).is_file()).collect();
    let paths: Vec<PathBuf> = if paths.is_empty() { default() } else { paths };
    if paths.is_empty() {
        let (places, pretrain) = (DEFAULT_FOLDERS.join(", "), command("pretrain"));
        bail!(tr!(
            "there is no model in {places}: train one (`{pretrain}`), or name its folder with --model",
            "{places} 中没有模型：请先训练一个（`{pretrain}`），或用 --model 指定模型所在的文件夹"
        ));
    }
    let names: Vec<String> = paths.iter().map(|path| name_of(path)).collect();
    if let Some((_, name)) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
        bail!(tr!(
            "two models are called '{name}', after their folders or files; rename one of them",
            "有两个模型都以文件夹或文件的名字命名为 '{name}'；请给其中一个改名"
        ));
    }
    let open = |(path, name): (PathBuf, String)| -> OpenModel {
        Box::new(move |device: &Device| Ok(open::open(&path, &name, weights, device)?))
    };
    Ok(paths.into_iter().zip(names).map(open).collect())
}

/// The name by which requests choose the model in a folder or a .gguf file.
fn name_of(path: &Path) -> String {
    // `.` and `..` have no name of their own.
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let name = if absolute.is_dir() { absolute.file_name() } else { absolute.file_stem() };
    name.map_or("model".into(), |name| name.to_string_lossy().into_owned())
}
