//! `llm data fetch` and `llm weights fetch`, from a server inside the test.

mod common;
#[path = "../../engine/workshop/tests/http_server/mod.rs"]
mod http_server;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use common::llama::{TEMPLATE, golden, save_talking};
use common::{LLM, stdout};
use http_server::{Reply, Server, closed_address};
use shared::data::CATALOGUE;
use tempfile::TempDir;

const MIRRORS: [&str; 3] = ["LLM_DATA_ENDPOINT", "HF_ENDPOINT", "LLM_OPENAI_ENDPOINT"];

/// The program, with all its mirrors at one address and no way to anywhere else.
fn llm(folder: &Path, mirror: &str, args: &[&str]) -> Command {
    let mut command = common::llm(folder, args);
    command.env("NO_PROXY", "*").env("no_proxy", "*").envs(MIRRORS.map(|variable| (variable, mirror)));
    command
}

fn run(folder: &Path, mirror: &str, args: &[&str]) -> Output {
    llm(folder, mirror, args).output().unwrap()
}

/// Progress may come before it; the last line on standard error must be the error.
#[track_caller]
fn assert_fails(output: &Output, parts: &[&str]) {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let last = stderr.lines().last().unwrap_or_default();
    for part in parts {
        assert!(last.contains(part), "'{part}' is missing in: {last}");
    }
}

/// A model too small to be one, but in the right format.
fn weights(request: &http_server::Request) -> Reply {
    let header = br#"{"wte.weight":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
    let safetensors = [&(header.len() as u64).to_le_bytes()[..], header, &[1; 16]].concat();
    match request.path.rsplit('/').next().unwrap() {
        "model.safetensors" => Reply::file(request, &safetensors, "w1"),
        name if name.ends_with(".json") => Reply::file(request, br#"{"n_embd": 768}"#, "c1"),
        name => Reply::file(request, name.as_bytes(), "o1"),
    }
}

fn paths(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|request| request.path).collect()
}

#[testkit::needs_data]
#[test]
fn all_data_sets_come_from_a_mirror_and_are_found_afterwards() {
    let data = testkit::data_folder();
    let server = Server::start(move |request| match fs::read(data.join(&request.path[1..])) {
        Ok(bytes) => Reply::file(request, &bytes, "v1"),
        Err(_) => Reply::new(404, "nothing"),
    });
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), &server.url, &["data", "fetch", "all", "--dir", "sets"]);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let report = stdout(&first);
    assert!(report.contains("LLM_DATA_DIR"), "{report}");
    let fetched: Vec<_> = CATALOGUE.iter().filter(|set| set.origin.is_some()).collect();
    assert_eq!(server.requests().len(), fetched.len());
    for set in fetched {
        assert!(report.contains(&format!("{}: sets", set.name)), "{} is missing in {report}", set.name);
        assert!(folder.path().join("sets").join(set.file).is_file());
    }

    let found = llm(folder.path(), &server.url, &["data", "path", "the-verdict"]).env("LLM_DATA_DIR", "sets").output();
    assert!(stdout(&found.unwrap()).contains("the-verdict.txt"));

    let again = stdout(&run(folder.path(), &server.url, &["data", "fetch", "the-verdict", "--dir", "sets"]));
    assert!(again.contains("the-verdict.txt is there already"), "{again}");
    assert!(server.requests().iter().filter(|request| request.path == "/the-verdict.txt").count() == 1);
}

#[cfg(target_os = "linux")]
#[testkit::needs_data("the-verdict")]
#[test]
fn a_data_set_goes_into_the_data_folder_of_the_user() {
    let data = testkit::data_folder();
    let server = Server::start(move |_| Reply::new(200, fs::read(data.join("the-verdict.txt")).unwrap()));
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &server.url, &["data", "fetch", "the-verdict"]).status.success());
    let shown = stdout(&run(folder.path(), &server.url, &["data", "show", "the-verdict"]));
    assert!(shown.starts_with("I HAD always thought Jack Gisburn"));
}

