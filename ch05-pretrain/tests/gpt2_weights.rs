//! GPT-2's published weights: both forms give the numbers of the original, everything else is refused.
//!
//! `tests/golden/gpt2-tiny-*` is a small random GPT-2 in both forms, with what PyTorch computes from it.
//!
//! The tests of the real model are ignored, since its files have 500 MB. They want a folder with either form:
//! `LLM_GPT2_DIR=FOLDER cargo test -p ch05-pretrain --test gpt2_weights -- --ignored`

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::Instant;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Int, Tensor, TensorData, s};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::tensor_to_ids;
use ch05_pretrain::{
    GenerateOptions, Loaders, ModelKind, calc_loss_loader, cross_entropy, generate, model_kind, open_model, save_model,
    text_to_token_ids, token_ids_to_text,
};
use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};
use tempfile::TempDir;

/// PyTorch sums in another order.
const EXACT: f64 = 1e-4;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn open(folder: &Path) -> (GptConfig, GptModel) {
    open_model(folder, &Device::flex()).unwrap()
}

fn error(folder: &Path) -> String {
    let text = open_model(folder, &Device::flex()).unwrap_err().to_string();
    assert!(!text.contains('\n'), "{text}");
    text.replace(&format!("{}/", folder.display()), "").replace(&folder.display().to_string(), "FOLDER")
}

#[derive(Deserialize)]
struct Expected {
    ids: Vec<Vec<i64>>,
    mean_next_token_loss: f64,
    logits_row0_last_position: Vec<f64>,
    logits_row1_position3: Vec<f64>,
    greedy_from_first_4_ids: Vec<u32>,
}

fn expected() -> Expected {
    serde_json::from_str(&fs::read_to_string(golden("gpt2-tiny-hf/expected.json")).unwrap()).unwrap()
}

fn golden_ids() -> Tensor<2, Int> {
    let ids = expected().ids;
    let shape = [ids.len(), ids[0].len()];
    Tensor::from_data(TensorData::new(ids.concat(), shape), &Device::flex())
}

fn logits(model: &GptModel) -> Tensor<3> {
    model.forward(golden_ids(), &mut Mode::Eval)
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn assert_all_near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "value {i}: {found} is not {expected} ± {tolerance}");
    }
}

/// Loss, logits and (unless weights were rounded) the greedy text are those of the original.
fn assert_golden(model: &GptModel, tolerance: f64) {
    let expected = expected();
    let logits = logits(model); // [2, 24, 211]
    let of_last = logits.clone().slice(s![0, -1, ..]);
    assert_all_near(&floats(of_last), &expected.logits_row0_last_position, tolerance);
    let of_position3 = logits.clone().slice(s![1, 3, ..]);
    assert_all_near(&floats(of_position3), &expected.logits_row1_position3, tolerance);

    let targets = golden_ids().slice(s![.., 1..]).flatten(0, 1);
    let loss = cross_entropy(logits.slice(s![.., ..-1, ..]).flatten(0, 1), targets).into_scalar::<f64>();
    assert_all_near(&[loss], &[expected.mean_next_token_loss], tolerance);

    if tolerance <= EXACT {
        let all = &expected.greedy_from_first_4_ids;
        let start = golden_ids().slice(s![0..1, ..4]);
        let written = generate_text_simple(model, start, all.len() - 4, model.context_length());
        assert_eq!(&tensor_to_ids(written), all);
    }
}

/// All parameters of a model, one after the other.
fn values(model: &GptModel) -> Vec<Vec<f32>> {
    struct Collect(Vec<Vec<f32>>);
    impl ModuleVisitor for Collect {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.val().into_data().iter::<f32>().collect());
        }
    }
    let mut all = Collect(Vec::new());
    model.visit(&mut all);
    all.0
}

// ---------------------------------------------------------------------------------------------------------------------
// Files that the tests make

