"use strict";

// Where `llm serve` serves this book, at /book/, some sections offer to look inside of the reader's own model: with the widgets
// of that server, which are loaded when they are wanted. Opened from a folder or from another place, the book stays as it is.

(function () {
    const [, language, page] = /^\/book\/(en|zh)\/(.+)$/.exec(location.pathname) ?? [];
    if (!language || !location.protocol.startsWith("http")) {
        return;
    }

    const say = language === "zh" ? {
        title: "用你自己的模型试一试",
        open: "打开",
        close: "收起",
        failed: "无法载入。服务器还在运行吗？",
        tokens: "看看你的模型怎样把一段文字切成词元。",
        attention: "看看你的模型里每个头在看哪里；这些正是刚才讲的注意力权重。",
        next: "拖动温度、top-k 和 top-p，看下一个词元的概率怎样变化。",
        lens: "看看每一层之后的预测，并让文字一个词元一个词元地长下去。",
        inside: "看看你的模型里每个头在看哪里，以及每一层之后的预测。",
        all: "看看词元、概率、注意力和每一层的预测。",
        classifier: "写一条消息，看看是哪些词元决定了结果。",
    } : {
        title: "Try it on your own model",
        open: "Open",
        close: "Close",
        failed: "This could not be loaded. Is the server still running?",
        tokens: "See how your model cuts a text into tokens.",
        attention: "See where each head of your model looks: these are the attention weights of this section.",
        next: "Move temperature, top-k and top-p, and watch the probabilities of the next token.",
        lens: "See the prediction after every layer, and let the text grow token by token.",
        inside: "See where each head of your model looks, and the prediction after every layer.",
        all: "See its tokens, probabilities, attention, and the prediction after every layer.",
        classifier: "Write a message, and see which tokens decided.",
    };
    const story = language === "zh" ? "每天傍晚，老钟表匠点亮他的灯。" : "Every evening, the old clockmaker lit his lamp";
    const message = "You have won a prize! Reply YES to claim it.";

    /// At the end of which sections something can be tried, what is said of it, and which widgets show it.
    const PLACES = [
        ["ch02/byte-pair-encoding.html", "gpt2-tokenizer", "tokens", ["tokens"]],
        ["ch03/causal.html", "hiding-the-future", "attention", ["attention"]],
        ["ch03/multi-head.html", "a-list-of-heads", "attention", ["attention"]],
        ["ch04/generating.html", "greedy-loop", "lens", ["next", "lens"]],
        ["ch04/bonus-inside.html", "logit-lens", "inside", ["attention", "lens"]],
        ["ch05/sampling.html", "top-k", "next", ["tokens", "next"]],
        ["ch06/finetuning.html", "using", "classifier", ["classifier"]],
        ["ch06/bonus-contributions.html", "example", "classifier", ["classifier"]],
        ["bonus-llama/model.html", "trained-weights", "all", ["tokens", "next", "attention", "lens"]],
        ["bonus-llama/inside.html", "published", "inside", ["attention", "lens"]],
    ];

    const places = PLACES.filter(place => place[0] === page);
    if (places.length > 0) {
        offer();
    }

    async function offer() {
        const response = await ask("/api/tags").catch(() => null);
        const { models } = response?.ok ? await response.json() : { models: [] };
        for (const [, heading, about, show] of places) {
            const skill = about === "classifier" ? "classification" : "completion";
            const names = models.filter(model => model.capabilities.includes(skill)).map(model => model.name);
            const end = endOfSection(heading);
            if (names.length > 0 && end) {
                end.after(panel(names, about, show));
            }
        }
    }

    /// Asks the server, with the key that its page may have been given.
    function ask(path, body, signal) {
        const headers = { "Content-Type": "application/json" };
        let key = null;
        try { key = sessionStorage.getItem("llm.key") ?? localStorage.getItem("llm.key"); } catch { /* blocked */ }
        if (key) {
            headers.Authorization = `Bearer ${key}`;
        }
        return fetch(path, { method: body ? "POST" : "GET", headers, signal, body: body && JSON.stringify(body) });
    }

    /// The last element before the next heading of the same level or a higher one.
    function endOfSection(id) {
        const heading = document.getElementById(id);
        let end = heading;
        const ends = element => /^H[1-6]$/.test(element.tagName) && element.tagName <= heading.tagName;
        while (end?.nextElementSibling && !ends(end.nextElementSibling)) {
            end = end.nextElementSibling;
        }
        return end;
    }

    function panel(models, about, show) {
        const box = document.createElement("aside");
        box.className = "try-model";
        const title = document.createElement("p");
        const strong = document.createElement("strong");
        strong.textContent = say.title;
        title.append(strong, " ", say[about]);
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = say.open;
        button.setAttribute("aria-expanded", "false");
        const place = document.createElement("div");
        place.hidden = true;
        box.append(title, button, place);

        let opened = null;
        button.addEventListener("click", async () => {
            place.hidden = !place.hidden;
            button.setAttribute("aria-expanded", String(!place.hidden));
            button.textContent = place.hidden ? say.open : say.close;
            opened ??= load().then(widgets => widgets.mount(place, {
                language, models, show, ask: answered, book: "/book/", text: about === "classifier" ? message : story,
            }));
            await opened.catch(() => {
                opened = null;
                place.textContent = say.failed;
            });
        });
        return box;
    }

    /// An answer of the server; a refusal is an error with its reason.
    async function answered(path, body, signal) {
        const response = await ask(path, body, signal).catch(error => {
            throw error.name === "AbortError" ? error : new Error(say.failed);
        });
        if (!response.ok) {
            const { error } = await response.json().catch(() => ({}));
            throw new Error(error?.message ?? error ?? say.failed);
        }
        return response;
    }

    let loading = null;

    /// The widgets of the server.
    function load() {
        loading ??= new Promise((resolve, reject) => {
            const style = document.createElement("link");
            style.rel = "stylesheet";
            style.href = "/look.css";
            const script = document.createElement("script");
            script.src = "/look.js";
            script.addEventListener("load", () => resolve(window.LookInside));
            script.addEventListener("error", () => { loading = null; reject(new Error(say.failed)); });
            document.head.append(style, script);
        });
        return loading;
    }
})();