/// `cargo run` names the folder of the program's package. The tests that need the data are compiled again.
#[cfg(target_os = "linux")]
#[testkit::needs_data("the-verdict")]
#[test]
fn cargo_looks_again_for_data_that_was_fetched() {
    let data = testkit::data_folder();
    let server = Server::start(move |_| Reply::new(200, fs::read(data.join("the-verdict.txt")).unwrap()));
    let folder = tempfile::tempdir().unwrap();
    let (package, looks) = (folder.path().join("cli"), folder.path().join("engine/needs-data/src/lib.rs"));
    fs::create_dir(&package).unwrap();
    fs::create_dir_all(looks.parent().unwrap()).unwrap();
    fs::write(&looks, "//! A macro.").unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    let time = || fs::metadata(&looks).unwrap().modified().unwrap();
    fs::File::options().append(true).open(&looks).unwrap().set_modified(long_ago).unwrap();
    let fetch = || {
        let args = ["data", "fetch", "the-verdict"];
        llm(folder.path(), &server.url, &args).env("CARGO_MANIFEST_DIR", &package).output().unwrap()
    };

    assert!(fetch().status.success());
    let touched = time();
    assert!(touched > long_ago);
    assert_eq!(fs::read_to_string(&looks).unwrap(), "//! A macro.");
    assert!(stdout(&fetch()).contains("is there already"));
    assert_eq!(time(), touched, "nothing was fetched");
}

#[test]
fn a_data_set_with_a_wrong_checksum_leaves_nothing() {
    let server = Server::start(|request| Reply::file(request, b"another story", "v1"));
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &server.url, &["data", "fetch", "the-verdict", "--dir", "sets"]);
    let url = format!("{}/the-verdict.txt", server.url);
    assert_fails(&output, &["error: what came from", &url, "deleted", "expected b41e41a6"]);
    assert_eq!(fs::read_dir(folder.path().join("sets")).unwrap().count(), 0);
}

#[test]
fn one_data_set_that_fails_does_not_stop_the_others() {
    let server = Server::start(|_| Reply::new(404, "nothing"));
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &server.url, &["data", "fetch", "all", "--dir", "sets"]);
    assert_fails(&output, &["9 of 9 data sets were not fetched: the-verdict, "]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.matches("the server answers 404 Not Found").count(), 9, "{stderr}");
    assert!(!folder.path().join("sets").exists());
}

#[test]
fn an_embedded_story_needs_no_network() {
    let folder = tempfile::tempdir().unwrap();
    let output = stdout(&run(folder.path(), &closed_address(), &["data", "fetch", "lamp"]));
    assert!(output.contains("lamp is embedded"), "{output}");
}

#[test]
fn a_wrong_name_is_a_usage_error_that_lists_the_names() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &[&str]); 3] = [
        (&["data", "fetch", "the-veredict"], &["the-verdict", "sms-spam", "gpt2-merges", "all"]),
        (&["weights", "fetch", "gpt3"], &["gpt2-small", "gpt2-xl", "smollm2-135m", "qwen3-0.6b", "llama3.2-1b"]),
        (&["weights", "fetch", "gpt2-small", "--from", "github"], &["huggingface", "openai"]),
    ];
    for (args, names) in cases {
        let output = run(folder.path(), &closed_address(), args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        for name in names {
            assert!(stderr.contains(name), "'{name}' is missing in: {stderr}");
        }
    }
}