/// Tensors by name: type, shape and bytes.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// The golden tensors, named as in the files that OpenAI's models have at Hugging Face: without `transformer.`.
fn golden_tensors() -> Tensors {
    let bytes = fs::read(golden("gpt2-tiny-hf/model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let owned = |view: TensorView| (view.dtype(), view.shape().to_vec(), view.data().to_vec());
    let name = |name: String| name.strip_prefix("transformer.").unwrap().to_string();
    file.tensors().into_iter().map(|(long, view)| (name(long), owned(view))).collect()
}

fn golden_config() -> Value {
    serde_json::from_str(&fs::read_to_string(golden("gpt2-tiny-hf/config.json")).unwrap()).unwrap()
}

fn to_floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks(4).map(|word| f32::from_le_bytes(word.try_into().unwrap())).collect()
}

fn to_bytes(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

fn to_half(bytes: &[u8]) -> Vec<u8> {
    to_floats(bytes).into_iter().flat_map(|value| f16::from_f32(value).to_le_bytes()).collect()
}

fn to_bfloat(bytes: &[u8]) -> Vec<u8> {
    to_floats(bytes).into_iter().flat_map(|value| bf16::from_f32(value).to_le_bytes()).collect()
}

fn write_hugging_face(folder: &Path, config: &Value, tensors: &Tensors) {
    fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, bytes))| (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    fs::write(folder.join("model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
}

fn hugging_face(config: &Value, tensors: &Tensors) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_hugging_face(folder.path(), config, tensors);
    folder
}

/// The golden folder with other tensors, or with another configuration.
fn with_tensors(change: impl FnOnce(&mut Tensors)) -> TempDir {
    let mut tensors = golden_tensors();
    change(&mut tensors);
    hugging_face(&golden_config(), &tensors)
}

fn with_config(field: &str, value: Value) -> TempDir {
    let mut config = golden_config();
    config[field] = value;
    hugging_face(&config, &golden_tensors())
}

/// An entry of a TensorFlow checkpoint's index.
struct Entry {
    name: String,
    dtype: u64,
    shape: Vec<u64>,
    shard: u64,
    offset: u64,
    size: u64,
    checksum: u32,
    slices: bool,
}

/// A TensorFlow checkpoint to be written.
struct Checkpoint {
    header: Vec<u8>,
    entries: Vec<Entry>,
    data: Vec<u8>,
    compression: u8,
}

fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn number_field(field: u64, number: u64) -> Vec<u8> {
    [varint(field << 3), varint(number)].concat()
}

fn bytes_field(field: u64, bytes: &[u8]) -> Vec<u8> {
    [&varint(field << 3 | 2), &varint(bytes.len() as u64), bytes].concat()
}

impl Entry {
    fn message(&self) -> Vec<u8> {
        let shape: Vec<u8> = self.shape.iter().flat_map(|size| bytes_field(2, &number_field(1, *size))).collect();
        let mut message = [number_field(1, self.dtype), bytes_field(2, &shape), number_field(3, self.shard)].concat();
        message.extend([number_field(4, self.offset), number_field(5, self.size)].concat());
        message.push(6 << 3 | 5);
        message.extend(self.checksum.to_le_bytes());
        if self.slices {
            message.extend(bytes_field(7, &[]));
        }
        message
    }
}

impl Checkpoint {
    /// The tensors of a Hugging Face file under OpenAI's names.
    fn of(tensors: &Tensors) -> Self {
        let header = [number_field(1, 1), bytes_field(3, &number_field(1, 1))].concat();
        let mut checkpoint = Self { header, entries: Vec::new(), data: Vec::new(), compression: 0 };
        for (name, (dtype, shape, bytes)) in tensors {
            let parts: Vec<&str> = name.split('.').collect();
            let name = match parts.as_slice() {
                ["wte" | "wpe", "weight"] => format!("model/{}", parts[0]),
                ["ln_f", "weight"] => "model/ln_f/g".to_string(),
                ["ln_f", "bias"] => "model/ln_f/b".to_string(),
                ["h", b, norm @ ("ln_1" | "ln_2"), "weight"] => format!("model/h{b}/{norm}/g"),
                ["h", b, norm @ ("ln_1" | "ln_2"), "bias"] => format!("model/h{b}/{norm}/b"),
                ["h", b, part, layer, "weight"] => format!("model/h{b}/{part}/{layer}/w"),
                ["h", b, part, layer, "bias"] => format!("model/h{b}/{part}/{layer}/b"),
                _ => panic!("{name}"),
            };
            let dtype = match dtype {
                Dtype::F32 => 1,
                Dtype::BF16 => 14,
                Dtype::F16 => 19,
                other => panic!("{other:?}"),
            };
            let mut shape: Vec<u64> = shape.iter().map(|size| *size as u64).collect();
            if name.ends_with("/w") {
                shape.insert(0, 1);
            }
            let (offset, size, checksum) = (checkpoint.data.len() as u64, bytes.len() as u64, masked_crc(bytes));
            checkpoint.data.extend(bytes);
            checkpoint.entries.push(Entry { name, dtype, shape, shard: 0, offset, size, checksum, slices: false });
        }
        checkpoint.entries.sort_by(|a, b| a.name.cmp(&b.name));
        checkpoint
    }

    fn golden() -> Self {
        Self::of(&golden_tensors())
    }

    fn entry(&mut self, name: &str) -> &mut Entry {
        self.entries.iter_mut().find(|entry| entry.name == name).unwrap()
    }

    fn index(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut block = |entries: Vec<(&str, Vec<u8>)>| {
            let offset = file.len() as u64;
            let mut bytes = Vec::new();
            for (key, value) in entries {
                bytes.extend([varint(0), varint(key.len() as u64), varint(value.len() as u64)].concat());
                bytes.extend(key.as_bytes());
                bytes.extend(value);
            }
            bytes.extend([0, 0, 0, 0, 1, 0, 0, 0]); // one start, at 0
            let place = [varint(offset), varint(bytes.len() as u64)].concat();
            bytes.push(self.compression);
            bytes.extend(masked_crc(&bytes).to_le_bytes());
            file.extend(bytes);
            place
        };
        let entries = self.entries.iter().map(|entry| (entry.name.as_str(), entry.message()));
        // Two data blocks: the header and the first tensors, then the rest.
        let mut first: Vec<_> = [("", self.header.clone())].into_iter().chain(entries).collect();
        let second = first.split_off(first.len() / 2);
        let last_keys = [first.last().unwrap().0, "n"];
        let places = [block(first), block(second)];
        let index = block(last_keys.into_iter().zip(places).collect());
        let mut footer = [varint(0), varint(0), index].concat();
        footer.resize(40, 0);
        footer.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
        file.extend(footer);
        file
    }

    fn write(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in ["checkpoint", "hparams.json"] {
            fs::copy(golden("gpt2-tiny-openai").join(file), folder.path().join(file)).unwrap();
        }
        fs::write(folder.path().join("model.ckpt.index"), self.index()).unwrap();
        fs::write(folder.path().join("model.ckpt.data-00000-of-00001"), &self.data).unwrap();
        folder
    }
}

/// What is said about the golden checkpoint after a change.
fn checkpoint_error(change: impl FnOnce(&mut Checkpoint)) -> String {
    let mut checkpoint = Checkpoint::golden();
    change(&mut checkpoint);
    error(checkpoint.write().path())
}

/// A copy of the golden checkpoint in which a file can be changed.
fn openai_copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["checkpoint", "hparams.json", "model.ckpt.index", "model.ckpt.data-00000-of-00001"] {
        fs::copy(golden("gpt2-tiny-openai").join(file), folder.path().join(file)).unwrap();
    }
    folder
}

// ---------------------------------------------------------------------------------------------------------------------
// What is read

#[test]
fn both_forms_give_the_numbers_of_the_original() {
    let sizes = GptConfig {
        vocab_size: 211,
        context_length: 24,
        emb_dim: 32,
        n_heads: 4,
        n_layers: 3,
        drop_rate: 0.1,
        qkv_bias: true,
    };
    for (name, kind) in [("gpt2-tiny-hf", ModelKind::HuggingFace), ("gpt2-tiny-openai", ModelKind::OpenAi)] {
        assert_eq!(model_kind(&golden(name)).unwrap(), kind);
        let (config, model) = open(&golden(name));
        assert_eq!(config, sizes);
        assert_eq!(model.num_params(), config.num_params());
        assert_golden(&model, EXACT);
    }
}

#[test]
fn both_forms_give_the_same_values() {
    assert_eq!(values(&open(&golden("gpt2-tiny-hf")).1), values(&open(&golden("gpt2-tiny-openai")).1));
}

#[test]
fn a_model_of_this_project_opens_too_and_keeps_every_bit() {
    let (config, model) = open(&golden("gpt2-tiny-hf"));
    let folder = tempfile::tempdir().unwrap();
    save_model(folder.path(), &config, &model).unwrap();
    assert_eq!(model_kind(folder.path()).unwrap(), ModelKind::Book);
    let (config_again, again) = open(folder.path());
    assert_eq!(config_again, config);
    assert_eq!(values(&again), values(&model));
}

#[test]
fn an_opened_model_can_be_trained_on() {
    let (_, model) = open_model(&golden("gpt2-tiny-openai"), &Device::flex().autodiff()).unwrap();
    let loss = model.forward(golden_ids().to_device(&Device::flex().autodiff()), &mut Mode::Eval).mean();
    let gradients = loss.backward();
    assert!(model.tok_emb.weight.val().grad(&gradients).is_some());
    assert!(model.out_head.weight.val().grad(&gradients).is_some());
}

/// Every value of the file is another number, so that each can be followed to its place.
#[test]
fn every_value_arrives_at_its_place() {
    let (v, c, d, blocks) = (7, 5, 4, 2);
    let mut config = golden_config();
    for (field, size) in [("vocab_size", v), ("n_positions", c), ("n_embd", d), ("n_head", 2), ("n_layer", blocks)] {
        config[field] = json!(size);
    }
    let mut shapes = vec![
        ("wte.weight".to_string(), vec![v, d]),
        ("wpe.weight".to_string(), vec![c, d]),
        ("ln_f.weight".to_string(), vec![d]),
        ("ln_f.bias".to_string(), vec![d]),
    ];
    for block in 0..blocks {
        for (name, shape) in [
            ("ln_1.weight", vec![d]),
            ("ln_1.bias", vec![d]),
            ("attn.c_attn.weight", vec![d, 3 * d]),
            ("attn.c_attn.bias", vec![3 * d]),
            ("attn.c_proj.weight", vec![d, d]),
            ("attn.c_proj.bias", vec![d]),
            ("ln_2.weight", vec![d]),
            ("ln_2.bias", vec![d]),
            ("mlp.c_fc.weight", vec![d, 4 * d]),
            ("mlp.c_fc.bias", vec![4 * d]),
            ("mlp.c_proj.weight", vec![4 * d, d]),
            ("mlp.c_proj.bias", vec![d]),
        ] {
            shapes.push((format!("h.{block}.{name}"), shape));
        }
    }
    let mut counter = 0..;
    let mut file = BTreeMap::new();
    let mut tensors = Tensors::new();
    for (name, shape) in shapes {
        let values: Vec<f32> = counter.by_ref().take(shape.iter().product()).map(|i: u32| i as f32).collect();
        tensors.insert(name.clone(), (Dtype::F32, shape, to_bytes(values.iter().copied())));
        file.insert(name, values);
    }

    let hugging_face = hugging_face(&config, &tensors);
    let openai = Checkpoint::of(&tensors).write();
    let hparams = json!({"n_vocab": v, "n_ctx": c, "n_embd": d, "n_head": 2, "n_layer": blocks});
    fs::write(openai.path().join("hparams.json"), hparams.to_string()).unwrap();

    for folder in [hugging_face, openai] {
        let (_, model) = open(folder.path());
        fn found<const D: usize>(param: &Param<Tensor<D>>) -> Vec<f32> {
            param.val().into_data().iter::<f32>().collect()
        }
        // Columns `from..to` of a matrix with `width` columns (a vector is a matrix of one row).
        let columns = |name: &str, width: usize, from: usize, to: usize| -> Vec<f32> {
            file[name].chunks(width).flat_map(|row| row[from..to].to_vec()).collect()
        };
        assert_eq!(found(&model.tok_emb.weight), file["wte.weight"]);
        assert_eq!(found(&model.pos_emb.weight), file["wpe.weight"]);
        assert_eq!(found(&model.final_norm.scale), file["ln_f.weight"]);
        assert_eq!(found(&model.final_norm.shift), file["ln_f.bias"]);
        let transposed: Vec<f32> = (0..d).flat_map(|col| columns("wte.weight", d, col, col + 1)).collect();
        assert_eq!(found(&model.out_head.weight), transposed);

        assert_eq!(model.trf_blocks.len(), blocks);
        for (b, block) in model.trf_blocks.iter().enumerate() {
            let of = |name: &str| file[&format!("h.{b}.{name}")].clone();
            for (third, linear) in [&block.att.w_query, &block.att.w_key, &block.att.w_value].into_iter().enumerate() {
                let (from, to) = (third * d, (third + 1) * d);
                let weight = columns(&format!("h.{b}.attn.c_attn.weight"), 3 * d, from, to);
                assert_eq!(found(&linear.weight), weight);
                assert_eq!(found(linear.bias.as_ref().unwrap()), of("attn.c_attn.bias")[from..to]);
            }
            for (name, linear) in [
                ("attn.c_proj", &block.att.out_proj),
                ("mlp.c_fc", &block.ff.expand),
                ("mlp.c_proj", &block.ff.contract),
            ] {
                assert_eq!(found(&linear.weight), of(&format!("{name}.weight")), "{name}");
                assert_eq!(found(linear.bias.as_ref().unwrap()), of(&format!("{name}.bias")), "{name}");
            }
            for (name, norm) in [("ln_1", &block.norm1), ("ln_2", &block.norm2)] {
                assert_eq!(found(&norm.scale), of(&format!("{name}.weight")), "{name}");
                assert_eq!(found(&norm.shift), of(&format!("{name}.bias")), "{name}");
            }
        }
    }
}

#[test]
fn names_may_begin_with_transformer() {
    let prefixed = |tensors: &mut Tensors| {
        *tensors = std::mem::take(tensors).into_iter().map(|(name, t)| (format!("transformer.{name}"), t)).collect();
    };
    assert_golden(&open(with_tensors(prefixed).path()).1, EXACT);
    // A head of its own has no prefix.
    let folder = with_tensors(|tensors| {
        prefixed(tensors);
        tensors.insert("lm_head.weight".to_string(), tensors["transformer.wte.weight"].clone());
    });
    assert_golden(&open(folder.path()).1, EXACT);
    let mixed = with_tensors(|tensors| {
        let wte = tensors["wte.weight"].clone();
        prefixed(tensors);
        tensors.insert("wte.weight".to_string(), wte);
    });
    assert_eq!(error(mixed.path()), "model.safetensors: tensor wte.weight: there is no such tensor in this model");
}

#[test]
fn a_head_of_its_own_is_used() {
    let folder = with_tensors(|tensors| {
        let (dtype, shape, bytes) = tensors["wte.weight"].clone();
        let twice = to_bytes(to_floats(&bytes).into_iter().map(|value| 2.0 * value));
        tensors.insert("lm_head.weight".to_string(), (dtype, shape, twice));
    });
    let (tied, own) = (open(&golden("gpt2-tiny-hf")).1, open(folder.path()).1);
    assert_all_near(&floats(logits(&own)), &floats(logits(&tied) * 2.0), 1e-5);

    let missing = with_config("tie_word_embeddings", json!(false));
    assert_eq!(error(missing.path()), "model.safetensors: tensor lm_head.weight: it is missing");
}

/// A half has 11 bits of precision, a bfloat16 has 8; the logits are about 1.
#[test]
fn rounded_weights_are_read() {
    let (half, bfloat) = (2e-3, 2e-2);
    for (dtype, round, tolerance) in
        [(Dtype::F16, to_half as fn(&[u8]) -> Vec<u8>, half), (Dtype::BF16, to_bfloat, bfloat)]
    {
        let mut tensors = golden_tensors();
        for (stored, _, bytes) in tensors.values_mut() {
            (*stored, *bytes) = (dtype, round(bytes));
        }
        let hugging_face = hugging_face(&golden_config(), &tensors);
        assert_golden(&open(hugging_face.path()).1, tolerance);
        let openai = Checkpoint::of(&tensors).write();
        assert_golden(&open(openai.path()).1, tolerance);
        assert_eq!(values(&open(openai.path()).1), values(&open(hugging_face.path()).1));
    }
}

/// Special numbers and those too small for a normal half, in a row longer than what is converted at once.
#[test]
fn rounded_values_are_converted_exactly() {
    let halves: Vec<f16> = (0..=u16::MAX).step_by(31).map(f16::from_bits).filter(|half| !half.is_nan()).collect();
    let bfloats: Vec<bf16> = (0..=u16::MAX).step_by(31).map(bf16::from_bits).filter(|half| !half.is_nan()).collect();
    let rows = 211 * 32;
    let in_turn = |i: usize| i % halves.len();
    let folder = with_tensors(|tensors| {
        let bytes = (0..rows).flat_map(|i| halves[in_turn(i)].to_le_bytes()).collect();
        tensors.insert("wte.weight".to_string(), (Dtype::F16, vec![211, 32], bytes));
        let bytes = (0..24 * 32).flat_map(|i| bfloats[in_turn(i)].to_le_bytes()).collect();
        tensors.insert("wpe.weight".to_string(), (Dtype::BF16, vec![24, 32], bytes));
    });
    let (_, model) = open(folder.path());
    let found = values(&model);
    assert_eq!(found[0], (0..rows).map(|i| halves[in_turn(i)].to_f32()).collect::<Vec<_>>());
    assert_eq!(found[1], (0..24 * 32).map(|i| bfloats[in_turn(i)].to_f32()).collect::<Vec<_>>());
    // The head is the transpose of the first.
    let head = found.last().unwrap();
    assert!((0..rows).all(|i| head[(i % 32) * 211 + i / 32] == found[0][i]));
}

#[test]
fn mask_buffers_are_not_biases() {
    let folder = with_tensors(|tensors| {
        for block in 0..3 {
            let mask = (Dtype::U8, vec![1, 1, 24, 24], vec![1; 24 * 24]);
            tensors.insert(format!("h.{block}.attn.bias"), mask);
            tensors.insert(format!("h.{block}.attn.masked_bias"), (Dtype::F32, vec![], to_bytes([-1e4])));
        }
    });
    assert_golden(&open(folder.path()).1, EXACT);
}

#[test]
fn the_checkpoint_s_prefix_is_followed() {
    let folder = openai_copy();
    for file in ["index", "data-00000-of-00001"] {
        let path = |prefix| folder.path().join(format!("{prefix}.{file}"));
        fs::rename(path("model.ckpt"), path("other-7")).unwrap();
    }
    // TensorFlow writes down where it was on the machine of that time.
    let text = "model_checkpoint_path: \"/home/somebody/models/other-7\"\nall_model_checkpoint_paths: \"x\"\n";
    fs::write(folder.path().join("checkpoint"), text).unwrap();
    assert_golden(&open(folder.path()).1, EXACT);
}

// ---------------------------------------------------------------------------------------------------------------------
// What is refused

#[test]
fn a_folder_without_a_model_is_told_what_a_model_is() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        error(folder.path()),
        "FOLDER holds no model: there is neither config.json with model.safetensors (a model of this project, or GPT-2 \
         from Hugging Face) nor hparams.json with checkpoint and model.ckpt.* (GPT-2 from OpenAI)"
    );
    assert_eq!(error(&folder.path().join("none")).split(':').next(), Some("FOLDER holds no model"));

    for (there, missing) in [("model.safetensors", "config.json"), ("checkpoint", "hparams.json")] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(there), "").unwrap();
        assert_eq!(error(folder.path()), format!("FOLDER holds no model: {missing} is missing"));
    }
}

