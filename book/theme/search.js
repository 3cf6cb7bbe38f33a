"use strict";

// Search in the whole book. mdBook's own splits a text at its spaces, and so knows no Chinese word; this one looks for the
// typed characters themselves. The index is a script, since a page opened from a folder may load nothing else:
//
//   bookIndex     [{ url, title, path, text, code }], a section each; `path` is the page and the headings above
//   bookSynonyms  [["vocabulary", "词表", "词汇表"], ...], words of which each finds the others
(function () {
    const say = document.documentElement.lang.startsWith("zh") ? {
        placeholder: "搜索全书",
        hint: "输入中文、英文或代码里的名称；↑ ↓ 选择，Enter 打开，Esc 关闭。",
        loading: "正在读取索引……",
        failed: "索引读取失败：缺少 search-index.js。",
        nothing: query => `没有找到“${query}”。`,
        count: (count, query) => `${count} 个小节含有“${query}”。`,
        similar: (count, query) => `没有完全一致的“${query}”，${count} 个小节含有相近的文字。`,
        shown: count => `只列出前 ${count} 个，再加一个词可以缩小范围。`,
    } : {
        placeholder: "Search the book",
        hint: "A word, a phrase or a name from the code. ↑ ↓ choose, Enter opens, Esc closes.",
        loading: "Reading the index …",
        failed: "The index could not be read: search-index.js is missing.",
        nothing: query => `Nothing found for “${query}”.`,
        count: (count, query) => `${count} ${count === 1 ? "section contains" : "sections contain"} “${query}”.`,
        similar: (count, query) =>
            `No section contains exactly “${query}”; ${count} ${count === 1 ? "contains" : "contain"} something close.`,
        shown: count => `The first ${count} are listed; one more word narrows the search.`,
    };
    const MOST = 50; // results listed
    const HAN = "\\p{Script=Han}";

    // ---- finding ----

    /// The parts of a query: split at spaces and between Han and other letters, since the text may have a space there.
    function parts(query) {
        const border = new RegExp(`\\s+|(?<=${HAN})(?=[\\p{L}\\p{N}_])(?!${HAN})|(?<=[\\p{L}\\p{N}_])(?<!${HAN})(?=${HAN})`, "u");
        return query.trim().toLowerCase().split(border).filter(Boolean);
    }

    /// Words that mean the same as this one, itself first.
    function alternatives(word) {
        const all = [word];
        for (const group of window.bookSynonyms || []) {
            const lower = group.map(other => other.toLowerCase());
            if (lower.includes(word)) {
                all.push(...lower);
            }
        }
        return [...new Set(all)];
    }

    /// For a query that nothing contains: pairs of Han characters, and English words without their ending.
    function loosened(part) {
        if (new RegExp(`^${HAN}{3,}$`, "u").test(part)) {
            const characters = [...part];
            return characters.slice(1).map((character, i) => characters[i] + character);
        }
        const stem = part.replace(/(ies|es|s|ing|ed|ation|ions?)$/, "");
        return [stem.length >= 3 ? stem : part];
    }

    function count(text, word) {
        let found = 0;
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
            found += 1;
        }
        return found;
    }

    /// How well a section answers to one of these words; 0 if it has none of them.
    function score(section, words) {
        let best = 0;
        words.forEach((word, i) => {
            let points = 0;
            if (section.low.title.includes(word)) {
                const bare = section.low.title.replace(/^[\d.–\s]+/, ""); // without the section's number
                points += 1000 + (bare === word ? 500 : bare.startsWith(word) ? 100 : 0);
            }
            points += section.low.path.includes(word) ? 200 : 0;
            points += section.low.code.includes(word) ? 50 + Math.min(count(section.low.code, word), 5) : 0;
            points += section.low.text.includes(word) ? 10 + Math.min(count(section.low.text, word), 20) : 0;
            // What was typed counts for more than what means the same.
            best = Math.max(best, i === 0 ? points : points / 2);
        });
        return best;
    }

    /// The sections that have one of the words of every group, or of this share of them, best first.
    function matching(groups, phrase, share = 1) {
        const hits = [];
        for (const section of window.bookIndex) {
            const scores = groups.map(words => score(section, words));
            const found = scores.filter(points => points > 0).length;
            if (found > 0 && found >= share * groups.length) {
                const whole = groups.length > 1 ? score(section, [phrase]) : 0;
                hits.push({ section, found, points: scores.reduce((sum, points) => sum + points, whole) });
            }
        }
        return hits.sort((a, b) => b.found - a.found || b.points - a.points).map(hit => hit.section);
    }

    /// `{ sections, words, similar }`: what a query finds, and the words to mark.
    function find(query) {
        if (!window.bookIndex.lower) {
            for (const section of window.bookIndex) {
                section.low = {};
                for (const field of ["title", "path", "code", "text"]) {
                    section.low[field] = section[field].toLowerCase();
                }
            }
            window.bookIndex.lower = true;
        }
        const phrase = query.trim().toLowerCase();
        const groups = parts(query).map(alternatives);
        const whole = alternatives(phrase);
        // A term of several words may have synonyms as a whole.
        const ways = whole.length > 1 && groups.length > 1 ? [groups, [whole]] : [groups];
        const sections = [...new Set(ways.flatMap(way => matching(way, phrase)))];
        if (sections.length > 0) {
            return { sections, words: [...new Set([...groups.flat(), ...(whole.length > 1 ? whole : [])])], similar: false };
        }
        const loose = parts(query).flatMap(loosened).map(word => [word]);
        return { sections: matching(loose, phrase, 0.66), words: loose.flat(), similar: true };
    }

    /// The places of the words in a text, as [start, end], in order and apart.
    function places(text, words) {
        const low = text.toLowerCase();
        const found = [];
        for (const word of words) {
            for (let at = low.indexOf(word); at >= 0; at = low.indexOf(word, at + word.length)) {
                found.push([at, at + word.length]);
            }
        }
        found.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
        return found.filter((place, i) => found.slice(0, i).every(earlier => earlier[1] <= place[0]));
    }

    /// Text with the words marked.
    function marked(text, words) {
        const fragment = document.createDocumentFragment();
        let end = 0;
        for (const [from, to] of places(text, words)) {
            fragment.append(text.slice(end, from));
            const mark = document.createElement("mark");
            mark.textContent = text.slice(from, to);
            fragment.append(mark);
            end = to;
        }
        fragment.append(text.slice(end));
        return fragment;
    }

    /// The piece of a section where most of the words are.
    function teaser(section, words) {
        const before = 50;
        const length = 170;
        let best = { text: section.text, start: 0, kinds: 0 };
        for (const text of [section.text, section.code]) {
            const found = places(text, words).slice(0, 200);
            for (const [at] of found) {
                const inside = found.filter(place => place[0] >= at && place[1] <= at + length - before);
                const kinds = new Set(inside.map(place => text.slice(...place).toLowerCase())).size;
                if (kinds > best.kinds) {
                    best = { text, start: Math.max(0, at - before), kinds };
                }
            }
        }
        let { text, start } = best;
        // Not in the middle of an English word.
        while (start > 0 && /\w/.test(text[start]) && /\w/.test(text[start - 1])) {
            start += 1;
        }
        const end = start + length;
        return (start > 0 ? "… " : "") + text.slice(start, end).trim() + (end < text.length ? " …" : "");
    }

    // ---- the box ----

    const wrapper = document.getElementById("mdbook-search-wrapper");
    const toggle = document.getElementById("mdbook-search-toggle");
    const form = document.getElementById("mdbook-searchbar-outer");
    const field = document.getElementById("mdbook-searchbar");
    const outer = document.getElementById("mdbook-searchresults-outer");
    const header = document.getElementById("mdbook-searchresults-header");
    const list = document.getElementById("mdbook-searchresults");

    // book.js asks before it turns pages.
    window.search = { hasFocus: () => document.activeElement === field };

    field.placeholder = say.placeholder;
    field.autocomplete = "off";
    field.spellcheck = false;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-label", say.placeholder);
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-describedby", header.id);
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", say.placeholder);
    header.setAttribute("role", "status");

    let selected = -1;

    function select(at) {
        const items = [...list.querySelectorAll("[role=option]")];
        if (items.length === 0) {
            selected = -1;
            field.removeAttribute("aria-activedescendant");
            return;
        }
        selected = (at + items.length) % items.length;
        items.forEach((item, i) => item.setAttribute("aria-selected", String(i === selected)));
        field.setAttribute("aria-activedescendant", items[selected].id);
        items[selected].scrollIntoView({ block: "nearest" });
    }

    /// The address of a section, with the words that the page is to mark.
    function address(section, words) {
        const url = new URL(path_to_root + section.url, location.href);
        url.search = new URLSearchParams({ q: words.join(" ") });
        return url.href;
    }

    function show() {
        const query = field.value.trim();
        list.replaceChildren();
        outer.classList.remove("hidden");
        field.setAttribute("aria-expanded", "false");
        if (query === "") {
            header.textContent = say.hint;
            return;
        }
        if (!window.bookIndex) {
            header.textContent = say.loading;
            return;
        }
        const { sections, words, similar } = find(query);
        header.textContent = sections.length === 0 ? say.nothing(query)
            : (similar ? say.similar : say.count)(sections.length, query);
        sections.slice(0, MOST).forEach((section, i) => {
            const item = document.createElement("li");
            item.id = `search-result-${i}`;
            item.setAttribute("role", "option");
            const link = document.createElement("a");
            link.href = address(section, words);
            link.tabIndex = -1;
            for (const [name, text] of [["where", section.path], ["title", section.title], ["teaser", teaser(section, words)]]) {
                const line = document.createElement("span");
                line.className = name;
                line.append(marked(text, words));
                link.append(line);
            }
            item.append(link);
            list.append(item);
        });
        if (sections.length > MOST) {
            const more = document.createElement("li");
            more.className = "more";
            more.setAttribute("role", "presentation");
            more.textContent = say.shown(MOST);
            list.append(more);
        }
        list.scrollTop = 0;
        field.setAttribute("aria-expanded", String(sections.length > 0));
        select(0);
    }

    function load() {
        if (window.bookIndex || document.getElementById("search-index")) {
            return;
        }
        const script = document.createElement("script");
        script.id = "search-index";
        script.src = path_to_root + "search-index.js";
        script.onload = show;
        script.onerror = () => {
            script.remove();
            header.textContent = say.failed;
        };
        document.head.append(script);
    }

    let before = null; // what had the focus

    function open() {
        if (isOpen()) {
            field.select();
            return;
        }
        before = document.activeElement;
        wrapper.classList.remove("hidden");
        toggle.setAttribute("aria-expanded", "true");
        field.focus();
        field.select();
        load();
        show();
    }

    function close() {
        wrapper.classList.add("hidden");
        toggle.setAttribute("aria-expanded", "false");
        before?.focus?.({ preventScroll: true });
    }

    function isOpen() {
        return !wrapper.classList.contains("hidden");
    }

    toggle.addEventListener("click", () => isOpen() ? close() : open());
    field.addEventListener("input", show);
    form.addEventListener("submit", event => event.preventDefault());
    wrapper.addEventListener("click", event => {
        if (event.target === wrapper) {
            close();
        }
    });
    // The mouse selects, but does not take the focus from the field.
    list.addEventListener("mousemove", event => {
        const at = [...list.querySelectorAll("[role=option]")].indexOf(event.target.closest("[role=option]"));
        if (at >= 0 && at !== selected) {
            select(at);
        }
    });
    list.addEventListener("click", event => {
        const link = event.target.closest("a");
        if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
            close();
        }
    });

    field.addEventListener("keydown", event => {
        // Enter and the arrows also choose among the characters that an input method offers.
        if (event.isComposing) {
            return;
        }
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            select(selected + (event.key === "ArrowDown" ? 1 : -1));
        } else if (event.key === "Enter") {
            list.querySelector("[aria-selected=true] a")?.click();
        } else if (event.key === "Tab") {
            close();
            return;
        } else {
            return;
        }
        event.preventDefault();
    });

    document.addEventListener("keydown", event => {
        if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) {
            return;
        }
        if (event.key === "Escape") {
            if (isOpen()) {
                close();
            } else {
                document.querySelectorAll("main mark.hit").forEach(mark => mark.replaceWith(...mark.childNodes));
            }
        } else if ((event.key === "/" || event.key === "s") && !event.shiftKey
            && !document.querySelector("dialog[open]") && !mdbook_something_else_has_focus(event)) {
            event.preventDefault();
            open();
        }
    });

    // ---- the page that a result led to ----

    /// Marks the words in the text of the page.
    function highlight(words) {
        const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT, node =>
            node.parentElement.closest("svg, math, script, .tool") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
        const nodes = [];
        while (walker.nextNode()) {
            if (places(walker.currentNode.data, words).length > 0) {
                nodes.push(walker.currentNode);
            }
        }
        for (const node of nodes) {
            const fragment = marked(node.data, words);
            fragment.querySelectorAll("mark").forEach(mark => mark.classList.add("hit"));
            node.replaceWith(fragment);
        }
    }

    /// Opens what is folded in the section, if all that was found there is inside of it.
    function unfold(heading) {
        const next = [...document.querySelectorAll("main :is(h1, h2, h3, h4)[id]")]
            .find(other => heading.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
        const hits = [...document.querySelectorAll("main mark.hit")].filter(hit =>
            heading.compareDocumentPosition(hit) & Node.DOCUMENT_POSITION_FOLLOWING
            && !(next && next.compareDocumentPosition(hit) & Node.DOCUMENT_POSITION_FOLLOWING));
        const folded = hits.map(hit => hit.closest("details:not([open])"));
        if (folded.every(Boolean)) {
            folded.forEach(details => details.open = true);
        }
    }

    const wanted = new URLSearchParams(location.search).get("q");
    if (wanted) {
        highlight(wanted.split(" ").filter(Boolean));
        const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
        if (target) {
            unfold(target);
        }
    }
})();
