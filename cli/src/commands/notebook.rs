//! `llm notebook`: the book's notebooks in JupyterLab, with a Rust kernel that keeps what it has built.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::exercise::workspace_root;
use crate::terminal::{Language, command, language, tr, warn};

/// What installs JupyterLab.
const INSTALL_JUPYTER: &str = "python3 -m pip install jupyterlab";
/// What installs the kernel's program. `.ci/notebooks` runs the notebooks with this version.
const INSTALL_EVCXR: &str = "cargo install --locked evcxr_jupyter@0.22.0";
/// What tells Jupyter about the kernel.
const INSTALL_KERNEL: &str = "evcxr_jupyter --install";

#[derive(clap::Args)]
pub struct Args {
    /// Language of the notebook, en or zh [default: that of the terminal]; it may be left out
    #[arg(value_name = "LANGUAGE")]
    language: Option<String>,
    /// Chapter or appendix (ch03, appendix-a) [default: ch01]
    #[arg(value_name = "CHAPTER")]
    chapter: Option<String>,
    /// Print the environment that the kernel needs, for another editor: eval "$(… notebook --print-env)"; code .
    #[arg(long, conflicts_with = "jupyter")]
    print_env: bool,
    /// Option for JupyterLab, as often as needed: --jupyter --no-browser --jupyter --port=9000
    #[arg(long, value_name = "OPTION")]
    jupyter: Vec<OsString>,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let root = workspace_root().with_context(|| {
        tr!(
            "the notebooks are part of the project: run this inside its checkout",
            "笔记本是项目的一部分：请在项目的文件夹中运行"
        )
    })?;
    // Each may be left out, so the order does not matter.
    let words: Vec<&str> = [&args.language, &args.chapter].into_iter().flatten().map(String::as_str).collect();
    let file = notebook(&root, &words)?;
    if args.print_env {
        for (name, value) in Kernel::prepare(&root)?.environment()? {
            writeln!(stdout(), "export {name}={}", quoted(&value.to_string_lossy()))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let missing = missing();
    if !missing.is_empty() {
        let again = command("notebook");
        bail!(tr!(
            "notebooks need {}, then run `{again}` again",
            "运行笔记本还需要{}，然后再运行 `{again}`",
            missing.join(tr!(" and ", "和").as_ref())
        ));
    }
    let kernel = Kernel::prepare(&root)?;
    if kernel.is_new() {
        warn(tr!(
            "the first cell of the first notebook builds burn and all chapters, which takes 5 to 15 minutes; later starts take less than a minute",
            "第一次打开笔记本时，第一个单元格要构建 burn 和全部章节，需要 5 到 15 分钟；以后不到一分钟"
        ));
    }
    warn(tr!(
        "run one notebook at a time: shut its kernel down before you start another (menu Kernel)",
        "一次只运行一个笔记本：启动另一个之前，请先关闭前一个的内核（菜单“内核”）"
    ));
    let mut jupyter = Command::new("jupyter");
    jupyter.arg("lab").arg(file).args(&args.jupyter).current_dir(&root).envs(kernel.environment()?);
    // Otherwise links to other folders would lead out of what is served.
    jupyter.arg(format!("--ServerApp.root_dir={}", root.display()));
    replace(&mut jupyter)
}

/// The file of the notebook that was named by a language, a chapter or both, from the top folder.
fn notebook(root: &Path, words: &[&str]) -> Result<PathBuf> {
    let own = match language() {
        Language::English => "en",
        Language::Chinese => "zh",
    };
    let (languages, chapters): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| ["en", "zh"].contains(word));
    ensure!(
        languages.len() <= 1 && chapters.len() <= 1,
        tr!("one language and one chapter, as in `{}`", "只能有一种语言和一章，例如 `{}`", command("notebook zh ch03"))
    );
    let folder = Path::new("book/notebooks").join(languages.first().unwrap_or(&own));
    let Some(name) = chapters.first() else { return Ok(folder.join("ch01.ipynb")) };
    let file = folder.join(format!("{}.ipynb", name.trim_end_matches(".ipynb")));
    let is_name = !name.contains(['/', '\\']);
    ensure!(is_name && root.join(&file).is_file(), {
        let mut names: Vec<String> = fs::read_dir(root.join(&folder))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".ipynb")?.to_string()))
            .collect();
        names.sort_by_key(|name| (!name.starts_with("ch"), name.clone()));
        let names = names.join(", ");
        tr!("there is no notebook '{name}'; there are {names}", "没有笔记本 '{name}'；现有 {names}")
    });
    Ok(file)
}

