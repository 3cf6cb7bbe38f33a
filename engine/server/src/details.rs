//! What clients are told about a model, in the form of Ollama's `/api/tags` and `/api/show`.

use serde_json::{Map, Value, json};

use crate::card::{ModelCard, Sizes};
use crate::options::SamplingOptions;
use crate::requests::Service;
use crate::text::Text;

/// A model in the list of all. What an answer has when a request does not say is this server's own addition.
pub fn in_list(card: &ModelCard, service: &Service) -> Value {
    let defaults = SamplingOptions::of(&card.suggested);
    json!({
        "name": card.name,
        "model": card.name,
        "capabilities": card.capabilities(),
        "details": details(card),
        "defaults": {
            "temperature": defaults.temperature,
            "top_k": defaults.top_k,
            "top_p": defaults.filter.top_p,
            "num_predict": service.default_new_tokens(card),
        },
    })
}

/// A model alone.
pub fn alone(card: &ModelCard) -> Value {
    let template = card.text().and_then(Text::template).map_or("", |template| template.source());
    json!({
        "capabilities": card.capabilities(),
        "details": details(card),
        "model_info": model_info(card),
        "parameters": suggested(card),
        "template": template,
    })
}

fn details(card: &ModelCard) -> Value {
    let family = card.sizes.family();
    json!({
        "family": family,
        "families": [family],
        "parameter_size": short(card.parameters),
        "quantization_level": card.weights.to_uppercase(),
        "context_length": card.sizes.context_length(),
    })
}

/// What the makers of the model suggest, a line for each option.
fn suggested(card: &ModelCard) -> String {
    let suggested = &card.suggested;
    let lines = [
        suggested.temperature.map(|temperature| format!("temperature {temperature}")),
        suggested.top_k.map(|top_k| format!("top_k {top_k}")),
        suggested.top_p.map(|top_p| format!("top_p {top_p}")),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// The sizes under the names that GGUF files have for them.
fn model_info(card: &ModelCard) -> Value {
    let family = card.sizes.family();
    let (width, layers, heads, kv_heads) = match &card.sizes {
        Sizes::Gpt(config) => (config.emb_dim, config.n_layers, config.n_heads, config.n_heads),
        Sizes::Llama(config) => (config.emb_dim, config.n_layers, config.n_heads, config.n_kv_heads),
    };
    let mut info = Map::new();
    info.insert("general.architecture".into(), family.into());
    info.insert("general.parameter_count".into(), card.parameters.into());
    for (name, size) in [
        ("context_length", card.sizes.context_length()),
        ("embedding_length", width),
        ("block_count", layers),
        ("attention.head_count", heads),
        ("attention.head_count_kv", kv_heads),
        ("vocab_size", card.sizes.vocab_size()),
    ] {
        info.insert(format!("{family}.{name}"), size.into());
    }
    info.into()
}

/// A number of parameters as Ollama writes it.
fn short(parameters: usize) -> String {
    let number = parameters as f64;
    match parameters {
        0..1_000 => parameters.to_string(),
        1_000..1_000_000 => format!("{:.2}K", number / 1e3),
        1_000_000..1_000_000_000 => format!("{:.2}M", number / 1e6),
        _ => format!("{:.1}B", number / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_short() {
        let shown = [999, 140_416, 134_515_008, 1_235_814_400].map(short);
        assert_eq!(shown, ["999", "140.42K", "134.52M", "1.2B"]);
    }
}