#[test]
fn a_missing_file_is_named() {
    for missing in ["checkpoint", "model.ckpt.index", "model.ckpt.data-00000-of-00001"] {
        let folder = openai_copy();
        fs::remove_file(folder.path().join(missing)).unwrap();
        assert_eq!(error(folder.path()), format!("FOLDER holds no model: {missing} is missing"));
    }
    let folder = with_tensors(|_| {});
    fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    assert_eq!(error(folder.path()), "FOLDER holds no model: model.safetensors is missing");
}

#[test]
fn what_the_model_cannot_compute_is_refused() {
    for (field, value, text) in [
        ("model_type", json!("llama"), "model_type is llama, but must be gpt2"),
        ("activation_function", json!("relu"), "activation_function is relu, but must be gelu_new"),
        ("layer_norm_epsilon", json!(1e-6), "layer_norm_epsilon is 0.000001, but must be 0.00001"),
        ("n_inner", json!(64), "n_inner is 64, but must be 128"),
        ("scale_attn_weights", json!(false), "scale_attn_weights is false, but must be true"),
        ("scale_attn_by_inverse_layer_idx", json!(true), "scale_attn_by_inverse_layer_idx is true, but must be false"),
        ("add_cross_attention", json!(true), "add_cross_attention is true, but must be false"),
        ("embd_pdrop", json!(0.0), "embd_pdrop is 0, but must be 0.1"),
        ("attn_pdrop", json!(0.2), "attn_pdrop is 0.2, but must be 0.1"),
    ] {
        assert_eq!(error(with_config(field, value).path()), format!("config.json: {text}"));
    }
    // The same said in another way is no reason.
    for (field, value) in [("n_inner", json!(128)), ("activation_function", Value::Null), ("attn_pdrop", Value::Null)] {
        assert_golden(&open(with_config(field, value).path()).1, EXACT);
    }
}

