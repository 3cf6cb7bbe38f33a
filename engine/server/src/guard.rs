//! Which hosts and web pages may use the server: pages of other sites must not control a server on the user's machine.
//!
//! A browser sends the name that it was told to connect to (`Host`) and the site whose page sends a request
//! (`Origin`). A foreign site can make the browser send requests here, and can even point a name of its own at this
//! machine, but it cannot change these headers.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::refusal::Refusal;

/// A name under which the server answers, at one port or at any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    name: String,
    port: Option<u16>,
}

impl FromStr for AllowedHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, port) = split(text).ok_or("must be NAME or NAME:PORT, without http:// and without a path")?;
        Ok(Self { name, port })
    }
}

impl AllowedHost {
    /// Whether this name and port match; a missing port is the default one of http or https.
    fn is(&self, name: &str, port: Option<u16>) -> bool {
        let same_port = match self.port {
            None => true,
            Some(80 | 443) if port.is_none() => true,
            wanted => wanted == port,
        };
        same_port && self.name.eq_ignore_ascii_case(name)
    }
}

/// Name and port of `NAME[:PORT]`. An IPv6 address is written in brackets.
fn split(text: &str) -> Option<(String, Option<u16>)> {
    let authority = Authority::from_str(text).ok()?;
    let (name, port) = (authority.host(), authority.port_u16());
    // An authority can also hold a user, or a port that is no number.
    let whole = port.map_or(name.to_string(), |port| format!("{name}:{port}"));
    (!name.is_empty() && whole == text).then(|| (name.to_string(), port))
}

/// Whether a name is an IP address. No site can point such a name at another machine.
fn is_address(name: &str) -> bool {
    let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    inner.map_or(name.parse::<IpAddr>().is_ok(), |inner| inner.parse::<Ipv6Addr>().is_ok())
}

/// The names under which the server answers.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    own: Vec<AllowedHost>,
    /// Names that the user allows.
    others: Vec<AllowedHost>,
    any_address: bool,
}

