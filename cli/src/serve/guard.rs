//! Who may ask: pages of other sites must not drive a server on the reader's machine.
//!
//! A browser sends the name that it was told to connect to (`Host`) and the site whose page sends a request
//! (`Origin`). A foreign site can make the browser send requests here, and can even point a name of its own at this
//! machine, but it cannot change these headers.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::api::failure;

/// The names under which the server answers.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    names: Vec<String>,
    port: u16,
}

impl AllowedHosts {
    /// The names of this machine for itself, the address that the server listens on, and others that the user allows.
    pub fn new(listening_on: &str, port: u16, others: &[String]) -> Self {
        let own = ["localhost", "127.0.0.1", "[::1]", listening_on].map(str::to_string);
        Self { names: own.into_iter().chain(others.iter().cloned()).collect(), port }
    }

    /// What is wrong with the headers of a request, if anything.
    fn objection(&self, headers: &HeaderMap) -> Option<String> {
        let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let host = text(header::HOST).unwrap_or_default();
        if !self.names.iter().any(|name| self.is(&host, name)) {
            return Some(format!("the host '{host}' is not served here; start with --allow-host NAME to allow it"));
        }
        match text(header::ORIGIN) {
            Some(origin) if origin != format!("http://{host}") => {
                Some(format!("pages of '{origin}' may not use this server"))
            }
            _ => None,
        }
    }

    fn is(&self, host: &str, name: &str) -> bool {
        host.eq_ignore_ascii_case(&format!("{name}:{}", self.port))
            || (self.port == 80 && host.eq_ignore_ascii_case(name))
    }
}

/// Turns away requests with a foreign `Host` or `Origin`.
pub async fn check(State(allowed): State<AllowedHosts>, request: Request, next: Next) -> Response {
    match allowed.objection(request.headers()) {
        Some(objection) => failure(StatusCode::FORBIDDEN, objection),
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objection(host: &str, origin: Option<&str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        AllowedHosts::new("127.0.0.1", 8080, &["box.lan".into()]).objection(&headers)
    }

    #[test]
    fn own_names_pass_and_foreign_ones_do_not() {
        for host in ["localhost:8080", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "box.lan:8080"] {
            assert_eq!(objection(host, None), None, "{host}");
            assert_eq!(objection(host, Some(&format!("http://{host}"))), None, "{host}");
        }
        for host in ["localhost", "localhost:80", "evil.example:8080", "localhost.evil.example:8080", ""] {
            assert!(objection(host, None).is_some(), "{host}");
        }
        for origin in ["http://evil.example", "null", "http://localhost:3000", "https://localhost:8080"] {
            assert!(objection("localhost:8080", Some(origin)).is_some(), "{origin}");
        }
    }
}
