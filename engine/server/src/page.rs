//! The page of the server: its parts, joined into one file when the server is built.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

pub mod look;

/// What the page does, in the order in which the parts need each other.
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("page/words.js"),
    include_str!("page/dom.js"),
    include_str!("page/storage.js"),
    include_str!("page/language.js"),
    include_str!("page/markdown.js"),
    include_str!("page/inline.js"),
    include_str!("page/render.js"),
    include_str!("page/conversation.js"),
    include_str!("page/conversations.js"),
    include_str!("page/server.js"),
    include_str!("page/settings.js"),
    include_str!("page/shell.js"),
    include_str!("page/messages.js"),
    include_str!("page/chat.js"),
    include_str!("page/writing.js"),
    include_str!("page/actions.js"),
    include_str!("page/composer.js"),
    include_str!("page/list.js"),
    include_str!("page/complete.js"),
    include_str!("page/classify.js"),
    include_str!("page/inside.js"),
    include_str!("page/start.js"),
);

/// The page and the policy under which browsers show it: nothing from elsewhere, no script but the page's own two, and not
/// within the frame of another page.
static PAGE: LazyLock<(String, String)> = LazyLock::new(|| {
    let page = [
        include_str!("page/head.html"),
        "<style>",
        include_str!("page/style.css"),
        include_str!("page/chat.css"),
        look::STYLE,
        "</style>\n",
        include_str!("page/page.html"),
        "<script>",
        look::SCRIPT,
        "</script>\n<script>",
        SCRIPT,
        "</script>\n</body>\n</html>\n",
    ];
    let [of_look, own] = [look::SCRIPT, SCRIPT].map(|script| STANDARD.encode(Sha256::digest(script)));
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{of_look}' 'sha256-{own}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    (page.concat(), policy)
});

/// The page, with its headers.
pub async fn page() -> impl IntoResponse {
    let (page, policy) = &*PAGE;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, page.as_str())
}
