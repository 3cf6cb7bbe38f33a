//! Who may use the server: everyone who reaches it, or whoever knows its key.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use crate::refusal::{Refusal, is_openais};

/// The key of a server. It is not shown, not even for debugging.
#[derive(Clone)]
pub struct ApiKey(Arc<str>);

impl ApiKey {
    /// A key; `None` if it is empty.
    pub fn new(key: &str) -> Option<Self> {
        (!key.is_empty()).then(|| Self(key.into()))
    }

    /// Whether these headers have the key. Keys of one length are compared in the same time, wherever they differ.
    fn is_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
        let Some((scheme, key)) = given.split_at_checked("Bearer ".len()) else { return false };
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(key.ct_eq(self.0.as_bytes()))
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey")
    }
}

/// Whether a path is for programs. The page, which asks its reader for the key, and the book are for everyone.
fn needs_key(path: &str) -> bool {
    is_openais(path) || path == "/api" || path.starts_with("/api/")
}

/// Refuses requests without the key, if there is one.
pub async fn check(State(key): State<Option<ApiKey>>, request: Request, next: Next) -> Response {
    match key {
        Some(key) if needs_key(request.uri().path()) && !key.is_in(request.headers()) => {
            let reason = "this server needs its key, and the request has none or another; send it in the header \
                          `Authorization: Bearer KEY`";
            Refusal::new(StatusCode::UNAUTHORIZED, reason).with_code("invalid_api_key").into_response()
        }
        _ => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_key_opens() {
        let key = ApiKey::new("sesame").unwrap();
        let opens = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            key.is_in(&headers)
        };
        assert!(opens("Bearer sesame") && opens("bearer sesame"));
        for wrong in
            ["", "Bearer", "Bearer ", "sesame", "Bearer sesam", "Bearer sesame!", "Bearer Sesame", "Basic sesame"]
        {
            assert!(!opens(wrong), "{wrong}");
        }
        assert!(!key.is_in(&HeaderMap::new()));
        assert!(ApiKey::new("").is_none());
        assert_eq!(format!("{key:?}"), "ApiKey");
    }

    #[test]
    fn the_page_and_the_book_need_no_key() {
        assert!(["/api/tags", "/v1/models", "/api/look", "/v1", "/api"].into_iter().all(needs_key));
        assert!(!["/", "/look.js", "/book/", "/apiary"].into_iter().any(needs_key));
    }
}
