"use strict";
// The live page: asks once a second what is new, and draws it. It never asks while the page is hidden.
(() => {
  const $ = (id) => document.getElementById(id);
  const page = $("live"), api = page.dataset.api, every = 1000, shown = 600;
  const put = (id, text) => { const e = $(id); if (e.textContent !== text) e.textContent = text; };
  const get = async (url) => {
    const answer = await fetch(url, { cache: "no-store" });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error);
    return body;
  };
  function repeat(work) {
    const again = async () => {
      if (!document.hidden && await work()) return;
      setTimeout(again, every);
    };
    again();
  }

  if (!api) {
    repeat(async () => {
      try {
        const { runs } = await get("/api/live");
        if (runs.length) return location.reload(), true;
      } catch { /* the server is gone: it may come back */ }
      return false;
    });
    return;
  }

  const count = (v) => v.toLocaleString("en-US");
  const duration = (v) => v == null ? "–" : v >= 1 ? +v.toPrecision(3) + " s" : v >= 1e-3 ? +(v * 1e3).toPrecision(3) + " ms" : +(v * 1e6).toPrecision(3) + " µs";
  const clock = (v) => v.toFixed(0) + " s";
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const hues = { kill: "#E9A4A0", pause: "#A0B1E9", partition: "#E9DCA0", packet: "#D1E8A0", delay: "#D1E8A0", clock: "#A0E9E3" };
  const stages = {
    launch: "The cluster is being launched.", "warm-up": "Warm-up: judged, not measured.", load: "Under load.", healing: "Faults are healed, members catch up.",
    "final reads": "Every key is read through every member.", checking: "The history is being checked.",
  };
  let seconds = [], state = null, followed = false;

  // Faults lie behind the curves, to the present while they last.
  function bands(u) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const f of state.faults || []) {
      const from = u.valToPos(f.start - state.load_start, "x", true);
      const to = u.valToPos((f.end == null ? state.now : f.end) - state.load_start, "x", true);
      ctx.globalAlpha = dark.matches ? 0.2 : 0.3;
      ctx.fillStyle = hues[f.kind] || "#D5C3E8";
      ctx.fillRect(from, bbox.top, Math.max(1, to - from), bbox.height);
    }
    ctx.restore();
  }
  const line = (label, name, value, more) => ({ label, stroke: () => color(name), width: 1.5, points: { show: false }, value: (_, v) => value(v), ...more });
  const axis = (more) => ({ stroke: () => color("dim"), grid: { stroke: () => color("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif", ...more });
  const number = (v) => v == null ? "–" : count(Math.round(v));
  const charts = [];
  function chart(id, y, series, format, more) {
    const e = $(id);
    const u = new uPlot({
      width: Math.max(240, e.clientWidth), height: 200, padding: [12, 16, 0, 0], cursor: { sync: { key: "live" }, drag: { x: false, y: false } },
      scales: { x: { time: false }, y }, legend: { live: true },
      axes: [axis({ grid: { show: false }, size: 28, space: 60, incrs: [1, 2, 5, 10, 20, 30, 60, 120, 300, 600], values: (_, at) => at.map((v) => v + " s") }), axis({ size: 58, space: 36, values: (_, at) => at.map((v) => v == null ? "" : format(v)), ...more })],
      series: [{ label: "time", value: (_, v) => v == null ? "–" : v + " s" }, ...series], hooks: { drawClear: [bands] },
    }, series.map(() => []).concat([[]]), e);
    charts.push(u);
    return u;
  }
  const decades = (u, _, min, max) => {
    const at = [];
    for (let p = Math.floor(Math.log10(min)); p <= Math.ceil(Math.log10(max)); p++) at.push(10 ** p);
    return at;
  };
  let throughput, latency;
  function draw() {
    if (!seconds.length) return; // axes of nothing would have made-up numbers
    if (!throughput) {
      throughput = chart("throughput", { range: (_, min, max) => [0, Math.max(10, max * 1.1)] }, [
        line("ok", "ok", number), line("unknown", "info", number, { dash: [2, 3] }), line("fail", "fail", number, { dash: [8, 3] }),
      ], number);
      latency = chart("latency", { distr: 3, range: (_, min, max) => [10 ** Math.floor(Math.log10(min || 1e-4)), 10 ** Math.ceil(Math.log10(max || 1))] }, [
        line("p50", "ok", duration), line("p99", "fail", duration, { dash: [8, 3] }), line("longest", "info", duration, { dash: [2, 3] }),
      ], duration, { splits: decades, filter: (_, at) => at });
    }
    const x = seconds.map((s) => Math.round(s.t - state.load_start)), of = (key) => seconds.map((s) => s[key]);
    throughput.setData([x, of("ok"), of("unknown"), of("fail")]);
    latency.setData([x, of("p50"), of("p99"), of("max")]);
  }

  function element(name, text, kind) {
    const e = document.createElement(name);
    e.textContent = text;
    if (kind) e.className = kind;
    return e;
  }
  function row(head, cells, kind) {
    const tr = document.createElement("tr");
    if (kind) tr.className = kind;
    tr.append(element("th", head), ...cells.map(([text, kind]) => element("td", text, kind)));
    return tr;
  }

  // The last second that is over: the present one is not full yet.
  function numbers() {
    const last = seconds.length > 1 ? seconds[seconds.length - 2] : seconds[0];
    if (last) {
      put("rate", count(last.ok) + "/s");
      put("p50", duration(last.p50));
      put("p99", duration(last.p99));
      put("sendp99", duration(last.send_p99));
      put("unknown", count(last.unknown) + "/s");
    }
    put("offered", state.meta.rate ? count(state.meta.rate) + "/s" : "closed loop");
    put("leader", state.leader ? state.leader + ", term " + state.term : "none");
    put("clock", clock(Math.max(0, state.now - state.load_start)));
  }
  function words() {
    const run = state.run, running = run.state === "running";
    const title = run.verdict || (running ? "RUNNING" : "NOT JUDGED");
    put("words", title);
    document.title = title + " · Whitewater";
    $("verdict").className = "verdict " + (run.verdict ? (run.exit_code === 0 ? "good" : [1, 3, 70].includes(run.exit_code) ? "bad" : "open") : "open");
    const ended = run.state === "finished" && run.verdict;
    if (ended && followed && !state.behind) return location.reload(), true; // for the page's head: verdict, report, size
    followed = followed || running;
    const reason = ended ? run.reason + " " : running ? (state.behind ? "Reading what was recorded so far." : stages[state.stage] || state.stage) : "Nobody writes this run any more, and it was not judged: whitewater check " + run.id;
    if ($("reason").textContent !== reason + (ended ? "The report" : "")) {
      $("reason").textContent = reason;
      if (ended) {
        const link = element("a", "The report");
        link.href = run.url;
        $("reason").append(link);
      }
    }
    return ended && !state.behind;
  }
  function tables() {
    $("members").replaceChildren(...(state.members || []).map((m) => element("li", m.node + " " + m.state, m.state)));
    $("faults").replaceChildren(...(state.faults || []).slice(-30).reverse().map((f) => row(f.text, [
      [clock(f.start - state.load_start) + " – " + (f.end == null ? "now" : clock(f.end - state.load_start)), "n"],
      [f.error || (f.took_effect ? "took effect" : f.end == null ? "" : "no effect seen"), f.error ? "wide" : ""],
    ], f.end == null ? "lasting" : "")));
    if (!(state.faults || []).length) $("faults").replaceChildren(row("none so far", []));
    $("ops").replaceChildren(...(state.ops || []).map((o) => row(o.op, [count(o.ok), count(o.fail), count(o.unknown), duration(o.p50), duration(o.p99)].map((text) => [text, "n"]))));
  }

  window.addEventListener("resize", () => charts.forEach((u) => u.setSize({ width: Math.max(240, u.root.parentElement.clientWidth), height: 200 })));
  dark.addEventListener("change", () => charts.forEach((u) => u.redraw()));

  repeat(async () => {
    try {
      // The last seconds are asked for again: what was answered in them may have come in meanwhile.
      const since = seconds.length ? seconds[seconds.length - 1].t - 4 : -1;
      state = await get(api + "?since=" + since);
      seconds = seconds.filter((s) => s.t < since).concat(state.seconds).slice(-shown);
      const ended = words();
      numbers();
      tables();
      draw();
      return ended;
    } catch (err) {
      put("reason", "The page has lost its server: " + err.message);
      return false;
    }
  });
})();
