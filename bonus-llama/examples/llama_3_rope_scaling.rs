//! Which pairs Llama 3.1 slows down, and how much: `cargo run -p bonus-llama --example llama_3_rope_scaling`

use std::f64::consts::TAU;

use bonus_llama::{LlamaConfig, Rope};

fn main() -> anyhow::Result<()> {
    for name in ["llama3.1-8b", "llama3.2-1b"] {
        let config = LlamaConfig::preset(name)?;
        let scaling = config.rope_scaling.ok_or_else(|| anyhow::anyhow!("{name} has no scaling"))?;
        let plain = Rope::new(config.head_dim, config.rope_base, None);
        let scaled = Rope::new(config.head_dim, config.rope_base, Some(&scaling));
        let context = scaling.original_context_length as f64;

        println!("{name}: heads of width {}, factor {}", config.head_dim, scaling.factor);
        println!("pair   turns in {context} tokens   slower by");
        for (pair, (before, after)) in plain.frequencies.iter().zip(&scaled.frequencies).enumerate() {
            let slower = before / after;
            let is_between = slower > 1.0 && slower < scaling.factor;
            if is_between || pair % 8 == 0 || pair + 1 == plain.frequencies.len() {
                println!("{pair:4}{:23.3}{slower:12.3}", before * context / TAU);
            }
        }
        println!();
    }
    Ok(())
}
