"use strict";

// What a page does for its reader besides mdBook's own: copies, enlarges figures, remembers what was read, leads to the same
// place in the other language, prints everything. Each part works without the others, and nothing is asked of the network.

(function () {
    const say = document.documentElement.lang.startsWith("zh") ? {
        copy: "复制",
        copied: "已复制",
        failed: "复制失败",
        enlarge: "放大图片",
        close: "关闭",
        read: (read, all) => `已读 ${read} / ${all} 页`,
    } : {
        copy: "Copy",
        copied: "Copied",
        failed: "Could not copy",
        enlarge: "Enlarge the figure",
        close: "Close",
        read: (read, all) => `${read} of ${all} pages read`,
    };

    const ICONS = {
        copy: "M7 7h9v10H7zM4 13V3h9",
        done: "M3.5 10.5l4 4 9-9",
        enlarge: "M11.500 3H17v5.500M17 3l-6 6M8.500 17H3v-5.500M3 17l6-6",
        close: "M4 4l12 12M16 4L4 16",
    };

    function icon(name) {
        const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        svg.setAttribute("viewBox", "0 0 20 20");
        svg.setAttribute("aria-hidden", "true");
        const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        path.setAttribute("d", ICONS[name]);
        svg.append(path);
        return svg;
    }

    /// A small button at the corner of something.
    function tool(name, label, action) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = `tool ${name}`;
        button.title = label;
        button.setAttribute("aria-label", label);
        button.append(icon(name));
        button.addEventListener("click", () => action(button));
        return button;
    }

    /// The browser's memory, or nothing where it is blocked.
    const memory = {
        get(key) {
            try { return localStorage.getItem(key); } catch { return null; }
        },
        set(key, value) {
            try { localStorage.setItem(key, value); } catch { /* then the next page doesn't know */ }
        },
    };

    // ---- copy ----

    async function write(text) {
        try {
            await navigator.clipboard.writeText(text);
            return true;
        } catch {
            // An older browser, or one that allows it only for pages of a server.
            const area = document.createElement("textarea");
            area.value = text;
            area.style.position = "fixed";
            area.style.opacity = "0";
            document.body.append(area);
            area.select();
            const copied = document.execCommand("copy");
            area.remove();
            return copied;
        }
    }

    function offerCopy(holder, code) {
        const button = tool("copy", say.copy, async button => {
            const copied = await write(code.textContent.replace(/\u200b/g, "").trimEnd());
            const word = document.createElement("span");
            word.setAttribute("role", "status");
            word.textContent = copied ? say.copied : say.failed;
            button.classList.toggle("done", copied);
            button.replaceChildren(icon(copied ? "done" : "copy"), word);
            clearTimeout(button.timer);
            button.timer = setTimeout(() => {
                button.classList.remove("done");
                button.replaceChildren(icon("copy"));
            }, 2000);
        });
        holder.append(button);
    }

    // What a program prints is not for copying.
    for (const code of document.querySelectorAll("main pre > code:not(.language-text)")) {
        offerCopy(code.closest("figure") ?? code.parentElement, code);
    }
    for (const command of document.querySelectorAll("main .command")) {
        offerCopy(command, command.querySelector("code"));
    }

    // ---- options ----

    // A line may break at a hyphen, but not inside "--example".
    for (const code of document.querySelectorAll("main .command code, main code.language-sh, main :not(pre) > code")) {
        const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
        const found = [];
        while (texts.nextNode()) {
            if (/(^|\s)--?[a-z]/i.test(texts.currentNode.data)) {
                found.push(texts.currentNode);
            }
        }
        for (const text of found) {
            text.replaceWith(...text.data.split(/(\s+)/).map(word => {
                if (!/^--?[a-z]/i.test(word)) {
                    return word;
                }
                const whole = document.createElement("span");
                whole.className = "whole";
                whole.textContent = word;
                return whole;
            }));
        }
    }

    // ---- formulas ----

    // The comma after a formula stays on its line, unless the formula fills it. All are measured before the first one changes.
    const followed = [...document.querySelectorAll('main math:not([display="block"])')].map(formula => {
        const sign = formula.nextSibling?.nodeType === Node.TEXT_NODE && /^[，。、；：？！）”’,.;:?!)]+/.exec(formula.nextSibling.data);
        return sign && formula.getBoundingClientRect().width < 240 ? [formula, sign[0].length] : null;
    });
    for (const [formula, length] of followed.filter(Boolean)) {
        const sign = formula.nextSibling;
        sign.splitText(length);
        const whole = document.createElement("span");
        whole.className = "whole";
        formula.before(whole);
        whole.append(formula, sign);
    }

    // ---- enlarge ----

    for (const figure of document.querySelectorAll("main figure.figure")) {
        const drawing = figure.querySelector(":scope > svg");
        if (drawing) {
            figure.append(tool("enlarge", say.enlarge, () => enlarge(figure, drawing)));
            drawing.addEventListener("click", () => enlarge(figure, drawing));
        }
    }

    /// Shows a figure in the whole window. The drawing itself moves there, since its ids must not exist twice.
    function enlarge(figure, drawing) {
        const dialog = document.createElement("dialog");
        dialog.className = "enlarged";
        const canvas = document.createElement("div");
        canvas.className = "canvas";
        canvas.tabIndex = 0;
        const caption = document.createElement("p");
        caption.append(...figure.querySelector("figcaption").cloneNode(true).childNodes);
        dialog.append(canvas, caption, tool("close", say.close, () => dialog.close()));

        const place = document.createElement("div");
        place.style.blockSize = `${drawing.getBoundingClientRect().height}px`;
        drawing.replaceWith(place);
        canvas.append(drawing);
        document.body.append(dialog);

        // As large as fits; where that is smaller than drawn, the window scrolls.
        const { width, height } = drawing.viewBox.baseVal;
        const room = [window.innerWidth - 40, (window.innerHeight - 140) * width / height];
        drawing.style.inlineSize = `${Math.max(Math.min(...room), Math.min(width, 1000) * 0.9)}px`;

        // The arrow keys move the drawing, not the pages.
        dialog.addEventListener("keydown", event => event.stopPropagation());
        canvas.addEventListener("click", event => event.target === canvas && dialog.close());
        dialog.addEventListener("close", () => {
            drawing.style.inlineSize = "";
            place.replaceWith(drawing);
            dialog.remove();
        });
        dialog.showModal();
    }

    // ---- what overflows can be reached with the keyboard ----

    function reachable() {
        for (const part of document.querySelectorAll("main pre > code, main .table-wrapper, main .math-display")) {
            if (part.scrollWidth > part.clientWidth + 1) {
                part.tabIndex = 0;
            } else {
                part.removeAttribute("tabindex");
            }
        }
    }
    reachable();
    window.addEventListener("resize", reachable);

    // ---- roots ----

    // Chromium gives a small root the width of a larger sign and leaves a gap behind it.
    document.fonts?.ready.then(() => {
        for (const root of document.querySelectorAll("msqrt")) {
            const spare = root.getBoundingClientRect().right - root.lastElementChild.getBoundingClientRect().right;
            if (spare > 1) {
                root.style.marginInlineEnd = `${-spare / parseFloat(getComputedStyle(root).fontSize)}em`;
            }
        }
    });

    // ---- pages read ----

    const root = new URL(path_to_root || "./", location.href).href.replace(/[?#].*/, "");
    const links = [...document.querySelectorAll("#mdbook-sidebar .chapter-link-wrapper > a[href]:first-child")]
        .filter(link => !link.getAttribute("href").startsWith("#"));

    /// A page as both languages name it: "ch03/causal.html".
    function name(link) {
        return link.href.slice(root.length).replace(/[?#].*/, "");
    }

    function pagesRead() {
        try { return new Set(JSON.parse(memory.get("book-read") ?? "[]")); } catch { return new Set(); }
    }

    function showRead() {
        const read = pagesRead();
        for (const link of links) {
            link.classList.toggle("read", read.has(name(link)));
        }
        for (const item of document.querySelectorAll("#mdbook-sidebar li.chapter-item:has(ol.section a:not(.header-in-summary))")) {
            const wrapper = item.querySelector(":scope > .chapter-link-wrapper");
            const pages = links.filter(link => item.contains(link));
            const done = pages.filter(link => link.classList.contains("read")).length;
            wrapper.querySelector(".progress")?.remove();
            if (pages.length > 1 && done > 0) {
                const progress = document.createElement("span");
                progress.className = "progress";
                progress.textContent = `${done}/${pages.length}`;
                progress.title = say.read(done, pages.length);
                wrapper.children[0].after(progress);
            }
        }
    }

    const here = document.querySelector("#mdbook-sidebar a.active");
    const end = document.querySelector(".nav-wrapper");
    if (here && end) {
        // Who has the end of the page before the eyes for a moment has read it.
        let timer;
        new IntersectionObserver(entries => {
            clearTimeout(timer);
            if (entries.at(-1).isIntersecting) {
                timer = setTimeout(() => {
                    memory.set("book-read", JSON.stringify([...pagesRead().add(name(here))]));
                    showRead();
                }, 1200);
            }
        }).observe(end);
    }
    showRead();

    // ---- the other language, the theme that goes along ----

    /// The heading of the section at the top of the window, or null at the start of the page.
    function currentHeading() {
        const line = document.getElementById("mdbook-menu-bar").offsetHeight + 120;
        const headings = [...document.querySelectorAll("main :is(h2, h3, h4)[id]")];
        return headings.filter(heading => heading.getBoundingClientRect().top <= line).at(-1) ?? null;
    }

    const language = document.getElementById("language");
    if (language) {
        const aim = () => {
            const id = window.scrollY < 50 ? "" : currentHeading()?.id ?? "";
            language.href = language.getAttribute("href").replace(/[?#].*/, "") + (id && `#${id}`);
            carryTheme(language);
        };
        for (const kind of ["pointerenter", "pointerdown", "focus", "click"]) {
            language.addEventListener(kind, aim);
        }
        language.addEventListener("click", () => memory.set("book-language", language.hreflang));
    }

    // What a link carried has been taken; the address is again that of the page.
    if (location.search) {
        try { history.replaceState(null, "", location.pathname + location.hash); } catch { /* not allowed here */ }
    }

    /// Opened from a folder, some browsers remember things for one file only: then links carry the chosen theme.
    function carryTheme(link) {
        const theme = memory.get("mdbook-theme");
        if (location.protocol === "file:" && theme && link.protocol === "file:" && link.pathname.endsWith(".html")) {
            const url = new URL(link.href);
            url.searchParams.set("theme", theme);
            link.href = url.href;
        }
    }

    // Neighbouring pages are also reached with the arrow keys, which book.js handles.
    window.addEventListener("keydown", event => {
        if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
            document.querySelectorAll(".nav-chapters").forEach(carryTheme);
        }
    }, true);
    window.addEventListener("click", event => {
        const link = event.target.closest?.("a[href]");
        if (link && !link.getAttribute("href").startsWith("#")) {
            carryTheme(link);
        }
    }, true);

    // ---- print ----

    window.addEventListener("beforeprint", () => {
        for (const details of document.querySelectorAll("main details:not([open])")) {
            details.open = true;
            details.dataset.folded = "";
        }
    });
    window.addEventListener("afterprint", () => {
        for (const details of document.querySelectorAll("details[data-folded]")) {
            details.open = false;
            delete details.dataset.folded;
        }
    });
})();
