/** The look of the report: one column of cards, light or dark as the reader's system is. */
export const styles = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #fff; --ink: #16181d; --soft: #5c6470; --line: #e3e6eb; --faint: #eef0f3;
  --accent: #2457d6; --warm: #d9661f; --good: #14804a; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101216; --card: #181b21; --ink: #e8eaee; --soft: #98a1af; --line: #2b3039; --faint: #21252c;
    --accent: #7aa2ff; --warm: #ff9d5c; --good: #5fcf94; --bad: #ff8a80;
  }
}
*, ::before { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif;
  font-variant-numeric: tabular-nums;
}
header, main, footer { max-width: 1200px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 40px; }
.brand { margin: 0; color: var(--accent); font-weight: 600; letter-spacing: 0.02em; }
h1 { margin: 0; font-size: 36px; line-height: 1.2; letter-spacing: -0.02em; }
h2 { margin: 0; font-size: 24px; line-height: 1.2; letter-spacing: -0.01em; }
header p:last-child, .source { margin: 6px 0 0; color: var(--soft); }
abbr { text-decoration: none; font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; font-size: 13px; }
section, article {
  margin: 24px 0; padding: 24px; background: var(--card); border: 1px solid var(--line); border-radius: 12px;
}
figure { margin: 0; }
figcaption { color: var(--soft); font-size: 13px; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.alert { margin: 24px 0 0; padding: 12px 20px; border-radius: 12px; color: var(--bad); border: 1px solid currentColor; }

.row { display: grid; grid-template-columns: minmax(72px, 140px) 1fr minmax(124px, max-content); gap: 16px; align-items: center; }
.row a { font-weight: 600; overflow-wrap: anywhere; }
.track { position: relative; height: 34px; border-bottom: 1px solid var(--faint); }
.legend .track { height: 40px; border: 0; }
.ticks .track { height: 22px; border: 0; }
.track > * { position: absolute; }
.reference, .ticks span { white-space: nowrap; color: var(--soft); font-size: 12px; }
.ticks span { transform: translateX(-50%); }
/* Shifted by as much of its own width as it lies along the axis: so a label never leaves the axis. */
.reference { left: var(--at); transform: translateX(calc(-1 * var(--at))); bottom: 2px; font-weight: 400; line-height: 1.35; text-align: center; }
.ticks .track > span { top: 2px; }
.track .line { top: 0; bottom: -1px; border-left: 1px dashed var(--soft); opacity: 0.6; }
.value { white-space: nowrap; text-align: right; }
.likelihoods figcaption { display: flex; flex-wrap: wrap; gap: 4px 0; margin-top: 12px; }
.likelihoods + .table { margin-top: 16px; }
.likelihoods figcaption > span:first-child { flex: 1 0 auto; max-width: 100%; margin-right: 14px; }
.dot, .key::before {
  width: 12px; height: 12px; background: var(--accent); border-radius: 50%; transform: translate(-50%, -50%);
}
.dot { top: 50%; }
.dot.lower-bound, .key.lower-bound::before, .dot.ring, .key.ring::before { background: var(--card); border: 3px solid var(--accent); }
.dot.lower-bound::before {
  content: ''; position: absolute; right: 9px; top: 2px; width: 12px; border-top: 2px solid var(--accent); opacity: 0.55;
}
.dot.importance-sampled, .key.importance-sampled::before, .dot.one-thread, .key.one-thread::before { border-radius: 2px; background: var(--warm); rotate: 45deg; width: 9px; height: 9px; transform: none; }
.dot.importance-sampled, .dot.one-thread { margin: -4.5px; }
.interval { top: 50%; height: 4px; margin-top: -2px; border-radius: 2px; background: var(--accent); opacity: 0.45; }
.dot.better, .interval.better, .key.better::before { background: var(--good); }
.dot.worse, .interval.worse, .key.worse::before { background: var(--bad); }
.key { display: inline-flex; align-items: center; gap: 6px; margin-right: 14px; }
.key::before { content: ''; transform: none; flex: none; }

.table { overflow-x: auto; margin: -8px; }
table { border-collapse: collapse; width: 100%; white-space: nowrap; font-size: 14px; }
th { padding: 0; vertical-align: bottom; border-bottom: 1px solid var(--line); }
th button { all: unset; display: block; width: 100%; box-sizing: border-box; padding: 8px 9px; cursor: pointer; font-size: 13px; color: var(--soft); text-align: right; }
th button:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; border-radius: 6px; }
th:first-child button, td:first-child { text-align: left; }
th[aria-sort] button { color: var(--ink); }
th[aria-sort=ascending] button::after { content: ' ↑'; }
th[aria-sort=descending] button::after { content: ' ↓'; }
td { padding: 10px 9px; text-align: right; border-bottom: 1px solid var(--faint); }
tr:last-child td { border-bottom: 0; }
td:first-child { position: sticky; left: 0; background: var(--card); font-weight: 600; }
td small { display: block; text-wrap: balance; min-width: 112px; white-space: normal; line-height: 1.35; font-size: 12px; font-weight: 400; color: var(--soft); }
th small { display: block; font-size: 12px; opacity: 0.8; font-weight: 400; }
.note { margin: 20px 0 0; color: var(--soft); font-size: 13px; }
tr.baseline td { color: var(--soft); font-weight: 400; }
tr.failed td { color: var(--bad); text-align: left; white-space: normal; }

