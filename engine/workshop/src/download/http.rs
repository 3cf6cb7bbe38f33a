//! One request: redirects, ranges, what the headers say about the file.

use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ureq::http::{HeaderMap, header};
use ureq::{Agent, BodyReader, Error, Timeout};

use super::{DownloadProblem, Patience};

const MAX_REDIRECTS: usize = 10;

/// What a server says about a file. Two answers with the same stamp are about the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// Length in bytes.
    pub size: Option<u64>,
    /// The entity tag, or the time of the last change.
    pub version: Option<String>,
    /// SHA-256 in hexadecimal.
    pub sha256: Option<String>,
}

/// An answer that brings the file, or a part of it.
pub(super) struct Answer {
    pub stamp: Stamp,
    /// Position of the body's first byte in the file; `None` if the server has no such part.
    pub start: Option<u64>,
    pub is_web_page: bool,
    pub body: BodyReader<'static>,
}

pub(super) fn agent(patience: &Patience) -> Agent {
    Agent::config_builder()
        .user_agent(concat!("llm-from-scratch-rs/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        // Followed here: the hub tells the SHA-256 of a file in the redirect to it.
        .max_redirects(0)
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_recv_response(Some(patience.silence))
        .timeout_per_read(Some(patience.silence))
        .build()
        .into()
}

/// Asks for a file, or for a range of its bytes, and follows redirects. Only the server of `url` itself gets the token.
pub(super) fn ask(
    agent: &Agent,
    url: &str,
    range: Option<&str>,
    token: Option<&str>,
) -> Result<Answer, DownloadProblem> {
    let server = server(url).to_string();
    if token.is_some() && !is_private(&server) {
        let reason = "a token is sent over encrypted connections only, and this address begins with http:";
        return Err(DownloadProblem::Address(reason.to_string()));
    }
    let mut url = url.to_string();
    let mut linked = Stamp::default();
    for _ in 0..=MAX_REDIRECTS {
        // A compressed answer could be neither resumed nor measured.
        let mut request = agent.get(&url).header(header::ACCEPT_ENCODING, "identity");
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
        }
        if let Some(token) = token.filter(|_| self::server(&url) == server) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let (parts, body) = request.call().map_err(problem)?.into_parts();
        linked.learn_linked(&parts.headers);
        if let Some(target) = text(&parts.headers, "location").filter(|_| parts.status.is_redirection()) {
            let next = join(&url, target);
            if url.starts_with("https:") && !next.starts_with("https:") {
                return Err(DownloadProblem::Address(format!("it leads to {next}, which is not encrypted")));
            }
            url = next;
            continue;
        }
        let (start, size) = match parts.status.as_u16() {
            200 => (Some(0), text(&parts.headers, "content-length").and_then(|length| length.parse().ok())),
            206 => content_range(&parts.headers),
            416 if range.is_some() => (None, content_range(&parts.headers).1),
            code => {
                let reason = parts.status.canonical_reason().unwrap_or_default();
                return Err(DownloadProblem::Status { code, reason, retry_after: retry_after(&parts.headers) });
            }
        };
        return Ok(Answer {
            stamp: Stamp {
                size: size.or(linked.size),
                version: linked.version.or_else(|| version(&parts.headers)),
                sha256: linked.sha256,
            },
            start,
            is_web_page: text(&parts.headers, "content-type").is_some_and(|kind| kind.starts_with("text/html")),
            body: body.into_reader(),
        });
    }
    Err(DownloadProblem::Address(format!("more than {MAX_REDIRECTS} redirects")))
}

/// Scheme, name and port of an address.
fn server(url: &str) -> &str {
    let name = url.find("://").map_or(0, |at| at + 3);
    url[name..].find(['/', '?', '#']).map_or(url, |end| &url[..name + end])
}

/// Whether nobody on the way can read what is sent to a server.
fn is_private(server: &str) -> bool {
    let name = server.strip_prefix("http://").map(|name| name.rsplit_once(':').map_or(name, |(name, _)| name));
    server.starts_with("https://") || matches!(name, Some("127.0.0.1" | "localhost" | "[::1]"))
}

impl Stamp {
    /// The Hugging Face hub keeps large files elsewhere. Its own answer tells their length and SHA-256, and the answer
    /// behind the redirect may have an entity tag that is something else. A plain `ETag` counts only beside the hub's
    /// header `X-Repo-Commit`: other servers, GitHub among them, have tags that look like a SHA-256 and are none.
    fn learn_linked(&mut self, headers: &HeaderMap) {
        self.size = self.size.or_else(|| text(headers, "x-linked-size")?.parse().ok());
        if let Some(tag) = text(headers, "x-linked-etag") {
            self.version.get_or_insert_with(|| tag.to_string());
        }
        let of_hub = headers.contains_key("x-repo-commit").then_some("etag");
        if let Some(tag) = text(headers, "x-linked-etag").or_else(|| text(headers, of_hub?)) {
            let tag = tag.trim_start_matches("W/").trim_matches('"');
            if tag.len() == 64 && tag.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                self.sha256.get_or_insert_with(|| tag.to_ascii_lowercase());
            }
        }
    }
}

