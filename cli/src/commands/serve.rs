//! `llm serve`: a web page and an HTTP API for trained models.

use std::io::{Write, stdout};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use ch02_text::VOCAB_SIZE;
use fast::Generator;
use model_files::{CONFIG_FILE, is_classifier, load_classifier};
use server::{AllowedHost, ModelCard, Server, ServerSettings, Skill};

use crate::models::{open_text_model, tuned_format};
use crate::options::{DeviceArgs, WeightPrecision, WeightsArgs};
use crate::run_folder::{CLASSIFY_FOLDER, INSTRUCT_FOLDER, PRETRAIN_FOLDER};
use crate::terminal::{positive, warn};

/// Where the commands of this program leave their models.
const DEFAULT_FOLDERS: [&str; 3] = [PRETRAIN_FOLDER, CLASSIFY_FOLDER, INSTRUCT_FOLDER];

#[derive(clap::Args)]
pub struct Args {
    /// Folder of a model: pretrained, GPT-2, a classifier, or one that follows instructions; can be given several times
    /// [default: what is in runs/pretrain, runs/classify and runs/instruct]
    #[arg(long, value_name = "DIR")]
    model: Vec<PathBuf>,
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "P", default_value_t = 8080)]
    port: u16,
    /// Address to listen on; the default can be reached from this machine only
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Another name under which the server can be reached, besides its address and localhost: behind a proxy, through a
    /// tunnel, from a container. Without a port it is allowed at any; can be given several times
    #[arg(long, value_name = "NAME[:PORT]")]
    allow_host: Vec<AllowedHost>,
    /// Maximum number of tokens in an answer
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = positive)]
    max_tokens: usize,
    #[command(flatten)]
    weights: WeightsArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let address = SocketAddr::new(args.host, args.port);
    let listener = TcpListener::bind(address)
        .with_context(|| format!("cannot listen on {address}; another --port may be free"))?;
    let settings = ServerSettings { max_tokens: args.max_tokens, allow_hosts: args.allow_host };
    let server = Server::start(listener, &settings, move || -> Result<_> {
        let device = args.device.open()?;
        let models = open(&args.model, args.weights.precision, &device)?;
        Ok((device, models))
    })?;
    for model in server.models() {
        warn(format_args!("{}: {}", model.name, model.skill.capabilities().join(", ")));
    }
    writeln!(stdout(), "http://{}  (Ctrl-C ends the server)", reachable(server.local_address()?))?;
    server.run()?;
    warn("ended");
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

/// Opens the models in `folders`, or those that this program has left in its folders. `weights` is the precision of the
/// models that generate text.
fn open(folders: &[PathBuf], weights: WeightPrecision, device: &Device) -> Result<Vec<(ModelCard, Generator)>> {
    let default =
        || DEFAULT_FOLDERS.iter().map(PathBuf::from).filter(|folder| folder.join(CONFIG_FILE).is_file()).collect();
    let folders: Vec<PathBuf> = if folders.is_empty() { default() } else { folders.to_vec() };
    ensure!(
        !folders.is_empty(),
        "there is no model in {}: train one (`llm pretrain`), or name its folder with --model",
        DEFAULT_FOLDERS.join(", ")
    );
    let models = folders.iter().map(|folder| open_one(folder, weights, device)).collect::<Result<Vec<_>>>()?;
    for (i, (card, _)) in models.iter().enumerate() {
        ensure!(
            models[..i].iter().all(|(other, _)| other.name != card.name),
            "two models are called '{}', after their folders; rename one of the folders",
            card.name
        );
    }
    Ok(models)
}

fn open_one(folder: &Path, weights: WeightPrecision, device: &Device) -> Result<(ModelCard, Generator)> {
    let (skill, config, generator) = if is_classifier(folder) {
        let (config, model) = load_classifier(folder, device)?;
        let sizes = config.model.clone();
        ensure!(sizes.vocab_size == VOCAB_SIZE, "the classifier in {} does not read GPT-2's tokens", folder.display());
        (Skill::Classify(config), sizes, Generator::new(&fast::accelerate(model), None))
    } else {
        let skill = tuned_format(folder)?.map_or(Skill::Complete, Skill::Follow);
        let (config, model) = open_text_model(folder, device)?;
        (skill, config, weights.generator(model, device)?)
    };
    // `.` and `..` have no name of their own.
    let absolute = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
    let name = absolute.file_name().map_or("model".into(), |name| name.to_string_lossy().into_owned());
    Ok((ModelCard { name, skill, config }, generator))
}