dl { display: flex; flex-wrap: wrap; gap: 12px 28px; margin: 20px 0 24px; }
dl div { display: flex; flex-direction: column-reverse; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 0; font-size: 22px; line-height: 1.25; letter-spacing: -0.01em; }
.panels { display: grid; grid-template-columns: minmax(0, 1fr); gap: 32px; }
.curves figcaption { display: flex; flex-wrap: wrap; margin-bottom: 10px; }
.curves .key::before { width: 16px; height: 3px; border-radius: 2px; }
.curves .train::before { background: var(--accent); }
.curves .validation::before { background: var(--warm); }
.curves .key.best::before { width: 9px; height: 9px; border-radius: 50%; background: none; border: 2px solid var(--good); }
.unit { margin-left: auto; }
.plot { position: relative; height: 280px; margin-left: 40px; border-bottom: 1px solid var(--soft); touch-action: pan-y; }
.plot > * { position: absolute; }
.plot svg { inset: 0; width: 100%; height: 100%; overflow: hidden; }
.plot path { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.plot path.train { stroke: var(--accent); }
.plot path.validation { stroke: var(--warm); }
.tick { white-space: nowrap; color: var(--soft); font-size: 12px; line-height: 1; }
.tick.y { right: 100%; padding-right: 8px; transform: translateY(50%); }
.tick.x { top: 100%; padding-top: 7px; transform: translateX(-50%); }
.grid { left: 0; right: 0; border-top: 1px solid var(--faint); }
.plot .baseline { left: 0; right: 0; border-top: 1px dashed var(--soft); }
.plot .baseline b { position: absolute; right: 0; bottom: 2px; z-index: 1; padding: 0 4px; background: var(--card); border-radius: 3px; font: 12px/1.2 inherit; font-weight: 400; font-style: normal; color: var(--soft); font-size: 12px; }
.plot i.best { width: 10px; height: 10px; margin: -5px; border: 2px solid var(--good); border-radius: 50%; background: var(--card); }
.plot i.point { width: 8px; height: 8px; margin: -4px; border-radius: 50%; background: var(--accent); }
.plot i.point.validation { background: var(--warm); }
.plot output { top: 8px; margin-left: 10px; padding: 6px 10px; white-space: pre; font-size: 12px; line-height: 1.45; pointer-events: none;
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 2px 10px #0002; }
.plot output.flip { transform: translateX(calc(-100% - 20px)); }
.axis { margin: 24px 0 0 40px; text-align: center; color: var(--soft); font-size: 13px; }
.views { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 32px; align-items: start; }
.views .pictures { grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); }
h2 + .views, .note + .views, .views + .likelihoods { margin-top: 28px; }
.map figcaption { margin-top: 28px; }
.plane { position: relative; margin-left: 40px; aspect-ratio: 1; border: 1px solid var(--line); border-radius: 4px; }
.plane > * { position: absolute; }
.plane svg { inset: 0; width: 100%; height: 100%; overflow: hidden; }
.contour { fill: none; stroke: var(--soft); stroke-width: 0.25; stroke-linecap: round; }
.plane circle { fill: var(--accent); fill: hsl(var(--hue, 222) 70% 52% / 0.8); }
.pictures { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 20px; }
.pictures img { display: block; width: 100%; border-radius: 8px; border: 1px solid var(--line); image-rendering: pixelated; }
.pictures figcaption { margin-top: 6px; }
pre { margin: 24px 0 0; padding: 12px 16px; overflow-x: auto; background: var(--faint); border-radius: 8px; font-size: 13px; }
code { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
footer { padding-bottom: 48px; color: var(--soft); font-size: 13px; }
@media (max-width: 600px) {
  body { font-size: 14px; }
  header { padding-top: 24px; }
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  section, article { padding: 16px; margin: 16px 0; }
  .row { grid-template-columns: 88px 1fr; gap: 12px; }
  .row a { overflow-wrap: normal; hyphens: manual; font-size: 12px; }
  .row .value, .row > span:last-child { display: none; }
  dl { gap: 12px 24px; }
  dd { font-size: 18px; }
  .plot { height: 220px; }
  .pictures { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; }
  .pictures figure:first-child { grid-column: 1 / -1; }
}
`;