#[test]
fn the_dropout_rate_is_the_file_s() {
    let mut config = golden_config();
    for field in ["resid_pdrop", "embd_pdrop", "attn_pdrop"] {
        config[field] = json!(0.25);
    }
    assert_eq!(open(hugging_face(&config, &golden_tensors()).path()).0.drop_rate, 0.25);
}

#[test]
fn impossible_sizes_are_refused() {
    for (field, value, text) in [
        ("n_head", json!(5), "config.json: n_heads is 5, but must be a divisor of emb_dim, which is 32"),
        ("n_layer", json!(0), "config.json: n_layers is 0, but must be at least 1"),
        ("n_layer", json!(2), "model.safetensors: tensor h.2.attn.c_attn.bias: there is no such tensor in this model"),
        ("n_layer", json!(4), "model.safetensors: tensor h.3.attn.c_attn.weight: it is missing"),
        ("n_layer", json!(100_000), "model.safetensors: tensor h.3.attn.c_attn.weight: it is missing"),
        (
            "n_layer",
            json!(u64::MAX),
            "config.json: context_length is 24, but must be at most 0 with 18446744073709551615 layers",
        ),
        (
            "vocab_size",
            json!(50257),
            "model.safetensors: tensor wte.weight: its shape is [211, 32], but the configuration asks for [50257, 32]",
        ),
        (
            "n_positions",
            json!(1024),
            "model.safetensors: tensor wpe.weight: its shape is [24, 32], but the configuration asks for [1024, 32]",
        ),
        (
            "n_positions",
            json!(100_000),
            "config.json: context_length is 100000, but must be at most 18918 with 3 layers",
        ),
    ] {
        assert_eq!(error(with_config(field, value).path()), text);
    }
    for value in [json!(-1), json!(2.5), json!("211"), json!(1e30), Value::Null] {
        let text = error(with_config("vocab_size", value).path());
        assert!(text.starts_with("config.json is not a model configuration: invalid"), "{text}");
    }
    let folder = openai_copy();
    fs::write(folder.path().join("hparams.json"), r#"{"n_vocab": 211, "n_ctx": 24}"#).unwrap();
    let text = error(folder.path());
    assert!(text.starts_with("hparams.json is not a model configuration: missing field `n_embd`"), "{text}");
    let hparams = json!({"n_vocab": 211, "n_ctx": 24, "n_embd": 32, "n_head": 4, "n_layer": 5});
    fs::write(folder.path().join("hparams.json"), hparams.to_string()).unwrap();
    assert_eq!(error(folder.path()), "model.ckpt.index: tensor model/h3/attn/c_attn/w: it is missing");
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    let changed = |name: &str, change: fn(&mut (Dtype, Vec<usize>, Vec<u8>))| {
        let folder = with_tensors(|tensors| change(tensors.get_mut(name).unwrap()));
        error(folder.path())
    };
    // The transpose of what it should be, as in a file with PyTorch's linear layers.
    assert_eq!(
        changed("h.1.mlp.c_fc.weight", |tensor| tensor.1.reverse()),
        "model.safetensors: tensor h.1.mlp.c_fc.weight: its shape is [128, 32], but the configuration asks for [32, 128]"
    );
    assert_eq!(
        changed("h.0.attn.c_attn.bias", |tensor| tensor.1 = vec![96, 1]),
        "model.safetensors: tensor h.0.attn.c_attn.bias: its shape is [96, 1], but the configuration asks for [96]"
    );
    assert_eq!(
        changed("ln_f.weight", |tensor| tensor.0 = Dtype::I32),
        "model.safetensors: tensor ln_f.weight: it holds I32 values, not F32, F16 or BF16"
    );
    let missing = with_tensors(|tensors| drop(tensors.remove("h.2.ln_1.bias")));
    assert_eq!(error(missing.path()), "model.safetensors: tensor h.2.ln_1.bias: it is missing");
    let unknown = with_tensors(|tensors| {
        let bias = tensors["ln_f.bias"].clone();
        tensors.insert("score.weight".to_string(), bias);
    });
    assert_eq!(error(unknown.path()), "model.safetensors: tensor score.weight: there is no such tensor in this model");
}

#[test]
fn a_file_cut_short_is_refused() {
    let folder = with_tensors(|_| {});
    let path = folder.path().join("model.safetensors");
    let whole = fs::read(&path).unwrap();
    for length in [0, 5, 8, 100, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let text = error(folder.path());
        assert!(text.starts_with("model.safetensors is not a whole safetensors file: "), "{text}");
    }

    let folder = openai_copy();
    let path = folder.path().join("model.ckpt.index");
    let whole = fs::read(&path).unwrap();
    for (length, reason) in [
        (0, "it has 0 bytes, less than its last part needs"),
        (47, "it has 47 bytes, less than its last part needs"),
        (whole.len() - 1, "it does not end in the format's magic number"),
    ] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(
            error(folder.path()),
            format!("model.ckpt.index is not a whole TensorFlow checkpoint index: {reason}")
        );
    }

    let folder = openai_copy();
    let path = folder.path().join("model.ckpt.data-00000-of-00001");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(
        error(folder.path()),
        "model.ckpt.data-00000-of-00001: tensor model/wte: it should be 27008 bytes at byte 155776, but the file has \
         182783"
    );
}

