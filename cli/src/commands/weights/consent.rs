//! Models that the hub hands out only to those who have accepted their terms.

use std::env;
use std::io::{IsTerminal, Write, stderr, stdin};
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail, ensure};
use shared::text;
use workshop::download::DownloadError;

use super::published::{Model, Terms};
use crate::terminal::{command, tr, warn};

/// The variable in which programs for the hub look for a token.
const TOKEN: &str = "HF_TOKEN";
/// Where an account gets one.
const TOKENS_PAGE: &str = "https://huggingface.co/settings/tokens";

#[derive(clap::Args)]
pub struct TermsArgs {
    /// Accept the terms under which the model is published, without being asked
    #[arg(long)]
    accept_terms: bool,
    /// File with a token of Hugging Face, for models that are handed out to accounts only [default: the variable
    /// HF_TOKEN]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Asks whether the user accepts the terms of a model that has some. Returns the token to show to the hub.
pub fn accept(model: Model, args: &TermsArgs) -> Result<Option<String>> {
    let token = match &args.token_file {
        Some(file) => {
            let token = text::read(file).with_context(|| tr!("cannot read {}", "无法读取 {}", file.display()))?;
            let token = token.trim().to_string();
            let is_token = !token.is_empty() && token.chars().all(|character| character.is_ascii_graphic());
            ensure!(is_token, tr!("{} holds no token", "{} 中没有令牌", file.display()));
            Some(token)
        }
        None => None,
    };
    let Some(terms) = model.terms() else { return Ok(token) };
    if !args.accept_terms {
        ask(model, terms)?;
    }
    let from_variable = || env::var(TOKEN).ok().map(|token| token.trim().to_string()).filter(|token| !token.is_empty());
    Ok(token.or_else(from_variable))
}

fn ask(model: Model, Terms { name, address }: Terms) -> Result<()> {
    if !(stdin().is_terminal() && stderr().is_terminal()) {
        let fetch = command(format_args!("weights fetch {model} --accept-terms"));
        bail!(tr!(
            "{model} comes under the {name} ({address}); read them, and if you accept them, give --accept-terms: `{fetch}`",
            "{model} 受《{name}》约束（{address}）；请先阅读，如果接受，请加上 --accept-terms：`{fetch}`"
        ));
    }
    warn(tr!(
        "{model} comes under the {name}:\n{address}\nThey also bind what you make of the model and pass on.",
        "{model} 受《{name}》约束：\n{address}\n你用它制作并分发的东西也受其约束。"
    ));
    write!(stderr(), "{}", tr!("Do you accept them? [y/N] ", "是否接受？[y/N] "))?;
    stderr().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    let accepts = ["y", "yes", "是", "接受"].contains(&answer.trim().to_lowercase().as_str());
    ensure!(accepts, tr!("nothing was fetched: the terms are not accepted", "没有接受条款，因此没有下载"));
    Ok(())
}

/// What to do when the hub answers 401 or 403.
pub fn refused(model: Model, status: u16, error: &DownloadError) -> anyhow::Error {
    let page = model.page();
    let DownloadError::Server { url, .. } = error else { return anyhow!("{error}") };
    if model.terms().is_none() {
        return anyhow!(tr!(
            "the server does not give {url} to everybody (HTTP {status}); if it is a mirror, name another in HF_ENDPOINT, or              give a token with --token-file",
            "服务器不向所有人提供 {url}（HTTP {status}）；如果它是镜像，请在 HF_ENDPOINT 中换一个，或用 --token-file 提供令牌"
        ));
    }
    if status == 401 {
        return anyhow!(tr!(
            "the hub gives {model} to accounts only that have accepted its terms (HTTP 401): accept them on {page}, make a              token on {TOKENS_PAGE}, and give it in {TOKEN} or with --token-file",
            "{model} 只提供给接受了其条款的账号（HTTP 401）：请在 {page} 接受条款，在 {TOKENS_PAGE} 生成令牌，再通过环境变量              {TOKEN} 或 --token-file 提供它"
        ));
    }
    anyhow!(tr!(
        "the hub knows the token, but does not give {model} to its account (HTTP {status}): accept the terms on {page} and          wait until access is granted, or, if you have done so, allow the token to read gated repositories on {TOKENS_PAGE}",
        "令牌有效，但它的账号还不能下载 {model}（HTTP {status}）：请在 {page} 接受条款并等待授权；如果已经授权，请在 {TOKENS_PAGE}          允许该令牌读取受限仓库"
    ))
}
