/** What the pages of `swaplab serve` share with each other: the shell of all pages with their style. */
import { el, type Child } from '../charts/markup.ts';
import { pageShell, type ServedPage } from '../page/shell.ts';
import { STYLE } from '../page/style.ts';

export interface ShellInput {
  readonly title: string;
  /** Of this swaplab. */
  readonly version: string;
  readonly content: readonly Child[];
  /** May ask the server that the page came from. */
  readonly script?: string;
  /** Where no script runs, the page is loaded again after so many seconds; absent: never. */
  readonly refreshSeconds?: number;
}

const SERVED_STYLE = `
main{padding-top:.5rem}
.tiles{display:flex;flex-wrap:wrap;gap:.6rem 1rem;margin:1rem 0;padding:0}
.tiles div{background:var(--tint);border:1px solid var(--rule);border-radius:.35rem;padding:.4rem .8rem;min-width:8.5rem}
.tiles dt{color:var(--soft);font-size:.82rem}
.tiles dd{margin:0;font-size:1.15rem;font-variant-numeric:tabular-nums}
.filter{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:end;margin:1rem 0}
.filter label{display:block;font-size:.82rem;color:var(--soft)}
input,select,button{font:inherit;font-size:.95rem;color:var(--fg);background:var(--bg);border:1px solid var(--soft);border-radius:.3rem;padding:.3rem .5rem;max-width:100%}
input:focus-visible,select:focus-visible{outline:3px solid var(--link);outline-offset:1px}
input[type=checkbox]{width:1.2rem;height:1.2rem;margin:.1rem;vertical-align:middle}
button{background:var(--tint);cursor:pointer;padding:.35rem .9rem}
label.pick{display:block;padding:.1rem .3rem}
table.runs td{white-space:nowrap}
table.runs td.name{white-space:normal;min-width:8rem;overflow-wrap:anywhere}
tr.running>*{background:var(--tint)}
.status-done{color:var(--soft)}
.status-running{color:var(--link);font-weight:700}
.status-failed,.status-aborted{color:var(--bad);font-weight:700}
svg.spark{width:110px;height:24px;display:block}
svg.spark path{stroke:var(--c0);stroke-width:1.5;fill:none;vector-effect:non-scaling-stroke}
.pages{display:flex;gap:1rem;flex-wrap:wrap}
@media print{.filter,.pages,form button{display:none}}
`;

/** A page as text of HTML with its policy. */
export function servedPage(input: ShellInput): ServedPage {
  const { title, version, content, script, refreshSeconds } = input;
  return pageShell({
    ...{ title: `${title} – swaplab`, styles: [STYLE + SERVED_STYLE], isAsking: true },
    scripts: script === undefined ? [] : [script],
    head: [
      refreshSeconds !== undefined &&
        el('noscript', {}, el('meta', { 'http-equiv': 'refresh', content: refreshSeconds })),
    ],
    content: [
      ...content,
      el('footer', {}, el('p', {}, `Served by swaplab ${version}, which only reads.`)),
    ],
  });
}
