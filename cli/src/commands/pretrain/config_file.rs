//! The file of `--config`: the settings of a run, of which any can be left out.

use std::path::Path;

use anyhow::{Context, Result};
use appendix_train_tricks::Recipe;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::config::ConfigError;
use shared::{GptConfig, TrainingConfig, data};

use crate::terminal::tr;

/// The settings of a run besides its text and its files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunConfig {
    pub model: GptConfig,
    pub training: TrainingConfig,
    pub recipe: Recipe,
    pub seed: u64,
}

/// What stands in a file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    model: Map<String, Value>,
    training: Map<String, Value>,
    recipe: Recipe,
    seed: Option<u64>,
}

impl RunConfig {
    /// These settings with those in the file at `path` in their place.
    ///
    /// # Errors
    /// If the file cannot be read, a field is unknown or of the wrong type, or a value is not allowed.
    pub fn with_file(self, path: &Path) -> Result<Self> {
        let text = data::read_text(path)?;
        let shown = path.display();
        let given: Given = serde_json::from_str(&text)
            .with_context(|| tr!("{shown} is not a configuration of a run", "{shown} 不是训练的配置"))?;
        let config = Self {
            model: overlay(&self.model, "model", given.model).with_context(|| shown.to_string())?,
            training: overlay(&self.training, "training", given.training).with_context(|| shown.to_string())?,
            recipe: given.recipe,
            seed: given.seed.unwrap_or(self.seed),
        };
        let named = |e: ConfigError| anyhow::Error::new(e).context(shown.to_string());
        config.model.validate().map_err(named)?;
        config.training.validate().map_err(named)?;
        Ok(config)
    }

    /// A file that `--config` reads as these settings.
    pub fn to_file(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)?)
    }
}

/// The section `base` with the given fields in place of its own.
fn overlay<T: Serialize + DeserializeOwned>(base: &T, section: &str, given: Map<String, Value>) -> Result<T> {
    let mut fields = serde_json::to_value(base)?;
    for (name, value) in given {
        let shown = format!("{section}.{name}");
        fields[name] = value;
        // One field at a time, so that the error names it.
        T::deserialize(&fields).context(shown)?;
    }
    Ok(T::deserialize(fields)?)
}

#[cfg(test)]
mod tests {
    use appendix_train_tricks::{Clip, Decay, Schedule};

    use super::super::preset::preset;
    use super::*;

    fn tiny() -> RunConfig {
        preset(&GptConfig::preset("tiny").unwrap())
    }

    fn read(json: &str) -> Result<RunConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.json");
        std::fs::write(&path, json).unwrap();
        tiny().with_file(&path).map_err(|e| format!("{e:#}").replace(&path.display().to_string(), "run.json"))
    }

    #[test]
    fn what_a_file_leaves_out_is_as_the_size_has_it() {
        assert_eq!(read("{}").unwrap(), tiny());
        let json = r#"{"model": {"n_layers": 5}, "training": {"epochs": 3}, "recipe": {"clip": {"max_norm": 1.0}}, "seed": 7}"#;
        let mut expected = tiny();
        (expected.model.n_layers, expected.training.epochs, expected.seed) = (5, 3, 7);
        expected.recipe.clip = Some(Clip { max_norm: 1.0, first_step: 0 });
        assert_eq!(read(json).unwrap(), expected);
    }

    #[test]
    fn a_file_that_was_written_is_read_as_it_was() {
        let schedule = Schedule { warmup_steps: 9, initial_lr: 1e-5, min_lr: 1e-6, decay: Decay::Cosine };
        let recipe = Recipe { schedule, clip: Some(Clip { max_norm: 0.5, first_step: 9 }), grad_accum: 4 };
        for config in [tiny(), RunConfig { recipe, seed: u64::MAX, ..preset(&GptConfig::preset("1558M").unwrap()) }] {
            assert_eq!(read(&config.to_file().unwrap()).unwrap(), config);
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (json, parts) in [
            ("{", &["run.json is not a configuration of a run"][..]),
            (r#"{"modell": {}}"#, &["run.json", "unknown field `modell`", "`model`"]),
            (r#"{"model": {"n_leyers": 1}}"#, &["run.json: model.n_leyers", "unknown field", "`n_layers`"]),
            (r#"{"training": {"epochs": "3"}}"#, &["run.json: training.epochs", "string \"3\""]),
            (r#"{"recipe": {"clip": {"norm": 1}}}"#, &["run.json", "unknown field `norm`"]),
            (r#"{"model": {"n_heads": 5}}"#, &["run.json: n_heads is 5", "a divisor of emb_dim, which is 96"]),
            (r#"{"training": {"learning_rate": -1}}"#, &["run.json: learning_rate is -1"]),
        ] {
            let error = read(json).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{json}: {error}");
        }
    }
}
