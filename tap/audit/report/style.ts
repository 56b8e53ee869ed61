/** The page's looks. Colours are set once for each theme; everything else names them. */
export const pageStyle = `
:root {
  color-scheme: light;
  --ground: #f5f6f8; --panel: #ffffff; --raised: #ffffff; --line: #dfe3e8; --line-strong: #c3cad3;
  --text: #1b2330; --faint: #5b6675; --accent: #2257d6; --accent-soft: #e6edfc; --good: #137a3f; --good-soft: #e0f4e8;
  --critical: #a30d3a; --critical-soft: #fde3ea; --high: #c2370b; --high-soft: #fdeadf;
  --medium: #8a5a00; --medium-soft: #fbf0d0; --low: #2b6390; --low-soft: #e2eff9;
  --c0: #d9700e; --c1: #c0327f; --c2: #7b45d1; --c3: #2b63c9; --c4: #a67c00; --c5: #12805c; --c6: #0e7c93; --c7: #6b7686;
  --out: #2257d6; --in: #b3490f; --shadow: 0 1px 2px rgb(20 30 50 / .06), 0 3px 10px rgb(20 30 50 / .05);
}
:root[data-theme="dark"] {
  color-scheme: dark;
  --ground: #0d1117; --panel: #141a22; --raised: #1a212b; --line: #28313d; --line-strong: #3d4856;
  --text: #e4e9f0; --faint: #97a3b3; --accent: #7aa5ff; --accent-soft: #1b2a4a; --good: #58cf8d; --good-soft: #12301f;
  --critical: #ff7b9c; --critical-soft: #41121f; --high: #ff9466; --high-soft: #3d1d10;
  --medium: #f0c04a; --medium-soft: #372a0b; --low: #7fbdea; --low-soft: #12293b;
  --c0: #f0954a; --c1: #ee77b4; --c2: #ab86f2; --c3: #74a2f7; --c4: #dcb547; --c5: #4cc498; --c6: #4fbfd6; --c7: #94a0b0;
  --out: #7aa5ff; --in: #f0954a; --shadow: 0 1px 2px rgb(0 0 0 / .3), 0 3px 10px rgb(0 0 0 / .25);
}
@media (prefers-color-scheme: dark) {
  :root[data-theme="auto"] {
    color-scheme: dark;
    --ground: #0d1117; --panel: #141a22; --raised: #1a212b; --line: #28313d; --line-strong: #3d4856;
    --text: #e4e9f0; --faint: #97a3b3; --accent: #7aa5ff; --accent-soft: #1b2a4a; --good: #58cf8d; --good-soft: #12301f;
    --critical: #ff7b9c; --critical-soft: #41121f; --high: #ff9466; --high-soft: #3d1d10;
    --medium: #f0c04a; --medium-soft: #372a0b; --low: #7fbdea; --low-soft: #12293b;
    --c0: #f0954a; --c1: #ee77b4; --c2: #ab86f2; --c3: #74a2f7; --c4: #dcb547; --c5: #4cc498; --c6: #4fbfd6; --c7: #94a0b0;
    --out: #7aa5ff; --in: #f0954a; --shadow: 0 1px 2px rgb(0 0 0 / .3), 0 3px 10px rgb(0 0 0 / .25);
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html, body { height: 100%; margin: 0; }
body {
  display: grid; grid-template: auto auto minmax(0, 1fr) / minmax(0, 1fr); background: var(--ground); color: var(--text);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
code, .place, .name { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
button, input, select { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
h1, h2, h3, p, ul { margin: 0; padding: 0; }
ul { list-style: none; }
a { color: var(--accent); }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; z-index: 9; background: var(--panel); padding: 8px 12px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.faint { color: var(--faint); font-weight: 400; }

/* Above all: the verdict, and where to go. */
.top { display: flex; align-items: center; gap: 16px; padding: 14px 24px 10px; background: var(--panel); }
.verdict { display: flex; align-items: center; justify-content: center; min-width: 44px; height: 44px; padding: 0 12px;
  border-radius: 12px; font-size: 22px; font-weight: 700; font-variant-numeric: tabular-nums; }
.verdict.good { background: var(--good-soft); color: var(--good); }
.verdict.critical { background: var(--critical-soft); color: var(--critical); }
.verdict.high { background: var(--high-soft); color: var(--high); }
.verdict.medium { background: var(--medium-soft); color: var(--medium); }
.verdict.low { background: var(--low-soft); color: var(--low); }
.top h1 { font-size: 18px; line-height: 1.3; }
.top > div + div { min-width: 0; overflow-wrap: anywhere; }
.top p { color: var(--faint); }
.top #theme { margin-left: auto; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; padding: 0 24px; background: var(--panel);
  border-bottom: 1px solid var(--line); }
.tabs { display: flex; gap: 4px; align-self: flex-end; }
.tabs button { padding: 9px 12px 10px; border: 0; border-bottom: 2px solid transparent; background: none; color: var(--faint);
  font-weight: 600; white-space: nowrap; }
.tabs button:hover { color: var(--text); }
.tabs button[aria-selected="true"] { color: var(--text); border-color: var(--accent); }
.tabs span { margin-left: 5px; padding: 1px 7px; border-radius: 9px; background: var(--ground); color: var(--faint);
  font-size: 12px; font-variant-numeric: tabular-nums; }
.find { display: flex; flex: 1; justify-content: flex-end; align-items: center; gap: 8px; padding: 8px 0; }
.find input, .find select, .filter select, .quiet, .top button, .actions button {
  height: 32px; padding: 0 10px; border: 1px solid var(--line-strong); border-radius: 8px; background: var(--raised); }
.find input { width: 250px; }
.find select, .filter select { max-width: 280px; }
.quiet:hover, .top button:hover, .actions button:hover { border-color: var(--accent); color: var(--accent); }
.chips { display: flex; flex-wrap: wrap; gap: 4px; margin-left: -9px; }
.chips button { height: 32px; padding: 0 9px; border: 1px solid transparent; border-radius: 8px; background: none; white-space: nowrap; }
.chips button:hover { background: var(--panel); }
.chips button[aria-pressed="true"] { border-color: var(--accent); background: var(--accent-soft); }
.chips b { font-variant-numeric: tabular-nums; }
.chips i { display: inline-block; width: 9px; height: 9px; margin-right: 6px; border-radius: 50%; }
i.critical { background: var(--critical); } i.high { background: var(--high); }
i.medium { background: var(--medium); } i.low { background: var(--low); }
body[data-view="rules"] #rule, body[data-view="rules"] #stack { display: none; }

/* Lists of rules with what is under them. */
main { display: grid; grid-template: auto minmax(0, 1fr) / minmax(0, 1fr); min-height: 0; }
main:has(.filter[hidden]) { grid-template-rows: minmax(0, 1fr); }
.filter { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; width: 100%; max-width: 1128px; margin: 0 auto; padding: 12px 24px 10px; }
.filter select { margin-left: auto; }
.list { overflow: auto; padding: 2px 24px 60px; scrollbar-gutter: stable both-edges; }
.list > div { max-width: 1080px; margin: 0 auto; }
.list > div > * { margin-bottom: 10px; }
.notes { padding: 8px 14px; border: 1px solid var(--line); border-radius: 10px; color: var(--faint); }
.card { border: 1px solid var(--line); border-radius: 10px; background: var(--panel); box-shadow: var(--shadow);
  content-visibility: auto; contain-intrinsic-size: auto 48px; }
.card summary { display: flex; align-items: center; gap: 12px; padding: 11px 14px; cursor: pointer; border-radius: 10px; list-style: none; }
.card summary::-webkit-details-marker { display: none; }
/* Requirements have long titles: whole where they are open. */
.card:not([open]) .title strong, .finding > p:first-child { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.card summary::after { content: "›"; color: var(--faint); font-size: 18px; line-height: 1; transform: rotate(90deg); }
.card[open] summary::after { transform: rotate(-90deg); }
.card summary:hover .title strong { color: var(--accent); }
.title { display: flex; flex: 1; flex-wrap: wrap; align-items: baseline; gap: 2px 10px; min-width: 0; }
.title code { color: var(--faint); font-size: 12px; }
.severity { flex: none; min-width: 70px; padding: 1px 8px; border-radius: 6px; font-size: 12px; font-weight: 600; text-align: center; }
.severity.critical { background: var(--critical-soft); color: var(--critical); }
.severity.high { background: var(--high-soft); color: var(--high); }
.severity.medium { background: var(--medium-soft); color: var(--medium); }
.severity.low { background: var(--low-soft); color: var(--low); }
.severity.calm { color: var(--faint); box-shadow: inset 0 0 0 1px var(--line); font-weight: 500; }
.number { min-width: 26px; padding: 1px 8px; border-radius: 10px; background: var(--ground); font-weight: 600;
  font-size: 12px; text-align: center; font-variant-numeric: tabular-nums; }
.holds { color: var(--good); font-size: 13px; white-space: nowrap; }
.inside { padding: 0 14px 14px; }
.about { padding: 2px 0 10px; max-width: 80ch; }
.about p + p { margin-top: 6px; }
.references { display: flex; flex-wrap: wrap; gap: 6px; }
.reference { padding: 1px 8px; border: 1px solid var(--line); border-radius: 6px; font-size: 12px; overflow-wrap: anywhere; }
.rows { border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.rows li { padding: 8px 12px; }
.rows li + li { border-top: 1px solid var(--line); }
.rows .more { text-align: center; }
.place { font-size: 12.5px; overflow-wrap: anywhere; text-align: left; }
.place .in-stack { color: var(--faint); }
.message { overflow-wrap: anywhere; }
.stacks { display: flex; flex-wrap: wrap; gap: 5px; margin-top: 5px; }
.chip { padding: 0 8px; border: 1px solid var(--line); border-radius: 6px; background: none; color: var(--accent);
  font: 12px/20px ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; text-align: left; }
.chip:hover { border-color: var(--accent); }
.link { padding: 0; border: 0; background: none; color: var(--accent); text-align: left; }
.link:hover { text-decoration: underline; }
.answer { display: flex; flex-wrap: wrap; gap: 4px 14px; margin-top: 4px; color: var(--faint); }
.answer q { color: var(--text); }
.nothing { padding: 12vh 0 0; text-align: center; }
.nothing h2 { margin: 10px 0 2px; font-size: 22px; }
.nothing p { color: var(--faint); }
.tick { display: inline-grid; place-items: center; width: 72px; height: 72px; border-radius: 50%; background: var(--good-soft);
  color: var(--good); font-size: 36px; font-weight: 700; }
.actions { display: flex; justify-content: center; gap: 8px; margin-top: 18px; }

/* A stack as a drawing, and what is beside it. */
#view-stacks { display: grid; grid-template-columns: minmax(0, 1fr) 360px; min-height: 0; }
#frame { position: relative; overflow: hidden; min-height: 240px;
  background: radial-gradient(circle, var(--line) 1px, transparent 1.2px) 0 0 / 22px 22px; }
#frame svg { display: block; width: 100%; height: 100%; cursor: grab; touch-action: none; user-select: none; }
#frame svg.dragging { cursor: grabbing; }
#legend { position: absolute; left: 14px; right: 14px; top: 12px; display: flex; flex-wrap: wrap; gap: 4px; pointer-events: none; }
#legend button { display: flex; align-items: center; gap: 6px; padding: 2px 10px; border: 1px solid var(--line); border-radius: 14px;
  background: var(--raised); font-size: 12.5px; pointer-events: auto; }
#legend button:hover { border-color: var(--c); }
#legend button[aria-pressed="true"] { border-color: var(--c); box-shadow: inset 0 0 0 1px var(--c); }
.zoom { position: absolute; right: 16px; bottom: 16px; display: flex; flex-direction: column; gap: 4px; }
.zoom button { width: 34px; height: 34px; border: 1px solid var(--line-strong); border-radius: 8px; background: var(--raised);
  font-size: 17px; line-height: 1; box-shadow: var(--shadow); }
.zoom button:hover { border-color: var(--accent); color: var(--accent); }
.c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); }
.c4 { --c: var(--c4); } .c5 { --c: var(--c5); } .c6 { --c: var(--c6); } .c7 { --c: var(--c7); }
.node { cursor: pointer; outline: none; }
.node .box { fill: var(--raised); stroke: var(--line-strong); }
.node.data .box { stroke-dasharray: 4 3; }
.node .mark { fill: var(--c); }
.node text { fill: var(--text); font-size: 12px; }
.node .type { fill: var(--faint); font-size: 10.5px; }
.node .name { font-weight: 600; font-family: inherit; }
.node:hover .box { stroke: var(--c); }
.node:focus-visible .box { stroke: var(--accent); stroke-width: 3; }
.node.chosen .box { stroke: var(--accent); stroke-width: 2.5; fill: var(--accent-soft); }
.node.found.critical .box { stroke: var(--critical); } .node.found.high .box { stroke: var(--high); }
.node.found.medium .box { stroke: var(--medium); } .node.found.low .box { stroke: var(--low); }
.badge circle { stroke: var(--raised); stroke-width: 2; }
.badge.critical circle { fill: var(--critical); } .badge.high circle { fill: var(--high); }
.badge.medium circle { fill: var(--medium); } .badge.low circle { fill: var(--low); }
.node .badge text { fill: var(--raised); font-size: 10px; font-weight: 700; text-anchor: middle; }
.lines, .over path { fill: none; pointer-events: none; }
.lines { stroke: var(--faint); stroke-opacity: .28; stroke-width: 1.2; }
.over path { stroke-width: 1.8; }
.over .out { stroke: var(--out); } .over .in { stroke: var(--in); }
.head.out { fill: var(--out); } .head.in { fill: var(--in); }
.focused .node:not(.near) { opacity: .22; }
.focused .lines { stroke-opacity: .08; }
.lines.hub { stroke-opacity: .13; }
.focused .lines.hub { stroke-opacity: .05; }
.far .node text { display: none; }
.groups { display: none; pointer-events: none; }
.far .groups { display: inline; }
.groups text { display: none; fill: var(--text); font-size: calc(11px * var(--screen)); font-weight: 600; text-anchor: middle;
  dominant-baseline: central; paint-order: stroke; stroke: var(--raised); stroke-opacity: .75; stroke-width: calc(3px * var(--screen)); }
.groups text.fits { display: inline; }
.far.focused .groups { display: none; }
.tip { position: absolute; z-index: 2; padding: 3px 9px; border: 1px solid var(--line-strong); border-radius: 7px; background: var(--raised);
  box-shadow: var(--shadow); font-size: 12.5px; white-space: nowrap; pointer-events: none; }
.far .node .box { fill: color-mix(in srgb, var(--c) 28%, var(--raised)); stroke: var(--c); }
.far .node .mark { display: none; }
.far .node.found .box { stroke-width: 8; }
.far .node.found.critical .box { fill: var(--critical); } .far .node.found.high .box { fill: var(--high); }
.far .node.found.medium .box { fill: var(--medium); } .far .node.found.low .box { fill: var(--low); }
.far .badge { display: none; }
.far .node.chosen .box { stroke: var(--accent); }
#side { overflow: auto; padding: 18px 20px 40px; border-left: 1px solid var(--line); background: var(--panel); }
#side header { position: relative; padding-right: 26px; }
#side header h2 { font-size: 16px; line-height: 1.35; overflow-wrap: anywhere; outline: none; }
#side header .type { display: flex; align-items: center; gap: 6px; color: var(--faint); }
#side header code { display: block; margin-top: 4px; color: var(--faint); font-size: 12px; overflow-wrap: anywhere; }
#side .close { position: absolute; top: -4px; right: -6px; width: 30px; height: 30px; border: 0; border-radius: 8px; background: none;
  color: var(--faint); font-size: 20px; line-height: 1; }
#side .close:hover { background: var(--ground); color: var(--text); }
#side h3 { display: flex; align-items: center; gap: 7px; margin: 18px 0 6px; font-size: 13px; }
#side li { padding: 3px 0; }
.dot { flex: none; width: 9px; height: 9px; border-radius: 3px; background: var(--c); }
.links .link { display: flex; align-items: center; gap: 7px; width: 100%; color: var(--text); }
.links .name { flex: none; max-width: 68%; font-size: 12.5px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.links .type { margin-left: auto; overflow: hidden; color: var(--faint); font-size: 12px; text-overflow: ellipsis; white-space: nowrap; }
.links p { padding-left: 16px; font-size: 12px; line-height: 1.4; overflow-wrap: anywhere; }
.count { padding: 0 6px; border-radius: 8px; color: var(--panel); font-size: 11px; font-weight: 700; }
.count.critical { background: var(--critical); } .count.high { background: var(--high); }
.count.medium { background: var(--medium); } .count.low { background: var(--low); }
.finding { margin-bottom: 8px; padding: 9px 11px !important; border: 1px solid var(--line); border-radius: 8px; }
.finding .link { font: 12.5px ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.finding .fix { margin-top: 4px; color: var(--faint); }
.patterns code { font-size: 12px; overflow-wrap: anywhere; }
.legend .link { display: flex; width: 100%; padding: 1px 8px 1px 16px; border-radius: 6px; color: var(--text); }
.legend li { padding: 0 !important; }
.legend .link:hover { background: var(--ground); text-decoration: none; }
.legend .link[aria-pressed="true"] { background: var(--accent-soft); color: var(--accent); }
.legend .link .faint { margin-left: auto; font-variant-numeric: tabular-nums; }
.legend .name { font-size: 12.5px; overflow-wrap: anywhere; }
@media (max-width: 860px) {
  .find { flex-wrap: wrap; justify-content: flex-start; }
  .find input { flex: 1; width: auto; min-width: 140px; }
  .top, .bar, .list, .filter { padding-left: 14px; padding-right: 14px; }
  .tabs { max-width: 100%; overflow-x: auto; }
  .find { flex-basis: 100%; }
  .find select { flex: 1; min-width: 0; }
  .tabs { gap: 0; }
  .tabs button { padding-left: 8px; padding-right: 8px; font-size: 13px; }
  .tabs span { margin-left: 3px; padding: 0; background: none; font-weight: 500; font-size: 11.5px; }
  .card summary { flex-wrap: wrap; gap: 6px 10px; }
  .title { order: 1; flex-basis: 100%; }
  .card summary .number, .card summary .holds { margin-left: auto; }
  .list { scrollbar-gutter: auto; }
  .filter select { flex-basis: 100%; max-width: none; margin-left: 0; }
  #legend { flex-wrap: nowrap; left: 0; right: 0; padding: 0 14px; overflow-x: auto; pointer-events: auto; scrollbar-width: none; }
  #legend button { flex: none; }
  .top #theme { flex: none; }
  #view-stacks { grid-template-columns: none; grid-template-rows: minmax(0, 3fr) minmax(0, 2fr); }
  #side { border-left: 0; border-top: 1px solid var(--line); }
}
@media (max-width: 460px) { .tabs span { display: none; } .chips { gap: 0; } .chips button { padding: 0 7px; } }
@media (forced-colors: active) { .node .box { stroke: CanvasText; } .chips button[aria-pressed="true"] { border-color: Highlight; } }
/* Without code there are no lists to filter: what is written in the page stands alone. */
.plain .bar, .plain .filter, .plain #theme { display: none; }
.written { overflow: auto; padding: 12px 24px 60px; }
.written section { max-width: 80ch; margin: 0 auto 22px; }
.written h2 { margin-bottom: 4px; font-size: 15px; }
.written li { margin-top: 6px; overflow-wrap: anywhere; }
@media print {
  html, body, main { display: block; height: auto; background: none; }
  .bar, .filter, .zoom, #theme, .skip { display: none; }
  .list { overflow: visible; padding: 0; }
  .card { box-shadow: none; content-visibility: visible; }
  .card summary, .rows li { break-inside: avoid; }
  .card summary::after { content: none; }
}
`.trim();