/// What is not installed, each with the commands that install it.
fn missing() -> Vec<String> {
    let mut missing = Vec::new();
    if !succeeds(Command::new("jupyter").args(["lab", "--version"])) {
        missing.push(format!("JupyterLab (`{INSTALL_JUPYTER}`)"));
    }
    if !has_kernel() {
        let kernel = tr!("the Rust kernel evcxr", " Rust 内核 evcxr");
        let build = tr!(
            "`{INSTALL_EVCXR}`, about 10 minutes; then `{INSTALL_KERNEL}`",
            "`{INSTALL_EVCXR}`，大约 10 分钟；然后 `{INSTALL_KERNEL}`"
        );
        let install = if has_evcxr() { format!("`{INSTALL_KERNEL}`") } else { build };
        missing.push(format!("{kernel} ({install})"));
    }
    missing
}

/// Whether a program can be run and says that all is well.
fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Whether the kernel's program is there. It has no option that does nothing.
fn has_evcxr() -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(dirs::home_dir()?.join(".cargo")));
    let name = format!("evcxr_jupyter{}", env::consts::EXE_SUFFIX);
    env::split_paths(&folders).chain(cargo.map(|cargo| cargo.join("bin"))).any(|folder| folder.join(&name).is_file())
}

/// What Jupyter says about its kernels.
#[derive(Deserialize)]
struct Kernels {
    kernelspecs: std::collections::HashMap<String, serde_json::Value>,
}

/// Whether Jupyter knows the kernel.
fn has_kernel() -> bool {
    let output = Command::new("jupyter").args(["kernelspec", "list", "--json"]).output();
    let kernels = output.ok().and_then(|output| serde_json::from_slice::<Kernels>(&output.stdout).ok());
    kernels.is_some_and(|kernels| kernels.kernelspecs.contains_key("rust"))
}

/// Where the kernel builds: a workspace, in whose folder `build` the kernel writes each cell as a package and keeps what it has built.
struct Kernel {
    folder: PathBuf,
}

impl Kernel {
    /// Makes the workspace, with the versions and the profile of this project. Without it everything would be built again at each
    /// start, with the newest versions.
    fn prepare(root: &Path) -> Result<Self> {
        let cache = dirs::cache_dir().with_context(|| tr!("your cache folder cannot be found", "找不到缓存文件夹"))?;
        let kernel = Self { folder: cache.join("llm-from-scratch-rs/notebook") };
        kernel.set_up(root).with_context(|| tr!("cannot prepare {}", "无法准备 {}", kernel.folder.display()))?;
        Ok(kernel)
    }

    fn set_up(&self, root: &Path) -> Result<()> {
        let versions = self.folder.join("versions");
        fs::create_dir_all(self.build())?;
        fs::create_dir_all(&versions)?;
        replace_file(
            &self.folder.join("Cargo.toml"),
            workspace(&fs::read_to_string(root.join("Cargo.toml"))?).as_bytes(),
        )?;
        replace_file(&versions.join("Cargo.toml"), self::versions(root).as_bytes())?;
        replace_file(&versions.join("lib.rs"), b"")?;
        // Cargo adds the packages of the workspace to the lock file, so it is replaced only if the project's has changed.
        let lock = fs::read(root.join("Cargo.lock"))?;
        if replace_file(&self.folder.join("project.lock"), &lock)? {
            replace_file(&self.folder.join("Cargo.lock"), &lock)?;
        }
        Ok(())
    }

