"use strict";
(() => {
  const plans = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  const inspector = document.getElementById("inspector");

  function make(tag, text, css) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (css) node.className = css;
    return node;
  }
  const planOf = (node) => Number(node.closest("article")?.dataset.plan ?? 0);
  const number = (value) => Math.round(value).toLocaleString("en-US");
  function duration(microseconds) {
    if (!microseconds) return "0";
    return microseconds >= 100 ? (microseconds / 1000).toFixed(3) + " ms" : microseconds.toPrecision(3) + " µs";
  }

  /* Tables: a click on a heading sorts, the controls filter. */
  const natural = new Intl.Collator("en", { numeric: true });
  for (const table of document.querySelectorAll("table.layers")) {
    const body = table.tBodies[0];
    const original = new Map([...body.rows].map((row, index) => [row, index]));
    table.tHead.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const heading = button.parentElement;
      const isNumber = "number" in button.dataset;
      const before = heading.getAttribute("aria-sort");
      const direction = before ? (before === "ascending" ? "descending" : "ascending") : isNumber ? "descending" : "ascending";
      for (const other of heading.parentElement.children) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", direction);
      const column = Number(button.dataset.column);
      const sign = direction === "ascending" ? 1 : -1;
      const key = (row) => row.cells[column].dataset.v;
      const order = isNumber ? (a, b) => key(a) - key(b) : (a, b) => natural.compare(key(a), key(b));
      body.append(...[...body.rows].sort((a, b) => sign * order(a, b) || original.get(a) - original.get(b)));
    });
  }
  for (const form of document.querySelectorAll("form.controls")) {
    const rows = [...document.getElementById(form.dataset.table).tBodies[0].rows];
    const field = (name) => form.querySelector(`[data-filter=${name}]`);
    const apply = () => {
      const words = field("text").value.toLowerCase().split(/\s+/).filter(Boolean);
      const kind = field("kind").value;
      const op = field("op")?.value ?? "";
      let shown = 0;
      for (const row of rows) {
        const fits = words.every((word) => row.dataset.words.includes(word));
        row.hidden = !fits || (kind && row.dataset.kind !== kind) || (op && row.dataset.op !== op);
        shown += !row.hidden;
      }
      form.querySelector("output").value = shown === rows.length ? `${shown} layers` : `${shown} of ${rows.length} layers`;
    };
    for (const event of ["input", "change"]) form.addEventListener(event, apply);
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  /* A tip beside the pointer, from the titles of drawings. */
  const hints = new WeakMap();
  for (const title of document.querySelectorAll("svg title")) {
    hints.set(title.parentElement, title.textContent);
    title.remove();
  }
  function showTip(text, event) {
    tip.textContent = text;
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 6)) + "px";
    tip.style.top = (event.clientY + 18 + height > innerHeight ? event.clientY - height - 12 : event.clientY + 18) + "px";
  }
  document.addEventListener("pointermove", (event) => {
    if (event.target.tagName === "CANVAS") return;
    const holder = event.pointerType === "touch" ? null : event.target.closest?.("svg g, svg path, svg rect");
    const text = holder && (hints.get(holder) ?? hints.get(holder.parentElement));
    if (text) showTip(text, event);
    else tip.hidden = true;
  });

  /* The inspector: all that is known about one layer. */
  let chosen = null;
  const redraws = [];
  const page = document.getElementById("page");
  /* The window is divided between page and inspector, or the page's alone; either way it stays where it is. */
  function divide(divided) {
    if (document.body.classList.contains("inspecting") === divided) return;
    const at = divided ? scrollY : page.scrollTop;
    document.body.classList.toggle("inspecting", divided);
    (divided ? page : window).scrollTo({ top: at, behavior: "instant" });
  }
  function choose(plan, index, origin) {
    for (const node of document.querySelectorAll(".chosen[data-layer]")) node.classList.remove("chosen");
    chosen = index === null ? null : { plan, index };
    inspector.hidden = index === null;
    if (chosen) {
      const scope = document.querySelector(`article[data-plan="${plan}"]`) ?? document;
      for (const node of scope.querySelectorAll(`[data-layer="${index}"]`)) node.classList.add("chosen");
      inspector.replaceChildren(...inspected(plans[plan], plans[plan].layers[index]));
      inspector.scrollTop = 0;
    }
    divide(chosen !== null);
    origin?.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    for (const redraw of redraws) redraw();
  }
  function inspected(plan, layer) {
    const close = make("button", "×", "close");
    close.type = "button";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => choose(0, null));
    const heading = make("h3");
    heading.append(make("bdi", layer.name));
    const facts = make("dl");
    const cost = plan.unit === "ps" ? "" : `${number(layer.cost)} cycles, `;
    for (const [key, value] of [["Time", cost + duration(layer.cost * plan.unitUs)], ...layer.facts]) {
      const row = make("div");
      row.append(make("dt", key), make("dd", value));
      facts.append(row);
    }
    const inside = make("div", undefined, "inside");
    inside.append(close, heading, facts);
    if (layer.options.length) {
      const options = make("div");
      options.append(optionTable(plan, layer), make("p", "Least cost of each choice over all formats.", "muted"));
      inside.append(options);
    }
    return [inside];
  }
  function optionTable(plan, layer) {
    const table = make("table");
    const head = table.createTHead().insertRow();
    for (const title of ["Considered", "Formats", "µs", "÷ chosen"]) head.append(make("th", title, "µ÷".includes(title[0]) ? "number" : ""));
    const body = table.createTBody();
    for (const [way, chosen, formats, cost] of [...layer.options].sort((a, b) => a[3] - b[3])) {
      const row = body.insertRow();
      if (chosen) row.className = "chosen";
      row.append(
        make("td", way),
        make("td", formats),
        make("td", (cost * plan.unitUs).toPrecision(3), "number"),
        make("td", layer.cost ? (cost / layer.cost).toFixed(2) + "×" : "", "number"),
      );
    }
    return table;
  }
  function activate(event) {
    const node = event.target.closest?.("[data-layer]");
    if (!node || event.target.closest("button")) return;
    choose(planOf(node), Number(node.dataset.layer), node);
  }
  document.addEventListener("click", activate);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") choose(0, null);
    if ((event.key === "Enter" || event.key === " ") && event.target.closest?.("svg [data-layer]")) {
      event.preventDefault();
      activate(event);
    }
  });

  /* The time line: exact spans on a canvas, in place of the drawing that paper shows. */
  const UNITS = ["LOAD", "PLACE", "COMPUTE", "POST", "STORE"];
  const LEFT = 66, TOP = 26, ROW = 34, AXIS = 24;
  function decode(plan) {
    const rows = plan.spans.map((flat) => {
      const row = [];
      let clock = 0;
      for (let at = 0; at < flat.length; at += 5) {
        const start = clock + flat[at];
        clock = start + flat[at + 1];
        row.push({ start, end: clock, layer: flat[at + 2], block: flat[at + 3], waited: flat[at + 4] });
      }
      return row;
    });
    let clock = 0;
    const layers = [];
    plan.slots.forEach((cycles, index) => {
      if (cycles) layers.push({ start: clock, end: (clock += cycles), layer: index });
    });
    return [layers, ...rows];
  }
  function firstVisible(row, from) {
    let low = 0, high = row.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (row[middle].end < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  function timeline(figure) {
    const index = planOf(figure);
    const plan = plans[index];
    const total = Number(figure.dataset.cycles);
    const rows = decode(plan);
    const drawing = figure.querySelector(".drawing");
    const canvas = make("canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "Time line of the engines");
    drawing.before(canvas);
    drawing.style.display = "none";
    const zoom = figure.querySelector(".zoom");
    zoom.hidden = false;
    let from = 0, to = total;
    const pixels = () => Math.max(10, canvas.clientWidth - LEFT - 8);
    const xOf = (cycle) => LEFT + ((cycle - from) / (to - from)) * pixels();
    const cycleAt = (x) => from + ((x - LEFT) / pixels()) * (to - from);

    function draw() {
      const width = canvas.clientWidth, height = TOP + UNITS.length * ROW + AXIS;
      const ratio = devicePixelRatio || 1;
      canvas.style.height = height + "px";
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      const pen = canvas.getContext("2d");
      pen.scale(ratio, ratio);
      const style = getComputedStyle(document.documentElement);
      const colour = (name) => style.getPropertyValue("--" + name).trim();
      const kinds = plan.layers.map((layer) => colour(layer.kind));
      pen.font = "11.5px system-ui, sans-serif";
      pen.textBaseline = "middle";
      drawAxis(pen, colour, height);
      rows.forEach((row, number) => {
        const top = number ? TOP + (number - 1) * ROW + 4 : 2;
        const tall = number ? ROW - 8 : TOP - 5;
        pen.fillStyle = colour("soft");
        pen.fillText(number ? UNITS[number - 1] : "LAYER", 2, top + tall / 2);
        drawRow(pen, row, top, tall, kinds, colour("card"), number === 0);
      });
      if (chosen && chosen.plan === index) {
        const slot = rows[0].find((span) => span.layer === chosen.index);
        if (slot) {
          pen.strokeStyle = colour("ink");
          pen.lineWidth = 1.5;
          const left = Math.max(LEFT, xOf(slot.start)), right = Math.min(LEFT + pixels(), xOf(slot.end));
          if (right > left) pen.strokeRect(left, 1, right - left, height - AXIS);
        }
      }
      const shown = (cycles) => duration(cycles / plan.clock);
      zoom.querySelector("output").value = `${shown(from)} to ${shown(to)} (${number(to - from)} cycles)`;
    }
    function drawAxis(pen, colour, height) {
      const span = (to - from) / plan.clock;
      const rough = span / Math.max(2, pixels() / 110);
      const power = 10 ** Math.floor(Math.log10(rough));
      const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= rough);
      pen.strokeStyle = colour("line");
      pen.fillStyle = colour("soft");
      pen.lineWidth = 1;
      pen.textAlign = "center";
      for (let tick = Math.ceil(from / plan.clock / step); tick * step <= to / plan.clock; tick++) {
        const x = xOf(tick * step * plan.clock);
        pen.beginPath();
        pen.moveTo(x, TOP);
        pen.lineTo(x, height - AXIS + 4);
        pen.stroke();
        const unit = step >= 50 ? 1000 : 1;
        const places = Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
        const words = tick ? (tick * step / unit).toFixed(places) + (unit === 1 ? " µs" : " ms") : "0";
        pen.fillText(words, Math.min(Math.max(x, LEFT + 20), LEFT + pixels() - 24), height - 9);
      }
      pen.textAlign = "left";
    }
    function drawRow(pen, row, top, tall, kinds, paper, isLayers) {
      const scale = pixels() / (to - from);
      const columns = new Float32Array(pixels() + 2), owner = new Int32Array(pixels() + 2).fill(-1);
      for (let at = firstVisible(row, from); at < row.length && row[at].start <= to; at++) {
        const span = row[at];
        const left = Math.max(0, (span.start - from) * scale), right = Math.min(pixels(), (span.end - from) * scale);
        if (right - left >= 2.5) {
          pen.fillStyle = kinds[span.layer];
          pen.fillRect(LEFT + left, top, right - left - 0.6, tall);
          if (isLayers && right - left > 34) label(pen, plan.layers[span.layer].name, LEFT + left, right - left, top + tall / 2, paper);
          continue;
        }
        for (let column = Math.floor(left); column <= right; column++) {
          columns[column] += Math.max(0, Math.min(right, column + 1) - Math.max(left, column));
          owner[column] = span.layer;
        }
      }
      for (let column = 0; column < columns.length; column++) {
        if (owner[column] < 0) continue;
        const share = Math.min(1, Math.max(0.06, columns[column]));
        pen.fillStyle = kinds[owner[column]];
        pen.fillRect(LEFT + column, top + tall * (1 - share), 1, tall * share);
      }
    }
    function label(pen, name, left, room, middle, paper) {
      let words = name;
      while (words.length > 2 && pen.measureText(words).width > room - 8) words = words.slice(1 + (words[0] === "…")).replace(/^/, "…");
      if (words.length <= 2 && words !== name) return;
      pen.fillStyle = paper;
      pen.fillText(words, left + 4, middle);
    }

    function view(start, end) {
      const length = Math.max(40, Math.min(total, end - start));
      const shift = Math.max(0, Math.min(total - length, start + (end - start - length) / 2));
      from = shift;
      to = shift + length;
      requestAnimationFrame(draw);
    }
    function scaleAt(x, factor) {
      const centre = cycleAt(x);
      view(centre - (centre - from) * factor, centre + (to - centre) * factor);
    }
    const middle = () => LEFT + pixels() / 2;
    zoom.addEventListener("click", (event) => {
      const action = event.target.dataset.zoom;
      if (action === "in") scaleAt(middle(), 0.5);
      if (action === "out") scaleAt(middle(), 2);
      if (action === "all") view(0, total);
    });
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      scaleAt(event.offsetX, Math.exp(Math.sign(event.deltaY) * 0.25));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = (to - from) / 5;
      const moves = { ArrowLeft: () => view(from - step, to - step), ArrowRight: () => view(from + step, to + step),
        "+": () => scaleAt(middle(), 0.5), "-": () => scaleAt(middle(), 2), "0": () => view(0, total) };
      if (!moves[event.key]) return;
      event.preventDefault();
      moves[event.key]();
    });
    const touches = new Map();
    let moved = 0;
    canvas.addEventListener("pointerdown", (event) => {
      touches.set(event.pointerId, event.offsetX);
      moved = 0;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!touches.has(event.pointerId)) return describe(event);
      const before = [...touches.values()];
      touches.set(event.pointerId, event.offsetX);
      const after = [...touches.values()];
      moved += Math.abs(after[0] - before[0]) + Math.abs((after[1] ?? 0) - (before[1] ?? 0));
      if (after.length === 1) {
        const shift = ((before[0] - after[0]) / pixels()) * (to - from);
        view(from + shift, to + shift);
      } else {
        const spread = Math.abs(after[0] - after[1]) || 1;
        scaleAt((after[0] + after[1]) / 2, (Math.abs(before[0] - before[1]) || 1) / spread);
      }
      tip.hidden = true;
    });
    canvas.addEventListener("pointerup", (event) => {
      touches.delete(event.pointerId);
      const layer = (spanAt(event) ?? slotAt(event))?.layer;
      if (moved < 5 && layer !== undefined) choose(index, layer, canvas);
    });
    canvas.addEventListener("pointercancel", (event) => touches.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
    function spanAt(event) {
      const number = event.offsetY < TOP ? 0 : 1 + Math.floor((event.offsetY - TOP) / ROW);
      const row = rows[number];
      if (!row || event.offsetX < LEFT) return null;
      const reach = (to - from) / pixels();
      const cycle = cycleAt(event.offsetX);
      const span = row[firstVisible(row, cycle - reach)];
      return span && span.start <= cycle + reach ? { ...span, unit: number ? UNITS[number - 1] : "" } : null;
    }
    function slotAt(event) {
      const cycle = cycleAt(event.offsetX);
      return event.offsetX < LEFT ? undefined : rows[0].find((slot) => slot.start <= cycle && cycle < slot.end);
    }
    function describe(event) {
      const span = spanAt(event);
      if (!span) { tip.hidden = true; return; }
      const block = span.block === undefined ? "" : span.block >= 0 ? `block ${span.block}` : span.block === -1 ? "operand that stays" : "several blocks";
      const lines = ["\u2068" + plan.layers[span.layer].name + "\u2069", [span.unit, block].filter(Boolean).join(", "),
        `${number(span.start)} to ${number(span.end)}: ${number(span.end - span.start)} cycles`,
        span.waited ? `idle for ${number(span.waited)} of them` : ""];
      showTip(lines.filter(Boolean).join("\n"), event);
    }
    redraws.push(draw);
    new ResizeObserver(draw).observe(canvas.parentElement);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    draw();
  }
  for (const figure of document.querySelectorAll("figure.time")) timeline(figure);

  /* Drawings that are wider than a phone begin where most of them is. */
  for (const box of document.querySelectorAll(".piece .scroll")) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
})();
