"use strict";

// Before the book is printed: what does not fit a sheet of A4 is made to fit.
addEventListener("load", () => {
    const millimetre = 96 / 25.4;

    // A formula that is wider than the text becomes smaller.
    for (const formula of document.querySelectorAll(".math-display math")) {
        const [width, room] = [formula.getBoundingClientRect().width, formula.parentElement.clientWidth];
        if (width > room) {
            const size = parseFloat(getComputedStyle(formula).fontSize);
            formula.style.fontSize = `${(size * room / width * 0.98).toFixed(2)}px`;
        }
    }

    // Code and boxes are kept whole only if not much of a sheet stays empty for it.
    for (const block of document.querySelectorAll(".listing, .output, .box, .question, .exercise")) {
        if (block.getBoundingClientRect().height > 55 * millimetre) {
            block.classList.add("tall");
        }
    }
});
