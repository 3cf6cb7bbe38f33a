//! The published models: their sizes, addresses and files.

use std::fmt;
use std::path::PathBuf;

use clap::ValueEnum;
use shared::data::data_folders;
use workshop::download::mirror;

/// The four sizes of GPT-2, under the names of chapter 5.
#[derive(Clone, Copy, ValueEnum)]
#[allow(clippy::enum_variant_names, reason = "the names that OpenAI gave them")]
pub enum Model {
    /// 124 million parameters, 0.5 GB
    Gpt2Small,
    /// 355 million parameters, 1.5 GB
    Gpt2Medium,
    /// 774 million parameters, 3.2 GB
    Gpt2Large,
    /// 1,558 million parameters, 6.4 GB
    Gpt2Xl,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum WeightsOrigin {
    /// One file in the safetensors format
    Huggingface,
    /// A TensorFlow checkpoint
    Openai,
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gpt2Small => "gpt2-small",
            Self::Gpt2Medium => "gpt2-medium",
            Self::Gpt2Large => "gpt2-large",
            Self::Gpt2Xl => "gpt2-xl",
        })
    }
}

impl Model {
    /// Where it is without `--out`; `None` if the user has no data folder.
    pub fn folder(self) -> Option<PathBuf> {
        Some(data_folders().pop()?.join("models").join(self.to_string()))
    }

    /// Number of parameters in millions, with an output layer that shares the weight of the token embedding.
    pub fn millions(self) -> u32 {
        match self {
            Self::Gpt2Small => 124,
            Self::Gpt2Medium => 355,
            Self::Gpt2Large => 774,
            Self::Gpt2Xl => 1558,
        }
    }

    /// Size of the download in gigabytes.
    pub fn gigabytes(self) -> f64 {
        match self {
            Self::Gpt2Small => 0.5,
            Self::Gpt2Medium => 1.5,
            Self::Gpt2Large => 3.2,
            Self::Gpt2Xl => 6.4,
        }
    }
}

impl WeightsOrigin {
    /// Environment variable that names a mirror.
    pub fn mirror_variable(self) -> &'static str {
        match self {
            Self::Huggingface => "HF_ENDPOINT",
            Self::Openai => "LLM_OPENAI_ENDPOINT",
        }
    }

    fn endpoint(self) -> String {
        mirror(self.mirror_variable()).unwrap_or_else(|| match self {
            Self::Huggingface => "https://huggingface.co".to_string(),
            Self::Openai => "https://openaipublic.blob.core.windows.net/gpt-2/models".to_string(),
        })
    }

    /// Address of the folder with a model's files.
    pub fn folder(self, model: Model) -> String {
        let endpoint = self.endpoint();
        match self {
            Self::Huggingface => {
                let repository = match model {
                    Model::Gpt2Small => "gpt2",
                    Model::Gpt2Medium => "gpt2-medium",
                    Model::Gpt2Large => "gpt2-large",
                    Model::Gpt2Xl => "gpt2-xl",
                };
                format!("{endpoint}/openai-community/{repository}/resolve/main")
            }
            Self::Openai => {
                let size = match model {
                    Model::Gpt2Small => "124M",
                    Model::Gpt2Medium => "355M",
                    Model::Gpt2Large => "774M",
                    Model::Gpt2Xl => "1558M",
                };
                format!("{endpoint}/{size}")
            }
        }
    }

    /// A model's files, the small ones first, so that a wrong address is noticed before the long download.
    pub fn files(self) -> &'static [&'static str] {
        match self {
            Self::Huggingface => &["config.json", "model.safetensors"],
            Self::Openai => &[
                "checkpoint",
                "hparams.json",
                "encoder.json",
                "vocab.bpe",
                "model.ckpt.index",
                "model.ckpt.meta",
                "model.ckpt.data-00000-of-00001",
            ],
        }
    }
}