#[test]
fn without_a_network_the_message_tells_address_reason_and_the_way_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = closed_address();
    let output = run(folder.path(), &mirror, &["data", "fetch", "sms-spam", "--dir", "sets"]);
    let url = format!("{mirror}/sms_spam_collection/SMSSpamCollection.tsv");
    let by_hand = "browser, on any machine, and save it as sets/sms_spam_collection/SMSSpamCollection.tsv";
    assert_fails(&output, &[&url, "cannot be reached", "refused", by_hand, "LLM_DATA_ENDPOINT"]);
    let output = run(folder.path(), &mirror, &["weights", "fetch", "gpt2-small", "--out", "model"]);
    assert_fails(&output, &["/openai-community/gpt2/resolve/main/config.json", "save it as", "HF_ENDPOINT"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_model_comes_from_the_hub_and_the_next_command_is_told() {
    let server = Server::start(weights);
    let folder = tempfile::tempdir().unwrap();
    let args = ["weights", "fetch", "gpt2-medium", "--out", "my model"];
    let report = stdout(&run(folder.path(), &format!("{}/", server.url), &args));
    let repository = "/openai-community/gpt2-medium/resolve/main";
    assert_eq!(paths(&server), [format!("{repository}/config.json"), format!("{repository}/model.safetensors")]);
    let next = format!("{LLM} generate --model \"my model\" --prompt \"Every effort moves you\"");
    assert_eq!(report.lines().last(), Some(next.as_str()));
    assert_eq!(fs::read_dir(folder.path().join("my model")).unwrap().count(), 2);

    let again = stdout(&run(folder.path(), &server.url, &args));
    assert_eq!(again.matches("is there already").count(), 2, "{again}");
    assert!(server.requests()[2..].iter().all(|request| request.range == Some((0, Some(0)))));
    assert_eq!(again.lines().last(), Some(next.as_str()));
}

#[test]
fn a_model_comes_from_openai_with_all_its_files() {
    let server = Server::start(weights);
    let folder = tempfile::tempdir().unwrap();
    let args = ["weights", "fetch", "gpt2-xl", "--from", "openai", "--out", "model"];
    assert!(run(folder.path(), &server.url, &args).status.success());
    let mut names: Vec<_> = fs::read_dir(folder.path().join("model"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "checkpoint",
        "encoder.json",
        "hparams.json",
        "model.ckpt.data-00000-of-00001",
        "model.ckpt.index",
        "model.ckpt.meta",
        "vocab.bpe",
    ];
    assert_eq!(names, expected);
    let mut asked = paths(&server);
    asked.sort();
    assert_eq!(asked, expected.map(|name| format!("/1558M/{name}")));
}

#[cfg(target_os = "linux")]
#[test]
fn a_model_goes_below_the_data_folder_of_the_user() {
    let server = Server::start(weights);
    let folder = tempfile::tempdir().unwrap();
    let report = stdout(&run(folder.path(), &server.url, &["weights", "fetch", "gpt2-small"]));
    let model = folder.path().join("no-data/llm-from-scratch/models/gpt2-small");
    assert!(model.join("model.safetensors").is_file());
    assert!(report.contains(&format!("--model {}", model.display())), "{report}");
}

#[test]
fn a_busy_server_is_asked_again() {
    let server = Server::start(|request| match request.number {
        0 => Reply::new(503, "busy"),
        _ => weights(request),
    });
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &server.url, &["weights", "fetch", "gpt2-small", "--out", "model"]);
    assert!(output.status.success());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("503 Service Unavailable; trying again in 1 s"), "{stderr}");
}

#[test]
fn a_killed_program_leaves_a_part_that_the_next_call_continues() {
    let big: Vec<u8> = (0..800_000).map(|i| (i % 251) as u8).collect();
    let server = Server::start({
        let big = big.clone();
        move |request| match (request.path.ends_with(".data-00000-of-00001"), request.range) {
            (true, None) => {
                Reply::file(request, &big, "b1").cut_after(500_000).then_silent_for(Duration::from_secs(60))
            }
            (true, Some(_)) => Reply::file(request, &big, "b1"),
            _ => weights(request),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let args = ["weights", "fetch", "gpt2-small", "--from", "openai", "--out", "model"];
    let mut child = llm(folder.path(), &server.url, &args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let target = folder.path().join("model/model.ckpt.data-00000-of-00001");
    let part = folder.path().join("model/model.ckpt.data-00000-of-00001.part");
    let start = Instant::now();
    while part.metadata().map_or(0, |file| file.len()) < 500_000 {
        assert!(start.elapsed() < Duration::from_secs(20), "no part after 20 seconds");
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!target.exists());

    assert!(run(folder.path(), &server.url, &args).status.success());
    assert_eq!(fs::read(&target).unwrap(), big);
    assert_eq!(server.ranges().last(), Some(&Some(500_000)));
    assert_eq!(fs::read_dir(folder.path().join("model")).unwrap().count(), 7, "no part is left");
}

/// A small checkpoint in the layout of the hub: small files with git's SHA-1, large ones behind a redirect to another server
/// that names their SHA-256.
struct Hub {
    server: Server,
    folder: TempDir,
}

impl Hub {
    const TOKEN: &str = "Bearer hf_test";

    /// `change` may answer a request in another way. With `gated`, only [`TOKEN`](Self::TOKEN) gets files.
    fn start(
        model: impl FnOnce(&Path),
        gated: bool,
        change: impl Fn(&http_server::Request, &[u8]) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        model(folder.path());
        let files = folder.path().to_path_buf();
        let server = Server::start(move |request| {
            let name = request.path.rsplit('/').next().unwrap();
            let Ok(bytes) = fs::read(files.join(name)) else { return Reply::new(404, "Entry not found") };
            let at_hub = request.path.contains("/resolve/main/");
            if at_hub && gated && request.authorization.as_deref() != Some(Self::TOKEN) {
                let status = if request.authorization.is_some() { 403 } else { 401 };
                return Reply::new(status, "Access to this model is restricted").header("X-Error-Code: GatedRepo");
            }
            if let Some(reply) = change(request, &bytes) {
                return reply;
            }
            if !at_hub {
                return Reply::file(request, &bytes, "of-another-kind");
            }
            let hub = "X-Repo-Commit: 0123456789abcdef";
            if !name.ends_with(".safetensors") {
                return Reply::file(request, &bytes, &"ab".repeat(20)).header(hub);
            }
            // An address of the same server with another name, as the hub keeps large files elsewhere.
            let port = request.host.rsplit(':').next().unwrap();
            Reply::new(302, "")
                .header(hub)
                .header(&format!("X-Linked-Size: {}", bytes.len()))
                .header(&format!("X-Linked-ETag: \"{}\"", shared::data::sha256(&bytes)))
                .header(&format!("Location: http://localhost:{port}/blobs/{name}"))
        });
        Self { server, folder }
    }

    fn fetch(&self, to: &Path, model: &str, extra: &[&str]) -> Command {
        let args = [&["weights", "fetch", model, "--out", "model"], extra].concat();
        let mut command = llm(to, &self.server.url, &args);
        command.env_remove("HF_TOKEN").stdin(Stdio::null());
        command
    }

    /// What was fetched is what the hub has.
    fn assert_fetched(&self, to: &Path) {
        let mut names = 0;
        for entry in fs::read_dir(to.join("model")).unwrap() {
            let path = entry.unwrap().path();
            assert!(fs::read(&path).unwrap() == fs::read(self.folder.path().join(path.file_name().unwrap())).unwrap());
            names += 1;
        }
        assert_eq!(names, fs::read_dir(self.folder.path()).unwrap().count());
    }
}

/// A model that talks, as the hub has it.
fn talking(folder: &Path) {
    save_talking(folder, "m", Some(TEMPLATE));
    for entry in fs::read_dir(folder.join("m")).unwrap() {
        let path = entry.unwrap().path();
        fs::rename(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    fs::remove_dir(folder.join("m")).unwrap();
}

fn as_it_is(_: &http_server::Request, _: &[u8]) -> Option<Reply> {
    None
}

#[test]
fn a_model_after_gpt2_comes_with_its_small_files_and_can_be_opened() {
    let hub = Hub::start(talking, false, as_it_is);
    let to = tempfile::tempdir().unwrap();
    let report = stdout(&hub.fetch(to.path(), "smollm2-135m", &[]).output().unwrap());
    hub.assert_fetched(to.path());
    assert_eq!(report.lines().last(), Some(format!("{LLM} chat --model model").as_str()));
    let repository = "/HuggingFaceTB/SmolLM2-135M-Instruct/resolve/main";
    let asked = paths(&hub.server);
    let expected =
        ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"];
    let mut expected: Vec<String> = expected.iter().map(|file| format!("{repository}/{file}")).collect();
    expected.extend([format!("{repository}/model.safetensors"), "/blobs/model.safetensors".to_string()]);
    assert_eq!(asked, expected);
    assert!(hub.server.requests().iter().all(|request| request.authorization.is_none()));

    let again = stdout(&hub.fetch(to.path(), "smollm2-135m", &[]).output().unwrap());
    assert_eq!(again.matches("is there already").count(), 4, "{again}");
    let openai = hub.fetch(to.path(), "smollm2-135m", &["--from", "openai"]).output().unwrap();
    assert_fails(&openai, &["smollm2-135m is not at OpenAI"]);
    let list = llm(to.path(), &hub.server.url, &["weights", "list"]).output().unwrap();
    assert!(stdout(&list).contains("qwen3-0.6b\n  596 million parameters, 1.5 GB\n  not on this machine"));
}

#[test]
fn a_model_in_several_files_comes_whole() {
    let shards = |folder: &Path| {
        talking(folder);
        fs::remove_file(folder.join("model.safetensors")).unwrap();
        // 300 ids are too few for the tokenizer.
        for file in fs::read_dir(golden("llama3-untied")).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.file_name().unwrap().to_str().unwrap();
            if name.starts_with("model") || name == "config.json" {
                fs::copy(&file, folder.join(name)).unwrap();
            }
        }
        fs::write(folder.join("tokenizer.json"), "{}").unwrap();
    };
    let hub = Hub::start(shards, false, as_it_is);
    let to = tempfile::tempdir().unwrap();
    let output = hub.fetch(to.path(), "smollm2-360m", &[]).output().unwrap();
    hub.assert_fetched(to.path());
    // Every file is as the server has it, and the model cannot be opened.
    assert_fails(&output, &["the files are complete, but the model in model cannot be opened", "tokenizer.json"]);
}

#[test]
fn large_files_go_on_where_they_broke_off_and_are_checked() {
    let hub = Hub::start(talking, false, |request, bytes| match (request.path.as_str(), request.range) {
        ("/blobs/model.safetensors", None) => Some(Reply::file(request, bytes, "x").cut_after(50_000)),
        _ => None,
    });
    let to = tempfile::tempdir().unwrap();
    assert!(hub.fetch(to.path(), "smollm2-135m", &[]).status().unwrap().success());
    hub.assert_fetched(to.path());
    assert_eq!(hub.server.ranges().last(), Some(&Some(50_000)));

    let hub = Hub::start(talking, false, |request, bytes| {
        (request.path == "/blobs/model.safetensors").then(|| {
            let mut bytes = bytes.to_vec();
            *bytes.last_mut().unwrap() ^= 1;
            Reply::file(request, &bytes, "x")
        })
    });
    let to = tempfile::tempdir().unwrap();
    let output = hub.fetch(to.path(), "smollm2-135m", &[]).output().unwrap();
    assert_fails(&output, &["model.safetensors was deleted: its SHA-256 is", "expected"]);
    assert!(!to.path().join("model/model.safetensors").exists());
}

#[test]
fn terms_come_first_and_the_token_goes_to_the_hub_alone() {
    let hub = Hub::start(talking, true, as_it_is);
    let to = tempfile::tempdir().unwrap();
    for (model, terms) in [("llama3.2-1b", "Llama 3.2 Community License"), ("gemma3-270m", "Gemma Terms of Use")] {
        let output = hub.fetch(to.path(), model, &[]).env("HF_TOKEN", "hf_test").output().unwrap();
        assert_fails(&output, &[terms, &format!("`{LLM} weights fetch {model} --accept-terms`")]);
        let chinese = hub.fetch(to.path(), model, &[]).env("LC_ALL", "zh_CN.UTF-8").output().unwrap();
        assert_fails(&chinese, &["错误：", terms, "如果接受，请加上 --accept-terms"]);
    }
    assert_eq!(hub.server.requests(), []);

    let accepted = ["--accept-terms"];
    let output = hub.fetch(to.path(), "llama3.2-1b", &accepted).output().unwrap();
    let page = "https://huggingface.co/meta-llama/Llama-3.2-1B-Instruct";
    assert_fails(&output, &["accepted its terms (HTTP 401)", page, "settings/tokens", "HF_TOKEN", "--token-file"]);
    let output = hub.fetch(to.path(), "gemma3-270m", &accepted).env("HF_TOKEN", "hf_other").output().unwrap();
    assert_fails(&output, &["knows the token", "(HTTP 403)", "https://huggingface.co/google/gemma-3-270m-it"]);
    assert!(!to.path().join("model").exists());

    fs::write(to.path().join("token"), "hf_test\n").unwrap();
    let with_file = ["--accept-terms", "--token-file", "token"];
    assert!(hub.fetch(to.path(), "llama3.2-1b", &with_file).status().unwrap().success());
    hub.assert_fetched(to.path());
    let requests = hub.server.requests();
    let (elsewhere, at_hub): (Vec<_>, Vec<_>) =
        requests[2..].iter().partition(|request| request.path.starts_with("/blobs/"));
    assert_eq!(elsewhere.len(), 1);
    assert!(elsewhere.iter().all(|request| request.authorization.is_none()), "{elsewhere:?}");
    assert!(at_hub.iter().all(|request| request.authorization.as_deref() == Some(Hub::TOKEN)), "{at_hub:?}");

    fs::write(to.path().join("token"), "two words").unwrap();
    let output = hub.fetch(to.path(), "llama3.2-1b", &with_file).output().unwrap();
    assert_fails(&output, &["token holds no token"]);
    let mirror = llm(to.path(), "http://mirror.example", &["weights", "fetch", "llama3.2-1b", "--accept-terms"])
        .env("HF_TOKEN", "hf_test")
        .output();
    assert_fails(&mirror.unwrap(), &["a token is sent over encrypted connections only"]);
}
