// Colours of shares: one hue from the colour of the card to the strongest one, the same in light and in dark.
(look => {
  "use strict";
  const { element } = look;

  /** Stops of the scale in look.css. */
  const STOPS = ["--li-scale-0", "--li-scale-1", "--li-scale-2", "--li-scale-3"];
  const STEPS = 256;
  /** Of the 65,536 steps of a weight, so many have one colour in a map. */
  const COARSER = 16;

  /** A colour of a style sheet as red, green and blue. */
  function resolve(root, names) {
    const probe = root.appendChild(element("span", { hidden: true }));
    const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
    const colours = names.map(name => {
      probe.style.color = `var(${name})`;
      pen.fillStyle = getComputedStyle(probe).color;
      pen.fillRect(0, 0, 1, 1);
      return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
    });
    probe.remove();
    return colours;
  }

  /** The scale in the colours that hold for `root` now. */
  look.scale = root => {
    const stops = resolve(root, STOPS), steps = [];
    for (let i = 0; i < STEPS; i++) {
      const place = i / (STEPS - 1) * (stops.length - 1), from = Math.min(Math.floor(place), stops.length - 2);
      steps.push(stops[from].map((value, c) => Math.round(value + (stops[from + 1][c] - value) * (place - from))));
    }
    // Small shares matter, so the scale is that of the square root.
    const of = share => steps[Math.round(Math.sqrt(Math.min(Math.max(share, 0), 1)) * (STEPS - 1))];
    const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
      .reduce((sum, v, c) => sum + v * [0.2126, 0.7152, 0.0722][c], 0);
    const colour = weight => of(weight / 65535).reduce((sum, value, c) => sum + value * 256 ** c, 255 * 256 ** 3);
    return {
      of,
      /** The colours of the weights of a map, as four bytes: red, green, blue, and 255. */
      points: Uint32Array.from({ length: 65536 / COARSER }, (_, i) => colour(i * COARSER)),
      /** Colours an element by a share, with text that can be read on it. */
      fill(target, share) {
        const colour = of(share);
        target.style.backgroundColor = `rgb(${colour})`;
        target.style.color = luminance(colour) > 0.18 ? "#10161d" : "#fff";
      },
      gradient: `linear-gradient(to right, ${Array.from({ length: 17 }, (_, i) => `rgb(${steps[Math.round(i / 16 * (STEPS - 1))]})`)})`,
    };
  };

  /** Paints the weights of one head, one point for each pair of tokens; later tokens are left transparent. */
  look.paintMap = (canvas, scale, weights, count, isCausal) => {
    canvas.width = canvas.height = count;
    const pen = canvas.getContext("2d"), image = pen.createImageData(count, count), points = new Uint32Array(image.data.buffer);
    for (let query = 0; query < count; query++) {
      const end = isCausal ? query + 1 : count;
      for (let i = query * count; i < query * count + end; i++) points[i] = scale.points[Math.floor(weights[i] / COARSER)];
    }
    pen.putImageData(image, 0, 0);
  };

  /** The scale with its numbers. */
  look.scaleLegend = (context, isCausal) => {
    const { t } = context;
    const ticks = [0, 0.01, 0.05, 0.25, 0.5, 1].map(share => {
      const tick = element("span", null, `${100 * share}`);
      tick.style.insetInlineStart = `${100 * Math.sqrt(share)}%`;
      return tick;
    });
    const strip = element("span", { class: "li-strip" });
    strip.style.backgroundImage = context.scale().gradient;
    return element("div", { class: "li-legend" }, element("span", null, `${t.scale} (%)`),
      element("span", { class: "li-ruler", "aria-hidden": "true" }, strip, element("span", { class: "li-ticks" }, ticks)),
      isCausal ? element("span", { class: "li-hidden-legend" }, element("i", { "aria-hidden": "true" }), t.hidden) : null);
  };
})(window.LookInside);