/// The files written here are right where they are not changed.
#[test]
fn the_checkpoint_of_these_tests_is_whole() {
    assert_golden(&open(Checkpoint::golden().write().path()).1, EXACT);
}

#[test]
fn damage_in_a_checkpoint_is_found() {
    let index = |reason: &str| format!("model.ckpt.index is not a whole TensorFlow checkpoint index: {reason}");
    let data = |reason: &str| format!("model.ckpt.data-00000-of-00001: tensor model/wpe: {reason}");

    assert_eq!(checkpoint_error(|c| c.data[40_000] ^= 1), {
        let checkpoint = Checkpoint::golden();
        let hit = |entry: &&Entry| (entry.offset..entry.offset + entry.size).contains(&40_000);
        let name = &checkpoint.entries.iter().find(hit).unwrap().name;
        format!("model.ckpt.data-00000-of-00001: tensor {name}: its checksum is wrong")
    });
    let folder = openai_copy();
    let path = folder.path().join("model.ckpt.index");
    let mut bytes = fs::read(&path).unwrap();
    bytes[200] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(error(folder.path()), index("the block at byte 0: its checksum is wrong"));

    let header = |fields: &[Vec<u8>]| checkpoint_error(|c| c.header = fields.concat());
    let pieces = index("its values are spread over 4 files, but this program reads one");
    assert_eq!(header(&[number_field(1, 4)]), pieces);
    let big_endian = index("its numbers are big-endian, which this program does not read");
    assert_eq!(header(&[number_field(1, 1), number_field(2, 1)]), big_endian);

    assert_eq!(checkpoint_error(|c| c.entry("model/wpe").slices = true), data(IN_PIECES));
    assert_eq!(checkpoint_error(|c| c.entry("model/wpe").shard = 1), data(IN_PIECES));
    assert_eq!(
        checkpoint_error(|c| c.entry("model/wpe").dtype = 9),
        data("it is of TensorFlow's type 9, not 1 (float), 14 (bfloat16) or 19 (half)")
    );
    assert_eq!(
        checkpoint_error(|c| c.entry("model/wpe").shape = vec![24, 33]),
        data("it has 3072 bytes, which does not fit its shape [24, 33]")
    );
    // A size that overflows to the right number of bytes, and a place beyond all numbers.
    let overflow = vec![1 << 62, 24, 32];
    assert!(checkpoint_error(|c| c.entry("model/wpe").shape = overflow).contains("which does not fit its shape"));
    assert_eq!(
        checkpoint_error(|c| c.entry("model/wpe").offset = u64::MAX),
        data("it should be 3072 bytes at byte 18446744073709551615, but the file has 182784")
    );
    let compressed = "the block at byte 0: it is compressed (method 1), which this program does not read";
    let text = checkpoint_error(|c| c.compression = 1);
    assert!(text.starts_with(&index("the block at byte")) && text.ends_with(&compressed[19..]), "{text}");
    let unsorted = checkpoint_error(|c| c.entries.swap(0, 1));
    assert_eq!(unsorted, index("the block at byte 0: its keys are not sorted"));
}

