/** The style sheet of the page: light, dark, narrow and on paper. */
import { COLOURS, DASHES } from '../charts/palette.ts';

/** Colours of slot states but `free`, and of texts and surfaces. */
const LIGHT = {
  ...{ bg: '#ffffff', fg: '#1c1c21', soft: '#55555f', rule: '#d5d5dd', tint: '#f3f3f7' },
  ...{ best: '#dff1e4', link: '#0059b3', bad: '#b3261e', hatch: '#ffffff', free: '#e9e9ef' },
};
const DARK = {
  ...{ bg: '#141418', fg: '#ececf1', soft: '#aeaeba', rule: '#3a3a44', tint: '#1e1e25' },
  ...{ best: '#1d4029', link: '#8ec5ff', bad: '#ff9a91', hatch: '#141418', free: '#2a2a33' },
};

/** Which colour of the palette a slot state has, in the order of SLOT_STATES behind `free`. */
const STATE_COLOURS = [0, 1, 2, 4, 6] as const;
/** How strong a cell is by the share of its slots that are taken, in quarters. */
const CELL_STRENGTHS = [0.35, 0.55, 0.78, 1] as const;

function variables(colours: Readonly<Record<string, string>>, palette: readonly string[]): string {
  const named = Object.entries(colours).map(([name, value]) => `--${name}:${value};`);
  return [...named, ...palette.map((value, index) => `--c${index}:${value};`)].join('');
}

const MARKS = [
  ...DASHES.map(
    (dash, index) =>
      `.c${index}{--c:var(--c${index})}.d${index}{--dash:${dash}}.p${index}{fill:url(#p${index})}`,
  ),
  ...STATE_COLOURS.map((colour, index) => `.s${index + 1}{fill:var(--c${colour})}`),
  ...CELL_STRENGTHS.map((strength, index) => `.i${index + 1}{fill-opacity:${strength}}`),
].join('\n');

export const STYLE: string = `
:root{color-scheme:light;${variables(LIGHT, COLOURS.light)}}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;${variables(DARK, COLOURS.dark)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;overflow-wrap:break-word}
header,main,footer{max-width:76rem;margin:0 auto;padding:0 1rem}
main{padding-bottom:2rem}
h1{font-size:1.7rem;line-height:1.2;margin:1.5rem 0 .5rem}
h2{font-size:1.3rem;margin:2.5rem 0 .5rem;padding-top:.6rem;border-top:2px solid var(--rule)}
h3{font-size:1.05rem;margin:1.8rem 0 .3rem}
h4{font-size:.95rem;margin:1.1rem 0 .3rem}
p,ul,ol{max-width:46rem}
.lead{font-size:1.08rem;max-width:54rem}
.soft,figcaption span,.legend{color:var(--soft)}
.findings{padding-left:1.2rem;max-width:54rem}
.findings li{margin:.35rem 0}
.alarms{border-left:4px solid var(--bad);background:var(--tint);padding:.3rem 1rem;margin:1rem 0;max-width:54rem}
.alarms h2{border:0;margin:.3rem 0;padding:0;font-size:1rem;color:var(--bad)}
.alarms ul{margin:.3rem 0;padding-left:1.2rem;max-width:none}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;padding:0;margin:.8rem 0}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,button:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px}
a.download{display:inline-block;padding:.45rem .8rem;border:1px solid var(--link);border-radius:.35rem;text-decoration:none}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
pre{background:var(--tint);border:1px solid var(--rule);border-radius:.35rem;padding:.7rem .8rem;margin:.6rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
details{margin:.6rem 0}
summary{cursor:pointer;padding:.25rem 0}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums;margin:.4rem 0}
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
thead th{border-bottom:2px solid var(--soft);vertical-align:bottom}
td.n,th.n{text-align:right;white-space:nowrap}
td.wrap,td.mono{overflow-wrap:anywhere;min-width:9rem}
th[scope=row]{font-weight:400}
th[scope=rowgroup]{padding-top:.9rem;font-weight:600;color:var(--soft);border-bottom:1px solid var(--soft)}
table.compare th[scope=row]{position:sticky;left:0;background:var(--bg);min-width:9rem;z-index:1}
td .more{display:block;color:var(--soft);font-size:.9em}
td.best{background:var(--best);font-weight:700}
td.best .more{font-weight:400;color:var(--fg)}
.bad{color:var(--bad);font-weight:700}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:1.2rem 1.6rem;align-items:start}
figure{margin:.4rem 0;min-width:0;break-inside:avoid}
figcaption{font-size:.9rem;line-height:1.4;margin-bottom:.3rem}
figcaption b{display:block;font-weight:600}
.legend{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;list-style:none;padding:0;margin:.5rem 0;font-size:.88rem;max-width:none}
.legend li{display:flex;align-items:center;gap:.4rem}
.swatch{flex:none}
svg.chart{display:block;width:100%;height:auto;max-width:34rem;overflow:visible}
svg text{font-size:10.5px;fill:var(--fg);font-family:inherit;font-variant-numeric:tabular-nums}
svg text.label{fill:var(--soft)}
svg text.name{font-weight:600}
svg.definitions{position:absolute}
.grid{stroke:var(--rule);stroke-width:1;fill:none}
.base{stroke:var(--soft);stroke-width:1;fill:none}
.line{stroke:var(--c);stroke-dasharray:var(--dash);stroke-width:2;fill:none;stroke-linejoin:round}
.dot,.fill{fill:var(--c)}
.hatch{stroke:var(--hatch);stroke-width:1.3;stroke-opacity:.75;fill:none}
.strip{fill:transparent;pointer-events:all}
.strip:hover{fill:var(--fg);fill-opacity:.09}
.slot{shape-rendering:crispEdges}
.s0{fill:var(--free)}
${MARKS}
.plot{display:none;position:relative;max-width:34rem}
.live .plot{display:block}
.live svg.chart{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.plot .ylabel{font-size:.75rem;color:var(--soft)}
.plot .tip{position:absolute;z-index:3;top:1.6rem;pointer-events:none;white-space:pre;font-size:.78rem;line-height:1.35;padding:.3rem .5rem;background:var(--bg);border:1px solid var(--soft);border-radius:.3rem;font-variant-numeric:tabular-nums}
.plot button{position:absolute;right:0;top:-.2rem;font:inherit;font-size:.75rem;color:var(--fg);background:var(--tint);border:1px solid var(--soft);border-radius:.3rem;cursor:pointer}
.plot .u-select{background:var(--link);opacity:.2}
.plot .u-cursor-x,.plot .u-cursor-y{border-color:var(--soft)}
footer{color:var(--soft);font-size:.85rem;border-top:1px solid var(--rule);padding-top:.8rem;padding-bottom:2rem}
@media (max-width:30rem){body{font-size:15px}h1{font-size:1.4rem}th,td{padding:.25rem .4rem}}
@media print{
@page{margin:14mm}
body{font-size:9.5pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
header,main,footer{max-width:none;padding:0}
nav,.plot,.live .plot,.zoom-hint,a.download{display:none}
.live svg.chart{position:static;width:100%;height:auto;clip-path:none}
.charts{grid-template-columns:repeat(2,1fr)}
table{font-size:7pt}
th,td{padding:.15rem .3rem}
table.compare th[scope=row]{position:static;min-width:0}
td.n,th.n{white-space:normal}
.scroll{overflow:visible}
details::details-content{content-visibility:visible;block-size:auto}
h2,h3,h4{break-after:avoid}
tr,pre{break-inside:avoid}
}
`;
