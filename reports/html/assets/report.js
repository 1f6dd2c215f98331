(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const json = (id) => JSON.parse($(id).textContent);
  document.documentElement.classList.add("js");

  // Language: every text of the page's own carries its key; English is what is there from the start.
  const chinese = json("words");
  const english = new Map();
  const language = $("language");
  function speak(zh) {
    document.documentElement.lang = zh ? "zh-Hans" : "en";
    for (const e of document.querySelectorAll("[data-t]")) {
      if (!english.has(e)) english.set(e, e.textContent);
      e.textContent = zh && chinese[e.dataset.t] || english.get(e);
    }
    for (const e of document.querySelectorAll("[lang=en]:not(html)")) e.hidden = zh;
    for (const e of document.querySelectorAll("[lang=zh-Hans]:not(html)")) e.hidden = !zh;
    language.textContent = zh ? "English" : "中文";
    try { localStorage.setItem("whitewater-language", zh ? "zh" : "en"); } catch { /* a page from file:// may not */ }
  }
  language.hidden = false;
  language.onclick = () => speak(document.documentElement.lang === "en");
  let kept = null;
  try { kept = localStorage.getItem("whitewater-language"); } catch { /* likewise */ }
  if (kept === "zh" || !kept && /^zh/i.test(navigator.language)) speak(true);

  const copy = $("copy");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.onclick = async () => {
      await navigator.clipboard.writeText($("again").textContent);
      copy.firstElementChild.textContent = document.documentElement.lang === "en" ? "Copied" : chinese.copied;
    };
  }

  const data = $("data") && json("data");
  if (!data || !data.ok || !data.ok.length) {
    for (const id of ["rate", "heat", "curve"]) if ($(id)) $(id).textContent = "–";
    return;
  }
  const style = () => getComputedStyle(document.documentElement);
  const color = (name) => style().getPropertyValue("--" + name).trim();
  const bandColors = { kill: "#E9A4A0", pause: "#A0B1E9", partition: "#E9DCA0", packet: "#D1E8A0", delay: "#D1E8A0", clock: "#A0E9E3" };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const phone = () => window.innerWidth < 640;
  const thousands = (v) => v == null ? "–" : Math.round(v).toLocaleString("en-US");
  const duration = (v) => v == null ? "–" : v >= 1 ? +v.toPrecision(3) + " s" : v >= 1e-3 ? +(v * 1e3).toPrecision(3) + " ms" : +(v * 1e6).toPrecision(3) + " µs";
  const seconds = (v) => v == null ? "–" : +v.toFixed(1) + " s";
  const times = data.ok.map((_, i) => (i + 0.5) * data.step);

  // One zoom for all: the charts share their horizontal scale, and the lanes follow.
  const charts = [];
  let face = "due", zooming = false;
  function zoomed(u) {
    if (zooming) return;
    zooming = true;
    const { min, max } = u.scales.x;
    for (const other of charts) if (other !== u && other.shared) other.setScale("x", { min, max });
    zooming = false;
    lanes(min, max);
  }
  function lanes(min, max) {
    const at = (v) => Math.max(-1, Math.min(2, (v - min) / (max - min)));
    for (const e of document.querySelectorAll(".lane [data-a]")) {
      const a = at(+e.dataset.a);
      e.setAttribute("x", 100 * a + "%");
      if (e.dataset.b) e.setAttribute("width", Math.max(0, 100 * (at(+e.dataset.b) - a)) + "%");
    }
    const texts = $("laneaxis") ? $("laneaxis").children : [];
    for (let i = 0; i < texts.length; i++) texts[i].textContent = seconds(min + (max - min) * i / (texts.length - 1));
  }

  function bands(u) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const b of data.bands) {
      const from = u.valToPos(b.from, "x", true), to = u.valToPos(b.to, "x", true);
      ctx.globalAlpha = dark.matches ? 0.2 : 0.3;
      ctx.fillStyle = bandColors[b.kind] || "#D5C3E8";
      ctx.fillRect(from, bbox.top, Math.max(1, to - from), bbox.height);
      ctx.globalAlpha = 1;
      ctx.fillRect(from, bbox.top, Math.max(1, to - from), 3 * devicePixelRatio);
    }
    ctx.restore();
    names(u);
  }
  // The faults' names stand above their bands, as far as there is room.
  function names(u) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.font = 11 * devicePixelRatio + "px system-ui, sans-serif";
    ctx.fillStyle = color("dim");
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    let room = bbox.left;
    for (const b of data.bands) {
      const x = u.valToPos(b.from, "x", true), wide = ctx.measureText(b.kind).width;
      if (x < room || x + wide > bbox.left + bbox.width) continue;
      ctx.fillText(b.kind, x, bbox.top - 4 * devicePixelRatio);
      room = x + wide + 6 * devicePixelRatio;
    }
    ctx.restore();
  }

  // The heat map: each column says where its first row is, and how full it is from there on.
  const low = 1e-4, perDecade = 10;
  function heat(u) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = color("ok");
    data.faces[face].heat.forEach((column, i) => {
      if (!column) return;
      const [base, levels] = column.split(":");
      const x0 = u.valToPos(i * data.step, "x", true), x1 = u.valToPos((i + 1) * data.step, "x", true);
      if (x1 < bbox.left || x0 > bbox.left + bbox.width) return;
      for (let k = 0; k < levels.length; k++) {
        const level = parseInt(levels[k], 36);
        if (!level) continue;
        const y0 = u.valToPos(low * 10 ** ((+base + k + 1) / perDecade), "y", true);
        const y1 = u.valToPos(low * 10 ** ((+base + k) / perDecade), "y", true);
        ctx.globalAlpha = 0.08 + 0.55 * level / 35;
        ctx.fillRect(x0, y0, Math.max(1, x1 - x0), Math.max(1, y1 - y0));
      }
    });
    if (face === "due") {
      ctx.globalAlpha = 0.9;
      const colors = [color("ok"), color("fail"), color("info")], r = 1.4 * devicePixelRatio;
      for (const [t, v, outcome] of data.points) {
        if (!outcome) continue;
        ctx.fillStyle = colors[outcome];
        ctx.fillRect(u.valToPos(t, "x", true) - r, u.valToPos(v, "y", true) - r, 2 * r, 2 * r);
      }
    }
    ctx.restore();
  }

  function axes(format, left, more) {
    const common = () => ({ stroke: color("dim"), grid: { stroke: color("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" });
    return [
      { ...common(), grid: { show: false }, size: 28, values: (_, at) => at.map(seconds), space: 60 },
      { ...common(), size: left, values: (_, at) => at.map((v) => v == null ? "" : format(v)), space: 36, ...more },
    ];
  }
  const line = (label, name, value, more) => ({ label, stroke: color(name), width: 1.5, points: { show: false }, value: (_, v) => value(v), ...more });
  const width = (e) => Math.max(240, e.clientWidth);
  const left = () => phone() ? 54 : 58;

  // A logarithmic axis has a line for each power of ten; more would be noise.
  const decades = {
    splits: (u, _, min, max) => {
      const at = [];
      for (let p = Math.ceil(Math.log10(min) - 1e-9); p <= Math.log10(max) + 1e-9; p++) at.push(10 ** p);
      return at;
    },
    filter: (_, splits) => splits,
  };

  function base(e, height, format, more) {
    return {
      width: width(e), height, padding: [18, 16, 0, 0],
      cursor: { sync: { key: "time" }, drag: { x: true, y: false }, points: { size: 6 } },
      legend: { live: true }, axes: axes(format, left(), more),
    };
  }

  function rate() {
    const e = $("rate");
    const u = new uPlot({
      ...base(e, phone() ? 180 : 210, thousands),
      scales: { x: { time: false, range: (_, a, b) => [a === times[0] ? 0 : a, b === times[times.length - 1] ? data.length : b] }, y: { range: (_, a, b) => [0, Math.max(1, b * 1.06)] } },
      series: [
        { label: "time", value: (_, v) => seconds(v) },
        line("offered", "dim", thousands, { dash: [4, 3], width: 1 }),
        line("ok/s", "ok", thousands, { fill: color("ok") + "22" }),
        line("info", "info", thousands, { dash: [7, 2] }),
        line("fail", "fail", thousands, { dash: [2, 2] }),
      ],
      hooks: { drawClear: [bands], setScale: [(u, key) => { if (key === "x") zoomed(u); }] },
    }, [times, data.due, data.ok, data.info, data.fail], e);
    u.shared = true;
    return u;
  }

  const faceData = () => [times, data.faces[face].p50, data.faces[face].p99, data.faces[face].max];
  function latencies() {
    const e = $("heat");
    const top = Math.max(...["due", "send"].flatMap((f) => data.faces[f].max), 0.01);
    const ceiling = 10 ** Math.ceil(Math.log10(top * 1.05));
    const u = new uPlot({
      ...base(e, phone() ? 220 : 280, duration, decades),
      scales: { x: { time: false, range: (_, a, b) => [a === times[0] ? 0 : a, b === times[times.length - 1] ? data.length : b] }, y: { distr: 3, range: [low, ceiling] } },
      series: [
        { label: "time", value: (_, v) => seconds(v) },
        line("p50", "ok", duration),
        line("p99", "fg", duration, { dash: [6, 2] }),
        line("max", "fail", duration, { dash: [2, 2], width: 1 }),
      ],
      hooks: { drawClear: [bands, heat], setScale: [(u, key) => { if (key === "x") zoomed(u); }] },
    }, faceData(), e);
    u.shared = true;
    return u;
  }

  // The percentile curve: the horizontal axis is 1/(1-p), so that 99.9 % is as far from 99 % as 99 % from 90 %.
  let op = data.order[0];
  const looks = { "due quiet": ["ok", []], "send quiet": ["ok", [2, 3]], "due faulty": ["fail", []], "send faulty": ["fail", [2, 3]] };
  function curve() {
    const e = $("curve"), set = data.ops[op] || {};
    const names = Object.keys(looks).filter((n) => set[n]);
    const ms = (v) => v == null ? "–" : duration(v / 1e3);
    const percent = (x) => +(100 * (1 - 1 / x)).toFixed(4) + " %";
    const most = data.axis.filter((_, i) => names.some((n) => set[n][i] != null));
    const a = axes(ms, left(), decades);
    a[0].values = (_, at) => at.map((v) => v == null ? "" : percent(v));
    a[0].splits = () => [1, 10, 100, 1e3, 1e4, 1e5].filter((v) => v <= most[most.length - 1] * 1.01);
    a[0].filter = (_, splits) => splits;
    a[0].grid = { stroke: color("line"), width: 1 };
    return new uPlot({
      ...base(e, phone() ? 220 : 260, ms), axes: a, padding: [10, 30, 0, 0],
      cursor: { drag: { x: true, y: false }, points: { size: 6 } },
      scales: { x: { time: false, distr: 3, range: (_, a, b) => [a, Math.max(b, 10)] }, y: { distr: 3 } },
      series: [{ label: "p", value: (_, v) => v == null ? "–" : percent(v) },
        ...names.map((n) => line(n, looks[n][0], ms, { dash: looks[n][1], spanGaps: false }))],
    }, [data.axis.slice(0, most.length), ...names.map((n) => set[n].slice(0, most.length))], e);
  }

  function pressed(group, button) {
    for (const b of group.children) b.setAttribute("aria-pressed", b === button);
  }
  let percentiles = null;
  function draw() {
    for (const u of charts.splice(0)) u.destroy();
    charts.push(rate(), latencies());
    if (percentiles) percentiles.destroy();
    percentiles = data.order.length ? curve() : null;
    lanes(0, data.length);
  }
  if ($("face")) for (const b of $("face").children) b.onclick = () => {
    face = b.dataset.face;
    pressed($("face"), b);
    charts[1].setData(faceData(), false);
    charts[1].redraw();
  };
  for (const name of data.order) {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = name;
    b.onclick = () => { op = name; pressed($("ops"), b); percentiles.destroy(); percentiles = curve(); };
    b.setAttribute("aria-pressed", name === op);
    $("ops").append(b);
  }
  draw();
  dark.addEventListener("change", draw);
  let last = window.innerWidth, waiting = 0;
  addEventListener("resize", () => {
    if (window.innerWidth === last) return;
    last = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(draw, 120);
  });
})();
