//! Files from the network: fetched once, resumed where they broke off, checked before they get their name.
//!
//! A download grows in `NAME.part` beside its target; `NAME.part.json` keeps what the server said about the file. A
//! killed program leaves both, and the next call goes on where it stopped, unless the server's file has changed since.
//! Only a file that passes its checks is renamed to its target, so a file with the right name is complete.
//!
//! | module | what |
//! |---|---|
//! | `http` | one request: redirects, ranges, what the headers say about the file |
//! | `part` | the growing file and its companion |
//! | `check` | SHA-256, safetensors and JSON, a member of a zip archive |
//! | `meter` | bytes, rate and time left |

mod check;
mod http;
mod meter;
mod part;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use self::http::{Answer, ask, broken};
use self::meter::Meter;
use self::part::PartFile;
use shared::files::write_whole;

/// Number of bytes that are written to the disk at a time.
const CHUNK: usize = 256 * 1024;

/// The longest wait before another try.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A file to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// Where it comes from.
    pub url: String,
    /// What it is called on this machine.
    pub path: PathBuf,
    /// Its SHA-256 in hexadecimal, where it is known beforehand.
    pub sha256: Option<String>,
    /// The name of the file inside the zip archive at `url`; `None` when `url` is the file itself.
    pub member: Option<&'static str>,
    /// Environment variable in which a user can name a mirror; error messages mention it.
    pub mirror: &'static str,
}

/// How a successful download came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The file came from the network.
    Fetched,
    /// The complete file was there.
    AlreadyThere,
    /// The file was there and is well-formed, but the server could not be asked about it, for this reason.
    NotCompared(String),
}

/// How long to wait for a server and how often to try again.
#[derive(Debug, Clone)]
pub struct Patience {
    /// Failed tries in a row, without a new byte, before giving up; at least 1.
    pub tries: u32,
    /// Wait before the second try; it doubles from try to try.
    pub first_wait: Duration,
    /// Time to look up the server's name, and again to connect.
    pub connect: Duration,
    /// Time without a single byte after which a connection counts as broken.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 5,
            first_wait: Duration::from_secs(1),
            connect: Duration::from_secs(20),
            silence: Duration::from_secs(30),
        }
    }
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownloadProblem {
    /// No server answers: no network, an unknown name, a closed port, a certificate that is not trusted.
    #[error("the server cannot be reached ({0})")]
    Unreachable(String),
    /// The connection was there and broke.
    #[error("the connection broke ({0})")]
    Broken(String),
    /// The server answers, but not with the file.
    #[error("the server answers {code} {reason}")]
    Status {
        /// HTTP status code.
        code: u16,
        /// Its usual text.
        reason: &'static str,
        /// How long the server asks to wait before the next try.
        retry_after: Option<Duration>,
    },
    /// The address cannot be used, or leads in circles.
    #[error("{0}")]
    Address(String),
    /// A web page in place of the file, such as the login page of a hotel's network.
    #[error("a web page comes instead of the file")]
    WebPage,
}

impl DownloadError {
    /// The HTTP status with which the server has refused the file, if it has.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Server { problem: DownloadProblem::Status { code, .. }, .. } => Some(*code),
            _ => None,
        }
    }
}

impl DownloadProblem {
    /// Whether the same request may go through a little later. A server that was reached before may be back; one that
    /// never was is more likely a problem of the network, which waiting does not solve.
    fn may_pass(&self, reached: bool) -> bool {
        match self {
            Self::Unreachable(_) => reached,
            Self::Broken(_) => true,
            Self::Status { code, .. } => matches!(code, 408 | 429 | 500 | 502 | 503 | 504),
            Self::Address(_) | Self::WebPage => false,
        }
    }
}

/// Why a file was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The server did not give it.
    #[error("cannot fetch {url}: {problem}; {advice}")]
    Server {
        /// The address asked for.
        url: String,
        /// What was wrong.
        problem: DownloadProblem,
        /// What the user can do.
        advice: String,
    },
    /// What came is not what was expected; it was deleted.
    #[error(
        "what came from {url} was deleted: its SHA-256 is {found}, expected {expected}; try again, or from a mirror"
    )]
    Checksum {
        /// The address.
        url: String,
        /// SHA-256 of what came.
        found: String,
        /// SHA-256 of the right file.
        expected: String,
    },
    /// What came is not a file of its kind, or a zip archive without the file; it was deleted.
    #[error("what came from {url} was deleted: {flaw}")]
    Flawed {
        /// The address.
        url: String,
        /// What is wrong with it.
        flaw: String,
    },
    /// There is another file with this name. It is well-formed, so it is not overwritten.
    #[error(
        "{} is a whole file, but another one than {url} ({found} bytes, the server's has {expected}): choose another \
         folder, or delete the file first", .path.display()
    )]
    Occupied {
        /// The address.
        url: String,
        /// The file in the way.
        path: PathBuf,
        /// Its length in bytes.
        found: u64,
        /// Length in bytes of the server's file.
        expected: u64,
    },
    /// Another program writes to the same `.part` file.
    #[error("another program is fetching {} right now", .path.display())]
    Busy {
        /// The target of both.
        path: PathBuf,
    },
    /// A file cannot be read or written; the message names it.
    #[error(transparent)]
    Disk(#[from] io::Error),
}

