"use strict";
const WORDS = {
  vi: {
    other: "English", out: "Đăng xuất", title: "Không đạt yêu cầu", none: "Mọi nguồn nước đều đạt yêu cầu, hoặc sổ đăng ký chưa có nguồn nào.",
    count: (n) => `${n} nguồn nước`, live: "Trực tiếp", lost: (t) => `Mất kết nối từ ${t}: số liệu dưới đây đã cũ`, loading: "Đang tải…",
    since: "từ", needs: "yêu cầu", limit: "giới hạn", never: "chưa từng có tín hiệu", heard: "tín hiệu", ago: (t) => `${t} trước`,
    news: "Có thay đổi: xem danh sách mới", more: (n) => `và ${n} nguồn nữa`, alerts: (n) => `${n} cảnh báo`,
    verdict: { usable: "dùng được", degraded: "yếu", unusable: "không dùng được", unknown: "chưa rõ" },
    reason: {
      planned: "chưa xây", removed: "đã bỏ", out_of_service: "ngừng sử dụng", maintenance: "đang bảo trì", supply_hours: "ngoài giờ cấp nước",
      low_static: "áp lực thấp", low_residual: "áp lực thấp khi lấy nước", high_pressure: "áp lực quá cao", flow_deficit: "thiếu lưu lượng",
      flow_unproven: "lưu lượng chưa được thử", tank_low: "bể thiếu nước", draw_low: "mực nước quá thấp", stale: "mất tín hiệu",
      no_data: "chưa có số liệu", no_requirement: "chưa có yêu cầu", no_evidence: "chưa đủ số liệu", invalid: "số đo sai" },
    note: { shared_main: "nguồn gần đó đang lấy nước", in_use: "đang lấy nước" },
    unit: { s: "giây", m: "phút", h: "giờ", d: "ngày" },
  },
  en: {
    other: "Tiếng Việt", out: "Log out", title: "Below requirement", none: "Every source meets its requirement, or the register has none yet.",
    count: (n) => (n === 1 ? "1 source" : `${n} sources`), live: "Live", lost: (t) => `Connection lost since ${t}: what stands below is old`, loading: "Loading…",
    since: "since", needs: "needs", limit: "limit", never: "never heard", heard: "heard", ago: (t) => `${t} ago`,
    news: "Something changed: show the new list", more: (n) => `and ${n} more`, alerts: (n) => (n === 1 ? "1 alert" : `${n} alerts`),
    verdict: { usable: "usable", degraded: "degraded", unusable: "unusable", unknown: "unknown" }, note: { shared_main: "a source nearby is in use", in_use: "in use" },
    reason: {
      planned: "not yet built", removed: "removed", out_of_service: "out of service", maintenance: "under maintenance", supply_hours: "outside supply hours",
      low_static: "low pressure", low_residual: "low pressure in use", high_pressure: "pressure too high", flow_deficit: "too little flow",
      flow_unproven: "flow not proven", tank_low: "tank low", draw_low: "water too low to draw", stale: "silent",
      no_data: "never heard", no_requirement: "no requirement entered", no_evidence: "not enough readings", invalid: "invalid readings" },
    unit: { s: "s", m: "min", h: "h", d: "d" },
  },
};
const SHAPE = { usable: "●", degraded: "▲", unusable: "■", unknown: "◇" };
const $ = (id) => document.getElementById(id);
let language = localStorage.getItem("language") || (/^vi/.test(navigator.language) ? "vi" : navigator.language ? "en" : "vi");
let flags = [], total = 0, readAt = 0, lostAt = null, loaded = false, reading = null, again = false;

const say = () => WORDS[language];
const number = (v) => v.toLocaleString(language, { maximumFractionDigits: 2 });
// The city's own time, wherever the reader's clock stands; dd/MM in both languages.
function clock(at) {
  const parts = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", day: "2-digit", month: "2-digit", hourCycle: "h23", timeZone: "Asia/Ho_Chi_Minh" })
    .formatToParts(new Date(at));
  const of = (type) => parts.find((p) => p.type === type).value;
  return `${of("hour")}:${of("minute")} ${of("day")}/${of("month")}`;
}
function age(s) {
  const u = say().unit;
  return say().ago(s < 90 ? `${s} ${u.s}` : s < 5400 ? `${Math.round(s / 60)} ${u.m}` : s < 129600 ? `${Math.round(s / 3600)} ${u.h}` : `${Math.round(s / 86400)} ${u.d}`);
}
function el(tag, kind, text) {
  const e = document.createElement(tag);
  if (kind) e.className = kind;
  if (text !== undefined) e.textContent = text;
  return e;
}
function shown(quantity, value) {
  if (quantity.endsWith("_kpa")) return `${number(value / 100)} bar`;
  const units = { flow_lps: "L/s", available_flow_lps: "L/s", level_m: "m", volume_total_m3: "m³" };
  return `${number(value)} ${units[quantity] || ""}`.trim();
}
const aged = (s) => s + Math.round((Date.now() - readAt) / 1000);

