"use strict";
const $ = id => document.getElementById(id);
const svg = (name, attrs) => {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const k in attrs) e.setAttribute(k, attrs[k]);
  return e;
};
const el = (name, text, cls) => {
  const e = document.createElement(name);
  e.textContent = text;
  if (cls) e.className = cls;
  return e;
};

function bands(chart, v, height) {
  const first = Math.max(0, v.total - v.seconds.length);
  for (const f of v.faults || []) {
    const end = f.end || v.total;
    chart.append(svg("rect", { class: "fault", x: f.start - first, y: 0, width: Math.max(.2, end - f.start), height }));
  }
}

function rate(v) {
  const chart = $("rate"), top = Math.max(1, ...v.seconds.map(s => s.ok + s.fail + s.unknown));
  chart.setAttribute("viewBox", `0 0 ${Math.max(10, v.seconds.length)} ${top}`);
  chart.replaceChildren();
  v.seconds.forEach((s, i) => {
    let y = top;
    for (const kind of ["ok", "unknown", "fail"]) {
      y -= s[kind];
      if (s[kind]) chart.append(svg("rect", { class: kind, x: i + .05, y, width: .9, height: s[kind] }));
    }
  });
  bands(chart, v, top);
  const last = v.seconds[v.seconds.length - 2] || { ok: 0, fail: 0, unknown: 0 };
  $("rate-text").textContent = `last full second: ${last.ok} ok, ${last.unknown} unknown, ${last.fail} failed; scale 0 to ${top}`;
}

function latency(v) {
  const chart = $("latency"), top = Math.max(1, ...v.seconds.map(s => s.max_ms));
  chart.setAttribute("viewBox", `0 0 ${Math.max(10, v.seconds.length)} 100`);
  const y = ms => 100 - 100 * Math.log1p(ms) / Math.log1p(top);
  chart.replaceChildren(svg("polyline", { class: "line", points: v.seconds.map((s, i) => `${i + .5},${y(s.max_ms)}`).join(" ") }));
  bands(chart, v, 100);
  $("latency-text").textContent = `longest so far ${v.totals.max_ms.toFixed(1)} ms; logarithmic scale`;
}

function show(v) {
  v.seconds = v.seconds || [];
  v.total = v.seconds.length;
  $("title").textContent = v.id ? `${v.scenario} · ${v.id}` : "No runs yet";
  $("state").textContent = `${v.running ? v.stage : v.verdict || v.stage} · ${v.totals.ok} ok, ${v.totals.unknown} unknown, ${v.totals.fail} failed`;
  if (v.id && !v.running) {
    const a = el("a", " report");
    a.href = v.folder + "report.html";
    $("state").append(a);
  }
  $("nodes").replaceChildren(...(v.nodes || []).map(n =>
    el("li", `${n.up ? (n.leader ? "●" : "○") : "✗"} ${n.id} ${n.up ? (n.leader ? "leader" : "follower") : n.state || "silent"} · term ${n.term}`, n.up ? "" : "bad")));
  rate(v);
  latency(v);
  $("faults").replaceChildren(...(v.faults || []).map(f => {
    const tr = document.createElement("tr");
    tr.append(el("td", f.start.toFixed(1) + " s"), el("td", f.name), el("td", (f.nodes || []).join(", ")),
      el("td", f.end ? f.end.toFixed(1) + " s" : "active"), el("td", f.took_effect ? "✓" : f.end ? "✗" : "…"));
    return tr;
  }));
}

async function tick() {
  try {
    const answer = await fetch("/live.json");
    if (!answer.ok) throw new Error(await answer.text());
    show(await answer.json());
  } catch (e) {
    $("state").textContent = "no answer: " + e.message;
  }
  setTimeout(tick, 1000);
}
tick();
