//! "Look inside": tokens, probabilities, attention and layers of a model as widgets, for the page of this server and for
//! the pages of the book.

use axum::http::header;
use axum::response::IntoResponse;

/// `window.LookInside`, whose `mount` puts the widgets into an element. Each file adds to it.
pub const SCRIPT: &str = concat!(
    include_str!("look/words.js"),
    include_str!("look/elements.js"),
    include_str!("look/sampling.js"),
    include_str!("look/answer.js"),
    include_str!("look/pieces.js"),
    include_str!("look/tokens.js"),
    include_str!("look/next.js"),
    include_str!("look/heatmap.js"),
    include_str!("look/attention.js"),
    include_str!("look/lens.js"),
    include_str!("look/classifier.js"),
    include_str!("look/mount.js"),
);

/// The styles of the widgets, which take the colours of the page around them.
pub const STYLE: &str = include_str!("look/look.css");

/// The script as a file of its own, for the book.
pub async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], SCRIPT)
}

/// The styles as a file of their own, for the book.
pub async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], STYLE)
}