/// The address of a mirror, if the environment variable names one, without a slash at its end.
pub fn mirror(variable: &str) -> Option<String> {
    let address = std::env::var(variable).ok()?;
    let address = address.trim().trim_end_matches('/');
    (!address.is_empty()).then(|| address.to_string())
}

/// Fetches files, one after the other.
pub struct Downloader {
    agent: ureq::Agent,
    patience: Patience,
    token: Option<String>,
}

impl Default for Downloader {
    fn default() -> Self {
        Self::new(Patience::default())
    }
}

impl Downloader {
    /// A downloader that waits and tries again as `patience` says. Proxies are taken from the environment
    /// (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    pub fn new(patience: Patience) -> Self {
        Self { agent: http::agent(&patience), patience, token: None }
    }

    /// The same, which shows this token to the server of every address that it is asked for, and to no other that this one
    /// leads to.
    pub fn with_token(self, token: Option<String>) -> Self {
        Self { token, ..self }
    }

    /// Fetches a file, unless it is there already. A file is there when it has the right SHA-256 or, where that is not
    /// known, the length that the server tells and a sound format. Progress goes to standard error.
    ///
    /// # Errors
    /// [`DownloadError`]; the target is then as it was before. Bytes of a broken connection stay in the `.part` file.
    pub fn fetch(&self, download: &Download) -> Result<Outcome, DownloadError> {
        if let Some(outcome) = self.already_there(download)? {
            return Ok(outcome);
        }
        let mut part = PartFile::of(&download.path)?;
        let mut meter = Meter::new(&download.path);
        meter.note(&match part.len() {
            0 => format!("fetching {}", download.url),
            bytes => format!("fetching {} from byte {bytes} on", download.url),
        });
        let mut tries = Tries::new(&self.patience, part.len());
        while let Err(error) = self.go_on(download, &mut part, &mut meter) {
            if let Err(error) = tries.again(error, part.len(), &meter) {
                return Err(kept(error, part));
            }
        }
        finish(download, part)?;
        Ok(Outcome::Fetched)
    }

    /// Whether the file is there already. The server is asked for a single byte: its answer tells the length.
    fn already_there(&self, download: &Download) -> Result<Option<Outcome>, DownloadError> {
        let path = &download.path;
        if !path.exists() {
            return Ok(None);
        }
        if let Some(expected) = &download.sha256 {
            return Ok((check::file_sha256(path)? == *expected).then_some(Outcome::AlreadyThere));
        }
        if check::flaw(path, path)?.is_some() {
            return Ok(None);
        }
        let mut tries = Tries::new(&self.patience, 0);
        let answer = loop {
            match self.get(download, Some("bytes=0-0".to_string())) {
                Ok(answer) => break answer,
                Err(DownloadError::Server { problem: problem @ DownloadProblem::Unreachable(_), .. }) => {
                    return Ok(Some(Outcome::NotCompared(problem.to_string())));
                }
                Err(error) => tries.again(error, 0, &Meter::new(path))?,
            }
        };
        let found = path.metadata().map_err(|e| naming("read", path, &e))?.len();
        match answer.stamp.size {
            Some(expected) if expected != found && check::has_format(path) => {
                Err(DownloadError::Occupied { url: download.url.clone(), path: path.clone(), found, expected })
            }
            Some(expected) if expected != found => Ok(None),
            _ => Ok(Some(Outcome::AlreadyThere)),
        }
    }

    /// One connection: from the end of the `.part` file to the end of the file, or as far as it goes.
    fn go_on(&self, download: &Download, part: &mut PartFile, meter: &mut Meter) -> Result<(), DownloadError> {
        if part.is_whole() {
            return Ok(());
        }
        let rest = (part.len() > 0).then(|| format!("bytes={}-", part.len()));
        let mut answer = self.get(download, rest)?;
        if part.len() > 0 && !part.is_continued_by(&answer) {
            meter.note("the server's file cannot be continued, starting over");
            part.clear()?;
            if answer.start != Some(0) {
                answer = self.get(download, None)?;
            }
        }
        if answer.start != Some(part.len()) {
            return Err(
                download.problem(DownloadProblem::Address("it answers with a part nobody asked for".to_string()))
            );
        }
        if part.len() == 0 {
            part.begin(&answer.stamp)?;
        }
        meter.begin(part.len(), answer.stamp.size);
        let mut chunk = vec![0; CHUNK];
        loop {
            match answer.body.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => part.append(&chunk[..count])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(download.problem(broken(error))),
            }
            meter.at(part.len());
        }
        match answer.stamp.size {
            Some(size) if part.len() != size => {
                let reason = format!("it ended after {} of {size} bytes", part.len());
                Err(download.problem(DownloadProblem::Broken(reason)))
            }
            _ => Ok(()),
        }
    }

    /// Asks for the file, or for a range of it.
    fn get(&self, download: &Download, range: Option<String>) -> Result<Answer, DownloadError> {
        let answer = ask(&self.agent, &download.url, range.as_deref(), self.token.as_deref());
        let answer = answer.map_err(|problem| download.problem(problem))?;
        // Where the checksum is known, it decides; some servers have odd ideas of a file's type.
        if answer.is_web_page && download.sha256.is_none() {
            return Err(download.problem(DownloadProblem::WebPage));
        }
        Ok(answer)
    }
}