    fn build(&self) -> PathBuf {
        self.folder.join("build")
    }

    /// Whether nothing was built yet.
    fn is_new(&self) -> bool {
        !self.build().join("target").is_dir()
    }

    /// Variables for the kernel: where it builds, and where its cells, which are libraries, find those that they share: burn with the
    /// chapters, and Rust's standard library.
    fn environment(&self) -> Result<Vec<(&'static str, OsString)>> {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc).args(["--print", "target-libdir"]).output();
        let output = output.with_context(|| tr!("rustc cannot be run", "无法运行 rustc"))?;
        // lib/rustlib/TARGET/lib
        let standard = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        let target = standard.parent().and_then(Path::file_name).unwrap_or_default();
        let built = self.build().join("target").join(target).join("debug/deps");
        let variable = if cfg!(target_os = "macos") { "DYLD_FALLBACK_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };
        let mut folders = vec![built, standard];
        // What cargo has put there belongs to this program.
        if env::var_os("CARGO_PKG_NAME").is_none() {
            let others = env::var_os(variable).unwrap_or_default();
            let others: Vec<PathBuf> = env::split_paths(&others).filter(|path| !folders.contains(path)).collect();
            folders.extend(others);
        }
        Ok(vec![("EVCXR_TMPDIR", self.build().into_os_string()), (variable, env::join_paths(folders)?)])
    }
}

/// The manifest of the workspace: its profile is that of this project's runs and tests.
fn workspace(manifest: &str) -> String {
    let lines = manifest.lines().skip_while(|line| *line != "[profile.dev]");
    let is_over = |line: &&str| line.starts_with('[') && !line.starts_with("[profile.dev");
    let profile: String = lines.take_while(|line| !is_over(line)).map(|line| line.to_string() + "\n").collect();
    format!("[workspace]\nresolver = \"3\"\nmembers = [\"build\", \"versions\"]\n\n{profile}")
}

/// The manifest of a package that is never built. The kernel's own has no dependencies at first, and Cargo forgets the versions of
/// what no package of a workspace depends on.
fn versions(root: &Path) -> String {
    let library = root.join("notebook/dylib");
    let dependency = format!("notebook-dylib = {{ path = {:?} }}", library.display().to_string());
    format!(
        "[package]\nname = \"versions\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n[dependencies]\n{dependency}\n"
    )
}

/// Writes a file if it has another content. Whether it had.
fn replace_file(file: &Path, content: &[u8]) -> Result<bool> {
    let is_other = fs::read(file).map_or(true, |old| old != content);
    if is_other {
        fs::write(file, content)?;
    }
    Ok(is_other)
}

/// A text in quotation marks for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Runs a program in the place of this one, so that Ctrl-C and the exit code are its own.
#[cfg(unix)]
fn replace(program: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;

    Err(program.exec()).context("JupyterLab cannot be started")
}

/// Runs a program and ends as it does.
#[cfg(not(unix))]
fn replace(program: &mut Command) -> Result<ExitCode> {
    let status = program.status().context("JupyterLab cannot be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_that_of_runs_and_tests() {
        let manifest = "[package]\n\n[profile.dev]\nopt-level = 0\n\n[profile.dev.package]\n# fast\na.opt-level = 3\n\n[profile.release]\nopt-level = 1\n";
        let expected = "[workspace]\nresolver = \"3\"\nmembers = [\"build\", \"versions\"]\n\n[profile.dev]\nopt-level = 0\n\n\
                        [profile.dev.package]\n# fast\na.opt-level = 3\n\n";
        assert_eq!(workspace(manifest), expected);
        assert!(workspace(include_str!("../../../Cargo.toml")).contains("kernels.opt-level = 3"));
    }

    #[test]
    fn text_is_quoted_for_a_shell() {
        assert_eq!(quoted("/a b/it's"), r"'/a b/it'\''s'");
    }
}
