//! The entries of the catalogue.

use super::{DataSet, Origin};

const BOOK: &str = "github.com/rasbt/LLMs-from-scratch";
const BOOK_FILES: &str = "https://raw.githubusercontent.com/rasbt/LLMs-from-scratch/main";
const CN_EDITION: &str = "github.com/NoyeArk/Build-A-Large-Language-Model-CN-Jupyter";
const CN_FILES: &str = "https://raw.githubusercontent.com/NoyeArk/Build-A-Large-Language-Model-CN-Jupyter/HEAD";
const GPT2_FILES: &str = "https://openaipublic.blob.core.windows.net/gpt-2/models/124M";

/// All data sets that this edition knows.
pub static CATALOGUE: &[DataSet] = &[
    DataSet {
        name: "lamp",
        what: "The Clockmaker's Lamp, an English short story written for this project",
        file: "the-clockmakers-lamp.txt",
        licence: "MIT OR Apache-2.0",
        source: "this project",
        origin: None,
        sha256: "",
        embedded: Some(include_str!("../../assets/the-clockmakers-lamp.txt")),
    },
    DataSet {
        name: "station-tea",
        what: "A bowl of tea travels down the line, a Chinese short story written for this project",
        file: "hill-station-tea.zh.txt",
        licence: "MIT OR Apache-2.0",
        source: "this project",
        origin: None,
        sha256: "",
        embedded: Some(include_str!("../../assets/hill-station-tea.zh.txt")),
    },
    DataSet {
        name: "the-verdict",
        what: "The Verdict by Edith Wharton (1908), the story that chapters 2 and 5 read",
        file: "the-verdict.txt",
        licence: "public domain",
        source: BOOK,
        origin: Origin::file(BOOK_FILES, "ch02/01_main-chapter-code/the-verdict.txt"),
        sha256: "b41e41a68f0398a3154ae69e2e4c0e2694e17fe0d66730536837f1b01935b31f",
        embedded: None,
    },
    DataSet {
        name: "the-verdict-cn-edition",
        what: "the same story as the Chinese notebook edition has it: three more newlines at the end",
        file: "the-verdict-cn-edition.txt",
        licence: "public domain",
        source: CN_EDITION,
        origin: Origin::file(CN_FILES, "data/the-verdict.txt"),
        sha256: "556b287933ed456715adb2de5ada50168a66b939e31823f920ef4f482c5597e0",
        embedded: None,
    },
    DataSet {
        name: "sms-spam",
        what: "SMS Spam Collection: 5,574 messages, spam or ham (chapter 6)",
        file: "sms_spam_collection/SMSSpamCollection.tsv",
        licence: "CC BY 4.0",
        source: "UCI Machine Learning Repository",
        origin: Some(Origin {
            folder: "https://archive.ics.uci.edu/static/public/228",
            path: "sms+spam+collection.zip",
            member: Some("SMSSpamCollection"),
        }),
        sha256: "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
        embedded: None,
    },
    DataSet {
        name: "instructions",
        what: "1,100 instructions with answers (chapter 7)",
        file: "instruction-data.json",
        licence: "Apache-2.0",
        source: BOOK,
        origin: Origin::file(BOOK_FILES, "ch07/01_main-chapter-code/instruction-data.json"),
        sha256: "7e09a9af353722ca15c18bc580f093f9c39d3178335a75177319cb1e1d163944",
        embedded: None,
    },
    DataSet {
        name: "instructions-with-response",
        what: "the book's 110 test instructions with the fine-tuned model's responses (chapter 7)",
        file: "instruction-data-with-response.json",
        licence: "Apache-2.0",
        source: BOOK,
        origin: Origin::file(BOOK_FILES, "ch07/01_main-chapter-code/instruction-data-with-response.json"),
        sha256: "aced320504c77c98d957316eb9f3460945256226c36b5e9752bf7d49585eb943",
        embedded: None,
    },
    DataSet {
        name: "instructions-with-preference",
        what: "1,100 instructions with chosen and rejected responses (chapter 7)",
        file: "instruction-data-with-preference.json",
        licence: "Apache-2.0",
        source: BOOK,
        origin: Origin::file(BOOK_FILES, "ch07/04_preference-tuning-with-dpo/instruction-data-with-preference.json"),
        sha256: "305315abf14f65fa42c01a0877572f832606571c2a7d49f152ac1d758b16756e",
        embedded: None,
    },
    DataSet {
        name: "instruction-examples",
        what: "entries for the near-duplicate and passive-voice utilities (chapter 7)",
        file: "instruction-examples.json",
        licence: "Apache-2.0",
        source: BOOK,
        origin: Origin::file(BOOK_FILES, "ch07/02_dataset-utilities/instruction-examples.json"),
        sha256: "18cb955dec50c5e543f8752b77449429f16dd8ff630d4b66f88cfef5d544410a",
        embedded: None,
    },
    DataSet {
        name: "gpt2-encoder",
        what: "token ids of the GPT-2 vocabulary (chapter 2, bonus)",
        file: "gpt2-bpe/encoder.json",
        licence: "MIT",
        source: "OpenAI GPT-2 release",
        origin: Origin::file(GPT2_FILES, "encoder.json"),
        sha256: "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
        embedded: None,
    },
    DataSet {
        name: "gpt2-merges",
        what: "merges of the GPT-2 vocabulary (chapter 2, bonus)",
        file: "gpt2-bpe/vocab.bpe",
        licence: "MIT",
        source: "OpenAI GPT-2 release",
        origin: Origin::file(GPT2_FILES, "vocab.bpe"),
        sha256: "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
        embedded: None,
    },
];