impl Download {
    fn problem(&self, problem: DownloadProblem) -> DownloadError {
        let path = self.path.display();
        let by_hand = match self.member {
            Some(member) => format!("unpack {member} from it and save that as {path}"),
            None => format!("save it as {path}"),
        };
        let mirror = self.mirror;
        let advice =
            format!("you can fetch it with a browser, on any machine, and {by_hand}, or name a mirror in {mirror}");
        DownloadError::Server { url: self.url.clone(), problem, advice }
    }
}

/// Checks what came and gives it its name.
fn finish(download: &Download, mut part: PartFile) -> Result<(), DownloadError> {
    part.close()?;
    match checked(download, &part) {
        Ok(None) => part.keep_as(&download.path),
        Ok(Some(unpacked)) => {
            write_whole(&download.path, &unpacked)?;
            part.discard()
        }
        Err(error) => {
            if let DownloadError::Checksum { .. } | DownloadError::Flawed { .. } = error {
                // As above.
                let _ = part.discard();
            }
            Err(error)
        }
    }
}

/// Checks what came; what comes out of an archive is returned.
fn checked(download: &Download, part: &PartFile) -> Result<Option<Vec<u8>>, DownloadError> {
    let url = &download.url;
    let flawed = |flaw| DownloadError::Flawed { url: url.clone(), flaw };
    let compare = |found: String, expected: &str| match found == expected {
        true => Ok(()),
        false => Err(DownloadError::Checksum { url: url.clone(), found, expected: expected.to_string() }),
    };
    if let Some(member) = download.member {
        let bytes = check::member(part.path(), member)?.map_err(flawed)?;
        if let Some(expected) = &download.sha256 {
            compare(shared::data::sha256(&bytes), expected)?;
        }
        return Ok(Some(bytes));
    }
    if let Some(expected) = download.sha256.as_deref().or(part.sha256()) {
        compare(check::file_sha256(part.path())?, expected)?;
    }
    match check::flaw(part.path(), &download.path)? {
        Some(flaw) => Err(flawed(flaw)),
        None => Ok(None),
    }
}

/// Failed tries in a row.
struct Tries<'a> {
    patience: &'a Patience,
    failed: u32,
    before: u64,
    furthest: u64,
}

impl<'a> Tries<'a> {
    fn new(patience: &'a Patience, done: u64) -> Self {
        Self { patience, failed: 0, before: done, furthest: done }
    }

    /// Waits before another try, or returns the error when the tries are used up.
    fn again(&mut self, error: DownloadError, done: u64, meter: &Meter) -> Result<(), DownloadError> {
        if done > self.furthest {
            (self.furthest, self.failed) = (done, 0);
        }
        self.failed += 1;
        let DownloadError::Server { problem, .. } = &error else { return Err(error) };
        if !problem.may_pass(self.furthest > self.before) || self.failed >= self.patience.tries {
            return Err(error);
        }
        let asked = match problem {
            DownloadProblem::Status { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let wait =
            self.patience.first_wait.saturating_mul(2u32.saturating_pow(self.failed - 1)).max(asked).min(LONGEST_WAIT);
        meter.note(&format!("{problem}; trying again in {:.0} s", wait.as_secs_f64()));
        thread::sleep(wait);
        Ok(())
    }
}

/// Says that a failed download can be resumed; if no byte came, nothing is left behind.
fn kept(error: DownloadError, part: PartFile) -> DownloadError {
    if part.len() == 0 {
        // The error of the download says more than one of cleaning up.
        let _ = part.discard();
        return error;
    }
    match error {
        DownloadError::Server { url, problem, advice } => {
            let (bytes, path) = (part.len(), part.path().display());
            let advice = format!("{bytes} bytes are kept in {path}, the same command goes on from there; {advice}");
            DownloadError::Server { url, problem, advice }
        }
        other => other,
    }
}

/// An error of the file system that names the file.
fn naming(what: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {what} {}: {error}", path.display()))
}
