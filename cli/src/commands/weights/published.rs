//! The published models: their sizes, addresses and files.

use std::fmt;
use std::path::PathBuf;

use clap::ValueEnum;
use shared::data::data_folders;
use workshop::download::mirror;

/// Where people read about a model.
const HUB: &str = "https://huggingface.co";

/// The four sizes of GPT-2, under the names of chapter 5, and models that came after it.
#[derive(Clone, Copy, ValueEnum)]
pub enum Model {
    /// 124 million parameters, 0.5 GB
    Gpt2Small,
    /// 355 million parameters, 1.5 GB
    Gpt2Medium,
    /// 774 million parameters, 3.2 GB
    Gpt2Large,
    /// 1,558 million parameters, 6.4 GB
    Gpt2Xl,
    /// 135 million parameters, 0.3 GB; follows instructions
    #[value(name = "smollm2-135m")]
    SmolLm2Small,
    /// 362 million parameters, 0.7 GB; follows instructions
    #[value(name = "smollm2-360m")]
    SmolLm2Medium,
    /// 596 million parameters, 1.5 GB; follows instructions
    #[value(name = "qwen3-0.6b")]
    Qwen3,
    /// 1,236 million parameters, 2.5 GB; follows instructions; under Meta's licence
    #[value(name = "llama3.2-1b")]
    Llama,
    /// 268 million parameters, 0.5 GB; follows instructions; under Google's terms
    #[value(name = "gemma3-270m")]
    Gemma3,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WeightsOrigin {
    /// One file in the safetensors format
    Huggingface,
    /// A TensorFlow checkpoint; GPT-2 only
    Openai,
}

/// What somebody has to accept before the hub hands a model out.
#[derive(Clone, Copy)]
pub struct Terms {
    pub name: &'static str,
    pub address: &'static str,
}

const LLAMA_TERMS: Terms = Terms {
    name: "Llama 3.2 Community License Agreement and Acceptable Use Policy",
    address: "https://www.llama.com/llama3_2/license",
};
const GEMMA_TERMS: Terms =
    Terms { name: "Gemma Terms of Use and Prohibited Use Policy", address: "https://ai.google.dev/gemma/terms" };

/// What is known about a model.
struct Facts {
    name: &'static str,
    /// On the hub.
    repository: &'static str,
    /// The folder of GPT-2 at OpenAI.
    openai: Option<&'static str>,
    /// Number of parameters in millions, with an output layer that shares the weight of the token embedding where one does.
    millions: u32,
    /// Size of the download.
    gigabytes: f64,
    terms: Option<Terms>,
}

impl Model {
    fn facts(self) -> Facts {
        let facts = |name, repository, openai, (millions, gigabytes), terms| Facts {
            name,
            repository,
            openai,
            millions,
            gigabytes,
            terms,
        };
        match self {
            Self::Gpt2Small => facts("gpt2-small", "openai-community/gpt2", Some("124M"), (124, 0.5), None),
            Self::Gpt2Medium => facts("gpt2-medium", "openai-community/gpt2-medium", Some("355M"), (355, 1.5), None),
            Self::Gpt2Large => facts("gpt2-large", "openai-community/gpt2-large", Some("774M"), (774, 3.2), None),
            Self::Gpt2Xl => facts("gpt2-xl", "openai-community/gpt2-xl", Some("1558M"), (1558, 6.4), None),
            Self::SmolLm2Small => facts("smollm2-135m", "HuggingFaceTB/SmolLM2-135M-Instruct", None, (135, 0.3), None),
            Self::SmolLm2Medium => facts("smollm2-360m", "HuggingFaceTB/SmolLM2-360M-Instruct", None, (362, 0.7), None),
            Self::Qwen3 => facts("qwen3-0.6b", "Qwen/Qwen3-0.6B", None, (596, 1.5), None),
            Self::Llama => {
                facts("llama3.2-1b", "meta-llama/Llama-3.2-1B-Instruct", None, (1236, 2.5), Some(LLAMA_TERMS))
            }
            Self::Gemma3 => facts("gemma3-270m", "google/gemma-3-270m-it", None, (268, 0.5), Some(GEMMA_TERMS)),
        }
    }

    /// Whether it is one of the book's models, and not one that came after GPT-2.
    pub fn is_gpt2(self) -> bool {
        self.facts().openai.is_some()
    }

    /// Where it is without `--out`; `None` if the user has no data folder.
    pub fn folder(self) -> Option<PathBuf> {
        Some(data_folders().pop()?.join("models").join(self.facts().name))
    }

    /// Number of parameters in millions.
    pub fn millions(self) -> u32 {
        self.facts().millions
    }

    /// Size of the download in gigabytes.
    pub fn gigabytes(self) -> f64 {
        self.facts().gigabytes
    }

    /// What has to be accepted before.
    pub fn terms(self) -> Option<Terms> {
        self.facts().terms
    }

    /// The page that describes it.
    pub fn page(self) -> String {
        format!("{HUB}/{}", self.facts().repository)
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.facts().name)
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
            Self::Huggingface => HUB.to_string(),
            Self::Openai => "https://openaipublic.blob.core.windows.net/gpt-2/models".to_string(),
        })
    }

    /// Address of the folder with a model's files; `None` if it has none there.
    pub fn folder(self, model: Model) -> Option<String> {
        let (endpoint, facts) = (self.endpoint(), model.facts());
        match self {
            Self::Huggingface => Some(format!("{endpoint}/{}/resolve/main", facts.repository)),
            Self::Openai => Some(format!("{endpoint}/{}", facts.openai?)),
        }
    }

    /// The files of GPT-2, the small ones first, so that a wrong address is noticed before the long download.
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