impl AllowedHosts {
    /// The names of this machine for itself, the address that the server listens on, and others that the user allows. A
    /// server that listens on all addresses answers under each of them, at any port: a container can map the port to another.
    pub fn new(listening_on: IpAddr, port: u16, others: &[AllowedHost]) -> Self {
        let any_address = listening_on.is_unspecified();
        let address = match listening_on {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        let port = (!any_address).then_some(port);
        let own = ["localhost", "127.0.0.1", "[::1]", &address];
        let own = own.map(|name| AllowedHost { name: name.to_string(), port }).to_vec();
        Self { own, others: others.to_vec(), any_address }
    }

    /// What is wrong with the headers of a request, if anything.
    fn objection(&self, headers: &HeaderMap) -> Option<String> {
        let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let host = text(header::HOST).unwrap_or_default();
        let known = split(&host).is_some_and(|(name, port)| {
            self.own.iter().chain(&self.others).any(|allowed| allowed.is(&name, port))
                || (self.any_address && is_address(&name))
        });
        if !known {
            return Some(format!("the host '{host}' is not served here; start with --allow-host NAME to allow it"));
        }
        match text(header::ORIGIN) {
            Some(origin) if !self.is_own_page(&origin, &host) => {
                Some(format!("pages of '{origin}' may not use this server"))
            }
            _ => None,
        }
    }

    /// Whether a request comes from the page of this server. A proxy in front may speak https, and may name itself as the
    /// host, so a name that the user allows is enough.
    fn is_own_page(&self, origin: &str, host: &str) -> bool {
        let site = origin.strip_prefix("https://").or(origin.strip_prefix("http://")).and_then(split);
        let is_allowed = |(name, port): (String, _)| self.others.iter().any(|allowed| allowed.is(&name, port));
        origin == format!("http://{host}") || site.is_some_and(is_allowed)
    }
}

/// Refuses requests with a foreign `Host` or `Origin`.
pub async fn check(State(allowed): State<AllowedHosts>, request: Request, next: Next) -> Response {
    match allowed.objection(request.headers()) {
        Some(objection) => Refusal::new(StatusCode::FORBIDDEN, objection).into_response(),
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server on `address`, port 8080, says to a request, with these other names allowed.
    fn objection(address: &str, others: &[&str], host: &str, origin: Option<&str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        let others: Vec<AllowedHost> = others.iter().map(|name| name.parse().unwrap()).collect();
        AllowedHosts::new(address.parse().unwrap(), 8080, &others).objection(&headers)
    }

    #[test]
    fn own_names_pass_and_foreign_ones_do_not() {
        let objection = |host: &str, origin: Option<&str>| objection("127.0.0.1", &[], host, origin);
        for host in ["localhost:8080", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert_eq!(objection(host, None), None, "{host}");
            assert_eq!(objection(host, Some(&format!("http://{host}"))), None, "{host}");
        }
        for host in [
            "localhost",
            "localhost:80",
            "localhost:9000",
            "evil.example:8080",
            "localhost.evil.example:8080",
            "192.168.1.5:8080",
            "a@localhost:8080",
            "",
        ] {
            let reason = objection(host, None).unwrap();
            assert!(reason.contains(&format!("'{host}'")) && reason.contains("--allow-host NAME"), "{reason}");
        }
        for origin in ["http://evil.example", "null", "http://localhost:3000", "https://localhost:8080"] {
            assert!(objection("localhost:8080", Some(origin)).is_some(), "{origin}");
        }
    }

    /// A container's port with another number outside, a tunnel, a proxy that speaks https.
    #[test]
    fn allowed_names_pass_at_their_port_or_at_any() {
        let any = |host: &str, origin: Option<&str>| objection("127.0.0.1", &["box.lan"], host, origin);
        for host in ["box.lan", "BOX.lan:9000", "box.lan:8080"] {
            assert_eq!(any(host, None), None, "{host}");
            for scheme in ["http", "https"] {
                assert_eq!(any(host, Some(&format!("{scheme}://{host}"))), None, "{host}");
            }
        }
        // The proxy asks under the server's own name.
        assert_eq!(any("127.0.0.1:8080", Some("https://box.lan")), None);
        for origin in ["https://evil.example", "https://box.lan.evil.example", "ftp://box.lan", "null", "https://"] {
            assert!(any("box.lan", Some(origin)).is_some(), "{origin}");
            assert!(any("127.0.0.1:8080", Some(origin)).is_some(), "{origin}");
        }
        assert_eq!(objection("127.0.0.1", &["localhost"], "localhost:9000", Some("http://localhost:9000")), None);

        let one = |host: &str| objection("127.0.0.1", &["box.lan:9000", "[fe80::1]:9000", "site.lan:443"], host, None);
        for host in ["box.lan:9000", "[fe80::1]:9000", "site.lan:443", "site.lan"] {
            assert_eq!(one(host), None, "{host}");
        }
        for host in ["box.lan", "box.lan:8080", "[fe80::1]:8080", "site.lan:8080"] {
            assert!(one(host).is_some(), "{host}");
        }
    }

    #[test]
    fn a_server_on_all_addresses_answers_under_each_but_not_under_names() {
        for listening_on in ["0.0.0.0", "::"] {
            let objection = |host: &str, origin: Option<&str>| objection(listening_on, &[], host, origin);
            for host in ["192.168.1.5:8080", "192.168.1.5:9000", "[fe80::1]:8080", "10.0.0.1", "localhost:9000"] {
                assert_eq!(objection(host, None), None, "{host}");
                assert_eq!(objection(host, Some(&format!("http://{host}"))), None, "{host}");
                assert!(objection(host, Some("http://10.0.0.9:8080")).is_some(), "another machine's page");
            }
            // Rebinding needs a name.
            for host in ["evil.example:8080", "1.2.3.4.evil.example:8080", "[evil]:8080", "1.2.3:8080", ""] {
                assert!(objection(host, None).is_some(), "{host}");
            }
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["http://box.lan", "box.lan/", "box.lan:port", "box.lan:", "box.lan:99999", "a@box.lan", "", "a b"]
        {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
    }
}
