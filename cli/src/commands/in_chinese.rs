//! What the commands do, in Chinese, for the lists that `llm help` shows. Their options are described in English.

use clap::Command;

/// Commands and what they do. The program itself has no name.
const ABOUT: &[(&str, &str)] = &[
    ("", "用 Rust 从零构建大语言模型"),
    ("pretrain", "用一段文本训练 GPT（第 5 章）；不带参数时，用自带的故事训练一个很小的模型"),
    ("generate", "用训练好的模型续写提示"),
    ("chat", "与 Llama、Qwen3 或 Gemma 3 对话"),
    ("serve", "以网页和 HTTP API 的形式提供训练好的模型"),
    ("instruct", "遵循指令（第 7 章）：训练、回答、对话、评估"),
    ("instruct train", "把模型微调成助手；不带参数时，用自带的任务微调一个很小的模型"),
    ("instruct respond", "回答数据集中的测试任务，并把回答写入 JSON 文件"),
    ("instruct evaluate", "用 Ollama 提供的更大的模型给回答打分"),
    ("instruct chat", "在终端里与模型对话"),
    ("classify", "识别垃圾短信（第 6 章）：准备消息、训练、评估、预测"),
    ("classify prepare", "平衡消息的类别，并分成 train.csv、validation.csv 和 test.csv"),
    ("classify train", "把模型微调成垃圾短信分类器；不带参数时，用自带的消息微调一个很小的模型"),
    ("classify eval", "测量分类器在数据各部分上的准确率"),
    ("classify predict", "判断新消息"),
    ("eval", "测量模型预测文本的能力：损失和困惑度"),
    ("info", "显示模型的组成：形状、参数、内存"),
    ("data", "列出、打印或下载书中的数据集"),
    ("data list", "列出数据集，连同许可证、来源和文件位置"),
    ("data path", "打印数据集文件的路径"),
    ("data show", "把数据集的内容打印到标准输出"),
    ("data fetch", "把数据集下载到你的数据文件夹，所有命令都会在那里查找"),
    ("weights", "下载或导入已发布模型的权重"),
    ("weights list", "列出已发布的模型，以及它们在本机的位置"),
    ("weights fetch", "下载 GPT-2、SmolLM2、Qwen3、Llama 或 Gemma 3；中断的下载会从断点继续"),
    ("weights import", "把 Hugging Face、OpenAI 或 llama.cpp 的模型转换成本项目的文件夹"),
    ("tokenizer", "字节对编码（第 2 章）：训练词表，编码和解码文本"),
    ("tokenizer train", "用字节对编码从一段文本学习词表"),
    ("tokenizer encode", "显示文本的词元及其 ID"),
    ("tokenizer decode", "打印词元 ID 对应的文本"),
    ("bench", "测量这台机器训练、生成文本、打开模型和分词的速度"),
    ("exercise", "做书中的练习：列出、显示、检查、与参考答案比较"),
    ("exercise list", "列出全部练习：待完成、上次检查后已修改，或已完成"),
    ("exercise show", "显示练习的题目"),
    ("exercise check", "编译并测试你的文件，告诉你哪些检查没有通过"),
    ("exercise diff", "把你的代码与参考答案比较，并显示讲解"),
    ("book", "在浏览器中打开这本书，或以网页形式提供"),
    ("notebook", "在 JupyterLab 中打开书的笔记本，其中的单元格可以修改和运行"),
    ("completions", "打印供 shell 补全命令和选项的脚本"),
    ("man", "打印程序或某个命令的手册页，或写出全部手册页"),
];

const AFTER_HELP: &str = "\
环境变量：
  LLM_DATA_DIR       存放数据集的文件夹
  LLM_DATA_ENDPOINT  数据集的镜像
  LLM_API_KEY        llm serve 的客户端所需的密钥
  HF_ENDPOINT        https://huggingface.co 的镜像
  LC_ALL, LANG       语言：中文区域设置显示中文，其他显示英文
  NO_COLOR           设置后不使用颜色

退出码：0 成功，1 失败，2 用法错误，130 被 Ctrl-C 中断";

/// Clap's own order of the parts.
const TEMPLATE: &str = "{before-help}{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}";

/// The same program with Chinese descriptions of its commands.
pub fn translate(program: Command) -> Command {
    translate_below(program, "").after_help(AFTER_HELP)
}

fn translate_below(command: Command, path: &str) -> Command {
    let about = ABOUT.iter().find(|(name, _)| *name == path).map(|(_, text)| *text);
    let command = about.into_iter().fold(command, |command, text| command.about(text));
    let command = command.subcommand_help_heading("命令").help_template(TEMPLATE);
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_string()).collect();
    names.into_iter().fold(command, |command, name| {
        let path = format!("{path} {name}").trim_start().to_string();
        command.mut_subcommand(name, |below| translate_below(below, &path))
    })
}
