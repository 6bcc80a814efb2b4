// The page of the editor of events; what it exchanges with Python is described in event_editor.py.
const WIDTH = 940, HEIGHT = 420, LEFT = 62, RIGHT = 12, TOP = 124, BOTTOM = 36;
const COLOURS = { both: "#1a1a1a", left: "#0072b2", right: "#d55e00" };
const DECISIONS = {
  move_event: "move the dragged events", exclude: "exclude the repetition", keep: "keep it despite its flags",
  swap_sides: "swap left and right (whole trial)",
};
// Shown before the first event and after the last one [s].
const BEFORE_S = 0.3, AFTER_S = 0.5, NAME_ROWS = 7;

const words = (name) => name.replaceAll("_", " ").replace("takeoff", "take-off");

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function draw(tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

// Distance of ticks: 1, 2 or 5 times a power of ten, at most `most` in the range.
function tickStep(range, most) {
  const power = 10 ** Math.floor(Math.log10(range / most));
  return power * [1, 2, 5, 10].find((factor) => range / (power * factor) <= most);
}

function render({ model, el }) {
  const root = make("div", { class: "legsci-editor" });
  const picks = ["participant", "session", "trial", "repetition"].map((name) => [name, make("select", { "aria-label": name })]);
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "force-time curve with events" });
  const reset = make("button", { type: "button" }, "back to the events as they were");
  const undo = make("button", { type: "button", class: "undo", title: "takes back the last change; where nothing is changed, the decision written last" }, "undo");
  const whole = make("button", { type: "button" }, "whole repetition");
  const near = make("button", { type: "button" }, "events");
  const decide = make("select", { "aria-label": "decision" });
  for (const [name, text] of [["", "no decision"], ...Object.entries(DECISIONS)]) decide.append(make("option", { value: name }, text));
  const reason = make("input", { placeholder: "reason", "aria-label": "reason", size: 40 });
  const initials = make("input", { placeholder: "initials", "aria-label": "initials", size: 8 });
  const write = make("button", { type: "button", class: "write" }, "write into curation.tsv");
  const message = make("div", { class: "message", role: "status" });
  const answer = make("div", { class: "answer" });
  root.append(
    make("b", {}, model.get("title")),
    make("div", { class: "row" }, ...picks.map(([name, list]) => make("label", {}, `${name} `, list))),
    svg,
    make("div", { class: "hint" }, "Drag an event, or click it and use the arrow keys (one sample; with shift ten). Wheel: zoom. Drag beside the events: move the view."),
    make("div", { class: "row" }, "view ", near, whole, undo, reset, make("span", { class: "busy" }, "measuring ...")),
    answer,
    make("div", { class: "row" }, make("label", {}, "decision ", decide), reason, initials, write),
    message,
  );
  el.append(root);

  let force = [], view = [0, 1], moved = {}, waiting = false, next = null, steps = [], last = { what: "", moved: {} };

  const curve = () => model.get("curve");
  const x = (seconds) => LEFT + ((seconds - view[0]) / (view[1] - view[0])) * (WIDTH - LEFT - RIGHT);
  const seconds = (event) => {
    const box = svg.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * WIDTH;
    return view[0] + ((at - LEFT) / (WIDTH - LEFT - RIGHT)) * (view[1] - view[0]);
  };
  const duration = () => force.length ? force[0].length / curve().rate : 1;

  // One decision is tried at a time; while Python measures, only the last one waits.
  function attempt() {
    const now = { what: decide.value, moved: { ...moved } };
    if (waiting) { next = now; return; }
    if (JSON.stringify(now) === JSON.stringify(model.get("decision"))) return;
    wait(true);
    model.set("decision", now);
    model.save_changes();
  }

  // What was tried before each change, for the button that takes changes back.
  function changed() {
    steps.push(last);
    last = { what: decide.value, moved: { ...moved } };
  }

  function forget() {
    [steps, last] = [[], { what: "", moved: {} }];
    [moved, decide.value] = [{}, ""];
  }

  function takeBack() {
    if (!steps.length) { model.send({ undo: true }); return; }
    last = steps.pop();
    [moved, decide.value] = [{ ...last.moved }, last.what];
    paint();
    attempt();
  }

  function wait(on) {
    waiting = on;
    root.classList.toggle("waiting", on);
  }

  function path(row, y) {
    const { rate } = curve(), points = [];
    const first = Math.max(Math.floor(view[0] * rate), 0), last = Math.min(Math.ceil(view[1] * rate) + 1, row.length);
    const step = Math.max(Math.floor((last - first) / (2 * WIDTH)), 1);
    for (let start = first; start < last; start += step) {
      let low = start, high = start;
      for (let k = start; k < Math.min(start + step, last); k += 1) {
        if (row[k] < row[low]) low = k;
        if (row[k] > row[high]) high = k;
      }
      for (const k of low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) {
        if (Number.isFinite(row[k])) points.push(`${x(k / rate).toFixed(1)},${y(row[k]).toFixed(1)}`);
      }
    }
    return points.join(" ");
  }

  function paint() {
    svg.replaceChildren();
    const { recorded, weight, events, rate } = curve();
    if (!events) {
      svg.append(draw("text", { x: 20, y: 40 }, "There is no force-time curve of this trial."));
      return;
    }
    const inside = force[0].subarray(Math.max(Math.floor(view[0] * rate), 0), Math.ceil(view[1] * rate) + 1);
    const highest = Math.max(1.05 * inside.reduce((a, b) => Math.max(a, Number.isFinite(b) ? b : a), 0), 1.2 * (weight ?? 1));
    const y = (newtons) => TOP + (1 - newtons / highest) * (HEIGHT - TOP - BOTTOM);
    svg.append(draw("defs", {}));
    svg.firstChild.innerHTML = `<clipPath id="inside"><rect x="${LEFT}" y="0" width="${WIDTH - LEFT - RIGHT}" height="${HEIGHT}"/></clipPath>`;
    const axis = { stroke: "#888", "stroke-width": 0.8 }, small = { "font-size": 11, fill: "#333" };
    for (let at = 0, step = tickStep(highest, 6); at <= highest; at += step) {
      svg.append(draw("line", { ...axis, x1: LEFT - 4, x2: LEFT, y1: y(at), y2: y(at) }));
      svg.append(draw("text", { ...small, x: LEFT - 7, y: y(at) + 4, "text-anchor": "end" }, String(Math.round(at))));
    }
    const step = tickStep(view[1] - view[0], 10), digits = Math.max(0, -Math.floor(Math.log10(step)));
    for (let at = Math.ceil(view[0] / step) * step; at <= view[1]; at += step) {
      svg.append(draw("line", { ...axis, x1: x(at), x2: x(at), y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 4 }));
      svg.append(draw("text", { ...small, x: x(at), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, at.toFixed(digits)));
    }
    svg.append(draw("line", { ...axis, x1: LEFT, x2: WIDTH - RIGHT, y1: y(0), y2: y(0) }));
    svg.append(draw("line", { ...axis, x1: LEFT, x2: LEFT, y1: TOP, y2: HEIGHT - BOTTOM }));
    svg.append(draw("text", { ...small, x: (LEFT + WIDTH) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "time of the trial [s]"));
    svg.append(draw("text", { ...small, transform: `translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }, "vertical force [N]"));
    const group = draw("g", { "clip-path": "url(#inside)" });
    svg.append(group);
    if (weight) group.append(draw("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(weight), y2: y(weight), stroke: "#555", "stroke-dasharray": "6 4" }));
    curve().sides.forEach((side, row) => {
      if (recorded.includes(side)) group.append(draw("polyline", { points: path(force[row], y), fill: "none", stroke: COLOURS[side], "stroke-width": side === "both" ? 1.6 : 1 }));
    });
    recorded.length > 1 && recorded.forEach((side, k) => svg.append(draw("text", { "font-size": 11, fill: COLOURS[side], x: WIDTH - RIGHT - 4, y: TOP + 14 * (k + 1), "text-anchor": "end" }, side)));
    paintEvents(group);
  }

  // Names stand in rows, so that those of neighbouring events do not cover one another.
  function paintEvents(group) {
    const times = { ...curve().events, ...moved };
    const names = Object.keys(times).sort((a, b) => times[a] - times[b]);
    const ends = Array(NAME_ROWS).fill(-Infinity);
    for (const name of names) {
      const at = x(times[name]), long = 6.4 * words(name).length + 52;
      if (at < LEFT - 1 || at > WIDTH - RIGHT + 1) continue;
      let row = ends.findIndex((end) => end < at - 6);
      if (row < 0) row = ends.indexOf(Math.min(...ends));
      ends[row] = at + long;
      const high = 14 + 16 * row, turned = at + long > WIDTH;
      const mark = draw("g", { class: `event${name in moved ? " moved" : ""}`, tabindex: 0, "data-event": name, role: "slider", "aria-label": words(name), "aria-valuenow": times[name].toFixed(4) });
      mark.append(draw("line", { x1: at, x2: at, y1: 0, y2: HEIGHT - BOTTOM, stroke: "transparent", "stroke-width": 12 }));
      mark.append(draw("line", { class: "mark", x1: at, x2: at, y1: high - 10, y2: HEIGHT - BOTTOM, stroke: "#555", "stroke-width": 1.3 }));
      mark.append(draw("rect", { x: turned ? at - long : at, y: high - 11, width: long, height: 15, fill: "#fff", "fill-opacity": 0.8 }));
      mark.append(draw("text", { x: turned ? at - 4 : at + 4, y: high, "font-size": 12, "text-anchor": turned ? "end" : "start" }, `${words(name)} ${times[name].toFixed(3)}`));
      mark.addEventListener("pointerdown", (event) => drag(event, name));
      mark.addEventListener("keydown", (event) => nudge(event, name));
      group.append(mark);
    }
  }

  function place(name, at) {
    const { rate } = curve(), last = duration() - 1 / rate;
    moved[name] = Number((Math.round(Math.min(Math.max(at, 0), last) * rate) / rate).toFixed(6));
    decide.value = "move_event";
    paint();
    attempt();
  }

  function nudge(event, name) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    place(name, ({ ...curve().events, ...moved })[name] + (way * (event.shiftKey ? 10 : 1)) / curve().rate);
    changed();
    svg.querySelector(`[data-event=${name}]`)?.focus();
  }

  function follow(move, done = () => {}) {
    const stop = () => { window.removeEventListener("pointermove", move); window.removeEventListener("pointerup", stop); done(); };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", stop);
  }

  function drag(event, name) {
    event.preventDefault();
    event.stopPropagation();
    const apart = ({ ...curve().events, ...moved })[name] - seconds(event);
    follow((now) => place(name, seconds(now) + apart), () => { if (moved[name] !== last.moved[name]) changed(); });
    svg.querySelector(`[data-event=${name}]`)?.focus();
  }

  function see(first, last) {
    const least = 20 / (curve().rate || 1000), length = Math.min(Math.max(last - first, least), duration());
    const start = Math.min(Math.max(first, 0), duration() - length);
    view = [start, start + length];
    paint();
  }

  function toEvents() {
    const times = Object.values(curve().events), [first, last] = times.length ? [Math.min(...times), Math.max(...times)] : curve().window;
    see(first - BEFORE_S, last + AFTER_S);
  }

  svg.addEventListener("pointerdown", (event) => {
    const from = seconds(event), [first, last] = view;
    follow((now) => { view = [first, last]; const by = from - seconds(now); see(first + by, last + by); });
  });
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const at = seconds(event), factor = event.deltaY > 0 ? 1.25 : 0.8;
    see(at - (at - view[0]) * factor, at + (view[1] - at) * factor);
  }, { passive: false });

  function fill(list, values, chosen) {
    list.replaceChildren(...values.map((value) => make("option", { value }, String(value))));
    list.value = chosen;
  }

  function choose() {
    const sessions = model.get("sessions"), [who, visit, trial, rep] = model.get("chosen");
    fill(picks[0][1], Object.keys(sessions), who);
    fill(picks[1][1], Object.keys(sessions[who]), visit);
    fill(picks[2][1], sessions[who][visit], trial);
    fill(picks[3][1], curve().reps ?? [rep], rep);
  }

  picks.forEach(([, list], level) => list.addEventListener("change", () => {
    const sessions = model.get("sessions");
    let [who, visit, trial, rep] = picks.map(([, each]) => each.value);
    if (level === 0) visit = Object.keys(sessions[who])[0];
    if (level <= 1) trial = sessions[who][visit][0];
    if (level <= 2) rep = 1;
    forget();
    wait(true);
    model.set("chosen", [who, visit, trial, Number(rep)]);
    model.save_changes();
  }));

  function showCurve() {
    const { sides } = curve();
    const values = new Float32Array(model.get("force").buffer.slice(model.get("force").byteOffset, model.get("force").byteOffset + model.get("force").byteLength));
    const count = sides ? values.length / sides.length : 0;
    force = (sides ?? []).map((_, row) => values.subarray(row * count, (row + 1) * count));
    choose();
    if (sides) toEvents();
    else paint();
  }

  function showAnswer() {
    const { metrics = [], status = [], flags = [], message: said = "" } = model.get("answer");
    message.textContent = said;
    const table = make("table", {}, make("tr", {}, ...["metric", "side", "without decisions", "with decisions", "unit"].map((text) => make("th", {}, text))));
    for (const row of [...metrics].sort((a, b) => b.changed - a.changed)) {
      const cells = [row.metric, row.side, row.before, row.after, row.unit].map((text, k) => make("td", k === 2 || k === 3 ? { class: "number" } : {}, text));
      table.append(make("tr", { class: row.changed ? "changed" : "", "data-column": row.column, "data-side": row.side }, ...cells));
    }
    const list = make("ul", { class: "flags" });
    for (const flag of flags) {
      const note = { before: "without decisions: ", after: "with decisions: ", both: "" }[flag.where];
      list.append(make("li", {}, make("b", {}, note), `${flag.severity}: `, make("span", { class: flag.where === "before" ? "before" : "" }, flag.sentence)));
    }
    const states = status.map((row) => make("div", { class: "status" }, "status: ", row.before === row.after ? row.after : `${row.before} without decisions, ${row.after} with decisions`));
    answer.replaceChildren(...states, list, make("div", { class: "scroll" }, table));
    wait(false);
    if (next) { next = null; attempt(); }
  }

  decide.addEventListener("change", () => { if (decide.value !== "move_event") moved = {}; changed(); paint(); attempt(); });
  reset.addEventListener("click", () => { moved = {}; decide.value = ""; changed(); paint(); attempt(); });
  undo.addEventListener("click", takeBack);
  whole.addEventListener("click", () => { see(...curve().window); });
  near.addEventListener("click", toEvents);
  write.addEventListener("click", () => model.send({ reason: reason.value, initials: initials.value }));
  write.title = model.get("target");

  model.on("change:curve", showCurve);
  model.on("change:answer", showAnswer);
  model.on("change:decision", () => {
    // Python takes the decision back once it is written.
    if (model.get("decision").what === "" && !waiting && decide.value !== "") forget();
  });
  showCurve();
  showAnswer();
}

export default { render };
