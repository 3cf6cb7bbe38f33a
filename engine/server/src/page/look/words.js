// What the widgets say, in both languages, and where the book explains it.
window.LookInside = {};
(look => {
  "use strict";

  /** Pages of the book. */
  look.pages = {
    tokens: ["2.5", "ch02/byte-pair-encoding.html"],
    next: ["5.3", "ch05/sampling.html"],
    attention: ["3.5", "ch03/causal.html"],
    heads: ["3.6", "ch03/multi-head.html"],
    lens: ["4.4", "ch04/shortcuts.html"],
    classifier: ["6.8", "ch06/finetuning.html"],
    gradient: ["A.4", "appendix-a/gradients.html"],
  };

  look.words = {
    en: {
      locale: "en", folder: "en", section: number => `Section ${number} of the book`,
      text: "Text", model: "Model", example: "Every evening, the old clockmaker",
      empty: "Write a text above, and see what the model makes of it.",
      computing: "Computing …", gone: "The server does not answer. Is it still running?", odd: "The server's answer cannot be read.",
      notFinite: "The model computed numbers that are not finite, so there is nothing to choose from.",
      skipped: n => n === 1 ? "The first token was left out: only the last part of the text is shown."
        : `The first ${n} tokens were left out: only the last part of the text is shown.`,

      tokens: "Tokens",
      tokensAbout: "A model does not read letters but tokens, each with a number of its own, its ID.",
      tokensHow: "Choose a token to see what the model expects after it.",
      signs: [["· ␣", "space"], ["↵", "new line"], ["é₁", "part of a character"]],
      count: n => n === 1 ? "1 token." : `${n} tokens.`,
      tokenLabel: (n, all, text, id) => `Token ${n} of ${all}: ${text}, ID ${id}`,
      id: id => `ID ${id}`,
      spoken: { space: "space", line: "new line", tab: "tab", nothing: "nothing", part: "part of a character", control: "control character",
        piece: (characters, part) => `part ${part} of “${characters}”`, bytes: bytes => `[part of a character: ${bytes}]` },

      next: "The next token",
      nextAbout: "From the text so far, the model gives every token of its vocabulary a probability. Temperature, top-k and top-p decide which one is drawn.",
      after: "After", temperature: "Temperature", topK: "Top-k", topP: "Top-p", everything: "all", reset: "Reset",
      temperatureHow: "low: the likeliest wins; high: all become alike", topKHow: "only the k likeliest", topPHow: "only as many as make up this share",
      take: (text, id, share) => `Take ${text}, ID ${id}, probability ${share}`,
      cutOff: (text, id) => `Take ${text}, ID ${id}, which is cut off and would not be drawn`,
      cut: "cut off", mark: "the model's own probability (temperature 1, nothing cut off)", takeHow: "Choose a bar to continue the text with its token.",
      rest: n => n === 1 ? "1 other token" : `${n.toLocaleString("en")} other tokens`,
      undo: "Undo", draw: "Draw one", more: "More", fewer: "Fewer",
      left: (n, all) => n === 1 ? `1 token of ${all.toLocaleString("en")} can be drawn.` : `${n.toLocaleString("en")} of ${all.toLocaleString("en")} tokens can be drawn.`,
      taken: text => `Taken: ${text}`,

      attention: "Attention",
      attentionAbout: "In every layer, each head lets each token look at itself and at earlier ones. The weights of a row add up to 100 %.",
      attentionBoth: "In every layer, each head lets each token look at all tokens, also at later ones.",
      overview: "All heads", overviewHow: "A row is a layer, a column a head. Choose one to enlarge it.",
      layer: "Layer", head: "Head", layerOf: (n, all) => `Layer ${n} of ${all}`, headOf: (n, all) => `Head ${n} of ${all}`,
      previous: what => `Previous: ${what}`, following: what => `Next: ${what}`,
      cell: (layer, head) => `Layer ${layer}, head ${head}`,
      mapLabel: (layer, head) => `Attention weights of layer ${layer}, head ${head}. The arrow keys move from token to token.`,
      axes: "Rows: the token that looks (query). Columns: the token looked at (key).",
      looks: (query, key, share) => [query, " looks at ", key, `: ${share}`],
      rowTitle: query => ["Where ", query, " looks"], sum: share => `together ${share}`, unseen: share => `the other ${share} are for padding tokens, which are not shown`,
      scale: "Attention weight", hidden: "later tokens, not visible",

      lens: "Layer by layer",
      lensAbout: "After each layer, the output head is asked what it would predict already: so the prediction takes shape (the “logit lens”).",
      embedding: "Embedding", lensRank: ["1st", "2nd", "3rd", "4th", "5th"], lensLast: "= prediction",
      lensHow: "Framed: the token that is likeliest in the end. Probabilities at temperature 1.",

      classifier: "What decided",
      classifierAbout: "How far each token moved the score towards the answer (+) or away from it (−): the gradient of the score times the token's embedding.",
      classes: { ham: "not spam", spam: "spam" }, towards: label => `towards “${label}”`, against: label => `away from “${label}”`,
      padding: (n, value) => n === 1 ? `The message is filled up with 1 padding token, which contributed ${value}.`
        : `The message is filled up with ${n} padding tokens, which contributed ${value} together.`,
      truncated: n => n === 1 ? "The last token is beyond what the classifier reads." : `The last ${n} tokens are beyond what the classifier reads.`,
    },
    zh: {
      locale: "zh-CN", folder: "zh", section: number => /^[A-Z]/.test(number) ? `见书中附录 ${number}` : `见书中 ${number} 节`,
      text: "文字", model: "模型", example: "每天傍晚，老钟表匠",
      empty: "在上面写一段文字，看看模型怎样读它。",
      computing: "正在计算……", gone: "服务器没有回应。它还在运行吗？", odd: "无法读懂服务器的回答。",
      notFinite: "模型算出的数不是有限的，无从选择。",
      skipped: n => `已略去开头的 ${n} 个词元：只显示文字的末尾部分。`,

      tokens: "词元",
      tokensAbout: "模型读的不是字母或汉字，而是词元；每个词元有自己的编号，即词元 ID。",
      tokensHow: "点一个词元，看模型认为它后面会是什么。",
      signs: [["· ␣", "空格"], ["↵", "换行"], ["字₁", "一个字符的一部分"]],
      count: n => `${n} 个词元。`,
      tokenLabel: (n, all, text, id) => `第 ${n} 个词元，共 ${all} 个：${text}，ID ${id}`,
      id: id => `ID ${id}`,
      spoken: { space: "空格", line: "换行", tab: "制表符", nothing: "空", part: "一个字符的一部分", control: "控制字符",
        piece: (characters, part) => `“${characters}”的第 ${part} 部分`, bytes: bytes => `[一个字符的一部分：${bytes}]` },

      next: "下一个词元",
      nextAbout: "根据前面的文字，模型给词表中的每个词元一个概率；温度、top-k 和 top-p 决定抽中哪一个。",
      after: "前文", temperature: "温度", topK: "Top-k", topP: "Top-p", everything: "不限", reset: "复原",
      temperatureHow: "低：最可能的胜出；高：彼此接近", topKHow: "只留最可能的 k 个", topPHow: "只留凑够这一份额的几个",
      take: (text, id, share) => `选用 ${text}，ID ${id}，概率 ${share}`,
      cutOff: (text, id) => `选用 ${text}，ID ${id}；它已被截去，不会被抽中`,
      cut: "已截去", mark: "模型本来的概率（温度为 1，不截去）", takeHow: "点一个横条，就用它的词元接着写。",
      rest: n => `其余 ${n.toLocaleString("zh-CN")} 个词元`,
      undo: "撤销", draw: "抽一个", more: "更多", fewer: "收起",
      left: (n, all) => `${all.toLocaleString("zh-CN")} 个词元中有 ${n.toLocaleString("zh-CN")} 个可能被抽中。`,
      taken: text => `已选用：${text}`,

      attention: "注意力",
      attentionAbout: "在每一层，每个头都让每个词元去看自己和前面的词元；一行的权重相加是 100 %。",
      attentionBoth: "在每一层，每个头都让每个词元去看所有词元，也包括后面的。",
      overview: "所有的头", overviewHow: "一行是一层，一列是一个头。点一个就放大。",
      layer: "层", head: "头", layerOf: (n, all) => `第 ${n} 层，共 ${all} 层`, headOf: (n, all) => `第 ${n} 个头，共 ${all} 个`,
      previous: what => `上一个：${what}`, following: what => `下一个：${what}`,
      cell: (layer, head) => `第 ${layer} 层，第 ${head} 个头`,
      mapLabel: (layer, head) => `第 ${layer} 层第 ${head} 个头的注意力权重。用方向键在词元之间移动。`,
      axes: "行：在看的词元（查询）；列：被看的词元（键）。",
      looks: (query, key, share) => [query, " 看 ", key, `：${share}`],
      rowTitle: query => [query, " 在看哪里"], sum: share => `合计 ${share}`, unseen: share => `其余 ${share} 给了没有画出的填充词元`,
      scale: "注意力权重", hidden: "后面的词元，看不到",

      lens: "逐层来看",
      lensAbout: "在每一层之后就问输出头：此刻它会预测什么？由此可以看到预测是怎样形成的（即“logit lens”）。",
      embedding: "嵌入", lensRank: ["第 1", "第 2", "第 3", "第 4", "第 5"], lensLast: "即预测",
      lensHow: "加框的是最后最可能的词元；概率按温度 1 计算。",

      classifier: "是什么决定了结果",
      classifierAbout: "每个词元把得分向结果推近（+）或推远（−）了多少：得分的梯度乘以该词元的嵌入。",
      classes: { ham: "正常", spam: "垃圾短信" }, towards: label => `推向“${label}”`, against: label => `推离“${label}”`,
      padding: (n, value) => `消息后面补了 ${n} 个填充词元，它们合计贡献了 ${value}。`,
      truncated: n => `末尾的 ${n} 个词元超出分类器能看到的长度，没有参与判断。`,
    },
  };

  /** A share as a percentage, with as many decimals as it needs to tell small ones from nothing. */
  look.percent = (share, locale) => {
    const percent = 100 * share, digits = percent >= 99.95 || percent === 0 ? 0 : percent >= 0.095 ? 1 : 2;
    if (percent > 0 && percent < 0.005) return "<\u20090.01\u202f%";
    return percent.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }) + "\u202f%";
  };
})(window.LookInside);