const IN_PIECES: &str = "it is stored in pieces, which this program does not read";

#[test]
fn a_checkpoint_file_that_names_none_is_refused() {
    for text in ["", "model_checkpoint_path: \"..\"", "model_checkpoint_path: model.ckpt", "{}"] {
        let folder = openai_copy();
        fs::write(folder.path().join("checkpoint"), text).unwrap();
        let expected = "checkpoint does not name a checkpoint in the form model_checkpoint_path: \"NAME\"";
        assert_eq!(error(folder.path()), expected, "{text:?}");
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The real model, 124M

/// Opened once; the tests take turns.
static REAL: LazyLock<Mutex<(GptConfig, GptModel)>> =
    LazyLock::new(|| Mutex::new(open(&shared::data::gpt2_for_test())));

fn real() -> (GptConfig, GptModel) {
    REAL.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
}

fn continued(prompt: &str, options: &GenerateOptions) -> String {
    let tokenizer = Gpt2Tokenizer::new();
    let ids = text_to_token_ids(prompt, &tokenizer, &Device::flex());
    let ids = generate(&real().1, ids, options, &mut TorchRng::new(123)).unwrap();
    token_ids_to_text(ids, &tokenizer).unwrap()
}

/// `5.5-settings`
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR"]
fn n5_5_settings() {
    let small = GptConfig { qkv_bias: true, ..GptConfig::preset("124M").unwrap() };
    assert_eq!(real().0, small);
}

/// `5.5-wte` and `5.5-wte-shape`. The book prints eight decimals.
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR"]
fn n5_5_wte() {
    let table = real().1.tok_emb.weight.val();
    assert_eq!(table.dims(), [50257, 768]);
    for (row, first, last) in [
        (0, [-0.11010301, -0.03926672, 0.03310751], [-0.1363697, 0.01506208, 0.04531523]),
        (1, [0.04034033, -0.04861503, 0.04624869], [0.08605453, 0.00253983, 0.04318958]),
        (2, [-0.12746179, 0.04793796, 0.18410145], [0.08991534, -0.12972379, -0.08785918]),
        (50254, [-0.04453601, -0.05483596, 0.01225674], [0.10435229, 0.09783269, -0.06952604]),
        (50255, [0.1860082, 0.01665728, 0.04611587], [-0.09625227, 0.07847701, -0.02245961]),
        (50256, [0.05135201, -0.02768905, 0.0499369], [0.00704835, 0.15519823, 0.12067825]),
    ] {
        let values = floats(table.clone().slice(s![row, ..]));
        assert_all_near(&values[..3], &first, 1e-8);
        assert_all_near(&values[765..], &last, 1e-8);
    }
}

/// `5.5-generate`
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR"]
fn n5_5_generate() {
    let options = GenerateOptions { top_k: Some(50), temperature: 1.5, ..GenerateOptions::greedy(25, 1024) };
    assert_eq!(
        continued("Every effort moves you", &options),
        "Every effort moves you toward finding an ideal new way to practice something!\n\nWhat makes us want to be on top \
         of that?\n\n"
    );
}

/// `5.5-topk1`
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR"]
fn n5_5_topk1() {
    let options = GenerateOptions { top_k: Some(1), temperature: 1.0, ..GenerateOptions::greedy(30, 1024) };
    assert_eq!(
        continued("Every effort moves", &options),
        "Every effort moves forward, but it's not enough.\n\n\"I'm not going to sit here and say, 'I'm not going to do \
         this,'"
    );
}

/// `6.4-greedy`
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR"]
fn n6_4_greedy() {
    assert_eq!(
        continued("Every effort moves you", &GenerateOptions::greedy(15, 1024)),
        "Every effort moves you forward.\n\nThe first step is to understand the importance of your work"
    );
}

/// Exercise 5.5. The book prints the losses twice, with digits that differ from the seventh on.
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR and the story in LLM_DATA_DIR"]
fn ex5_5_losses_on_the_story() {
    let Some(text) = shared::data::for_test("the-verdict") else { return };
    let (_, model) = real();
    let loaders = Loaders::new(&text, 256, 2).unwrap();
    let mut rng = TorchRng::new(123);
    let mut loss = |loader| calc_loss_loader(&model, loader, None, &mut rng, &Device::flex());
    assert_all_near(&[loss(&loaders.train), loss(&loaders.validation)], &[3.7547487, 3.5596182], EXACT);
}

/// A file of the size of GPT-2 124M, opened and, for comparison, only read.
#[test]
#[ignore = "writes and reads 500 MB; run it alone and with --nocapture to see the times"]
fn opening_takes_little_longer_than_reading() {
    let (v, c, d) = (50257, 1024, 768);
    let mut config = golden_config();
    for (field, size) in [("vocab_size", v), ("n_positions", c), ("n_embd", d), ("n_head", 12), ("n_layer", 12)] {
        config[field] = json!(size);
    }
    let mut tensors = Tensors::new();
    for (name, (dtype, shape, _)) in golden_tensors() {
        let large = |size: usize| match size {
            211 => v,
            24 => c,
            width => width / 32 * d,
        };
        let shape: Vec<usize> = shape.into_iter().map(large).collect();
        let bytes = to_bytes((0..shape.iter().product::<usize>()).map(|i| (i % 1000) as f32));
        if let Some(rest) = name.strip_prefix("h.0.") {
            (0..12).for_each(|block| {
                drop(tensors.insert(format!("h.{block}.{rest}"), (dtype, shape.clone(), bytes.clone())))
            });
        } else if !name.starts_with("h.") {
            tensors.insert(name, (dtype, shape, bytes));
        }
    }
    let hugging_face = hugging_face(&config, &tensors);
    let openai = Checkpoint::of(&tensors).write();
    let hparams = json!({"n_vocab": v, "n_ctx": c, "n_embd": d, "n_head": 12, "n_layer": 12});
    fs::write(openai.path().join("hparams.json"), hparams.to_string()).unwrap();
    drop(tensors);

    let seconds = |job: &dyn Fn()| {
        let time = || {
            let start = Instant::now();
            job();
            start.elapsed().as_secs_f64()
        };
        (0..5).map(|_| time()).fold(f64::INFINITY, f64::min)
    };
    let file = hugging_face.path().join("model.safetensors");
    let reading = seconds(&|| drop(fs::read(&file).unwrap()));
    let opening = [&hugging_face, &openai].map(|folder| seconds(&|| drop(open(folder.path()))));
    println!(
        "{} MB: read in {reading:.3} s, opened in {opening:.3?} s",
        fs::metadata(&file).unwrap().len() / 1_000_000
    );
    assert!(opening.iter().all(|opening| *opening < 2.0 * reading), "{opening:?} s, reading takes {reading} s");
}
