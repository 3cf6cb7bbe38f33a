//! The checks of exercise 4.2: of `solutions/ex4_2.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex4_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex4_2.rs", allow(unused))]
mod ex4_2;

use burn::tensor::Device;
use shared::GptConfig;

fn small() -> GptConfig {
    GptConfig::preset("gpt2-small").unwrap()
}

// 中文：只改变三个尺寸
#[test]
fn ex4_2_changes_only_the_three_sizes() {
    for (name, emb_dim, n_layers, n_heads) in [
        ("gpt2-small", 768, 12, 12),
        ("gpt2-medium", 1024, 24, 16),
        ("gpt2-large", 1280, 36, 20),
        ("gpt2-xl", 1600, 48, 25),
    ] {
        let expected = GptConfig { emb_dim, n_layers, n_heads, ..small() };
        assert_eq!(ex4_2::config_for(name), Ok(expected), "the configuration of {name}");
    }
}

// 中文：未知的名称会报错
#[test]
fn ex4_2_an_unknown_name_is_an_error() {
    let found = ex4_2::config_for("gpt2-huge");
    assert_eq!(found, Err(ex4_2::UnknownSize("gpt2-huge".to_string())), "the error repeats the name");
}

// 中文：测量每一种尺寸
#[test]
fn ex4_2_measures_every_size() {
    for (name, parameters, tied, megabytes) in [
        ("gpt2-small", 163_009_536, 124_412_160, "621.83"),
        ("gpt2-medium", 406_212_608, 354_749_440, "1549.58"),
        ("gpt2-large", 838_220_800, 773_891_840, "3197.56"),
        ("gpt2-xl", 1_637_792_000, 1_557_380_800, "6247.68"),
    ] {
        let size = ex4_2::measure(&GptConfig::preset(name).unwrap(), &Device::flex());
        assert_eq!(size.parameters, parameters, "parameters of {name}");
        assert_eq!(size.tied, tied, "parameters of {name} without a weight of the output layer's own");
        assert_eq!(format!("{:.2}", size.megabytes), megabytes, "megabytes of {name}, four bytes per parameter");
    }
}