fn version(headers: &HeaderMap) -> Option<String> {
    text(headers, "etag").or_else(|| text(headers, "last-modified")).map(str::to_string)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `bytes 100-199/200` is the part from byte 100 on of 200 bytes; `bytes */200` is no part.
fn content_range(headers: &HeaderMap) -> (Option<u64>, Option<u64>) {
    let range = text(headers, "content-range").and_then(|range| range.strip_prefix("bytes "));
    let Some((part, size)) = range.and_then(|range| range.split_once('/')) else { return (None, None) };
    (part.split_once('-').and_then(|(start, _)| start.parse().ok()), size.parse().ok())
}

/// Only seconds; a date is for browsers.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    text(headers, "retry-after")?.parse().ok().map(Duration::from_secs)
}

fn problem(error: Error) -> DownloadProblem {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error {
        Error::Io(e) if matches!(e.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof) => {
            DownloadProblem::Broken(e.to_string())
        }
        Error::Io(e) => DownloadProblem::Unreachable(e.to_string()),
        Error::Timeout(Timeout::Resolve) => {
            DownloadProblem::Unreachable("its name is not resolved in time".to_string())
        }
        Error::Timeout(Timeout::Connect) => DownloadProblem::Unreachable("no connection in time".to_string()),
        Error::Timeout(_) => DownloadProblem::Broken("no byte came for too long".to_string()),
        Error::Protocol(e) => DownloadProblem::Broken(e.to_string()),
        Error::BadUri(_) | Error::Http(_) => {
            DownloadProblem::Address("this is no address that can be fetched".to_string())
        }
        other => DownloadProblem::Unreachable(other.to_string()),
    }
}

/// Why no more of an answer comes.
pub(super) fn broken(error: io::Error) -> DownloadProblem {
    match problem(Error::from(error)) {
        DownloadProblem::Unreachable(reason) => DownloadProblem::Broken(reason),
        other => other,
    }
}

/// The address that a redirect leads to, which may be written relative to `base`.
fn join(base: &str, target: &str) -> String {
    let Some((scheme, rest)) = base.split_once("://") else { return target.to_string() };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    if target.split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        target.to_string()
    } else if let Some(elsewhere) = target.strip_prefix("//") {
        format!("{scheme}://{elsewhere}")
    } else if target.starts_with('/') {
        format!("{scheme}://{host}{target}")
    } else {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
        format!("{scheme}://{host}{folder}{target}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_may_be_relative() {
        let base = "https://hub.example/models/gpt2/config.json?download=true";
        for (target, whole) in [
            ("https://cdn.example/a?b=http://c", "https://cdn.example/a?b=http://c"),
            ("//cdn.example/a", "https://cdn.example/a"),
            ("/cache/a?to=http://x", "https://hub.example/cache/a?to=http://x"),
            ("other.json", "https://hub.example/models/gpt2/other.json"),
        ] {
            assert_eq!(join(base, target), whole);
        }
        assert_eq!(join("http://hub.example", "a"), "http://hub.example/a");
    }

    #[test]
    fn a_token_goes_to_one_server_only_and_never_in_the_open() {
        assert_eq!(server("https://hub.example:8/a/b?c"), "https://hub.example:8");
        assert_eq!(server("https://hub.example"), "https://hub.example");
        assert_ne!(server("https://hub.example.org/a"), server("https://hub.example/a"));
        assert_ne!(server("http://hub.example/a"), server("https://hub.example/a"));
        for private in ["https://hub.example", "http://127.0.0.1:80", "http://localhost", "http://[::1]:8"] {
            assert!(is_private(private), "{private}");
        }
        for open in ["http://hub.example", "http://127.0.0.1.example:80", "ftp://localhost", "localhost"] {
            assert!(!is_private(open), "{open}");
        }
    }

    #[test]
    fn a_content_range_tells_start_and_size() {
        let of = |value: &'static str| {
            content_range(&HeaderMap::from_iter([(header::CONTENT_RANGE, header::HeaderValue::from_static(value))]))
        };
        assert_eq!(of("bytes 100-199/200"), (Some(100), Some(200)));
        assert_eq!(of("bytes 100-199/*"), (Some(100), None));
        assert_eq!(of("bytes */200"), (None, Some(200)));
        assert_eq!(of("lines 1-2/3"), (None, None));
    }

    #[test]
    fn only_the_hub_s_tags_count_as_sha256() {
        let sha = "AB".repeat(32);
        let learn = |pairs: &[(&'static str, String)]| {
            let mut stamp = Stamp::default();
            stamp.learn_linked(&HeaderMap::from_iter(pairs.iter().map(|(name, value)| {
                (header::HeaderName::from_static(name), value.parse::<header::HeaderValue>().unwrap())
            })));
            stamp.sha256
        };
        let found = Some(sha.to_lowercase());
        assert_eq!(learn(&[("x-linked-etag", format!("\"{sha}\""))]), found);
        assert_eq!(learn(&[("etag", format!("W/\"{sha}\"")), ("x-repo-commit", "1".to_string())]), found);
        assert_eq!(learn(&[("etag", format!("\"{sha}\""))]), None);
        // A small file of the hub has git's SHA-1 as its tag.
        assert_eq!(learn(&[("x-linked-etag", "ab".repeat(20)), ("x-repo-commit", "1".to_string())]), None);
    }
}