function valueLine(m) {
  const line = el("div");
  line.append(el("span", "value", shown(m.quantity, m.value)));
  if (m.limit !== null) line.append(el("span", "quiet", `${m.margin === m.limit - m.value ? say().limit : say().needs} ${shown(m.quantity, m.limit)}`));
  line.append(el("span", "old", age(aged(m.age_s))));
  return line;
}
function card(flag) {
  const li = el("li", flag.verdict), head = el("div", "head"), w = say();
  head.append(el("span", "shape", SHAPE[flag.verdict]), el("span", "code", flag.code), el("span", "verdict", w.verdict[flag.verdict]));
  const why = flag.reasons.map((r) => w.reason[r] || r.replaceAll("_", " ")).concat(flag.notes.map((n) => w.note[n] || n)).join(" · ");
  head.append(el("span", "", why));
  if (flag.alerts.length) head.append(el("span", "quiet", w.alerts(flag.alerts.length)));
  const values = el("div", "values");
  flag.evidence.slice(0, 3).forEach((m) => values.append(valueLine(m)));
  const heard = flag.heard_age_s === null ? w.never : `${w.heard} ${age(aged(flag.heard_age_s))}`;
  li.append(head, el("div", "", [flag.name, flag.unit].filter(Boolean).join(", ")), values,
    el("div", "quiet", `${w.since} ${clock(flag.since)} · ${heard}`));
  return li;
}
function link() {
  const lost = lostAt !== null;
  $("link").textContent = lost ? say().lost(clock(lostAt)) : loaded ? say().live : say().loading;
  $("link").className = lost ? "lost" : "";
  document.body.classList.toggle("lost", lost);
}
function show() {
  document.documentElement.lang = language;
  $("language").textContent = say().other;
  $("out").textContent = `${say().out}: ${$("out").dataset.name || ""}`;
  $("title").textContent = say().title;
  $("count").textContent = !loaded ? "" : total === 0 ? say().none
    : say().count(number(total)) + (total > flags.length ? ` (${say().more(number(total - flags.length))})` : "");
  $("more").textContent = say().news;
  $("flags").replaceChildren(...flags.map(card));
  link();
}
async function read() {
  if (reading) { again = true; return; }
  reading = (async () => {
    try {
      const answer = await fetch("/api/v1/flags?limit=200", { headers: { Accept: "application/json" } });
      if (answer.status === 401) { location.assign("/login"); return; }
      if (!answer.ok) throw new Error(answer.status);
      flags = (await answer.json()).items;
      total = Number(answer.headers.get("firemain-total"));
      readAt = Date.now(); loaded = true;
      $("more").hidden = true;
      show();
    } catch (error) {
      lostAt ??= Date.now();
      link();
    }
  })();
  await reading;
  reading = null;
  if (again) { again = false; setTimeout(changed, 1000); }
}
// Nothing jumps under the finger of somebody who reads further down.
const changed = () => { if (window.scrollY > 200) $("more").hidden = false; else read(); };

let soon = null;
function listen() {
  const events = new EventSource("/api/v1/stream");
  events.onopen = () => { lostAt = null; link(); read(); };
  events.onerror = () => {
    lostAt ??= Date.now();
    link();
    // Whoever is not logged in any more is sent to do so by the next reading.
    if (events.readyState === EventSource.CLOSED) { read(); setTimeout(listen, 5000); }
  };
  const note = () => { soon ??= setTimeout(() => { soon = null; changed(); }, 300); };
  ["standing", "episode", "change", "reset"].forEach((kind) => events.addEventListener(kind, note));
}
$("language").onclick = () => { language = language === "vi" ? "en" : "vi"; localStorage.setItem("language", language); show(); };
$("more").onclick = () => { scrollTo(0, 0); read(); };
setInterval(() => { if (loaded) show(); }, 15000);
setInterval(() => { if (lostAt === null) changed(); }, 60000);
// Who is logged in, and the way out; nothing where nobody has to.
async function whoAmI() {
  try {
    const answer = await fetch("/api/v1/me");
    const me = answer.ok ? await answer.json() : { via: "" };
    if (me.via !== "session") return;
    if (!localStorage.getItem("language")) { language = me.language; show(); }
    const out = $("out");
    out.hidden = false;
    out.dataset.name = me.display_name;
    out.onclick = async () => {
      await fetch("/api/v1/logout", { method: "POST", headers: { "X-CSRF-Token": me.csrf } });
      location.assign("/login");
    };
    show();
  } catch (error) { /* `read` tells of a lost connection. */ }
}
show();
listen();
whoAmI();
