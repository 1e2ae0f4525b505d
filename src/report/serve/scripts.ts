/** The scripts of pages that change by themselves. They ask the server, and nobody else. */

/**
 * Of a live run's page: looks once a second, one look at a time, and puts in what has changed, except
 * where somebody points at a chart. When the run has ended the page is loaded again: as its report.
 */
export const LIVE_SCRIPT = `(() => {
'use strict';
const main = document.querySelector('main[data-live]');
const note = document.getElementById('live-note');
const shown = new Map();
const put = (id, html) => {
  const part = document.getElementById(id);
  if (part === null || shown.get(id) === html || part.querySelector('svg:hover') !== null) return;
  part.innerHTML = html;
  shown.set(id, html);
};
const look = async () => {
  try {
    const answer = await fetch(main.dataset.live, { cache: 'no-store' });
    if (answer.status === 404) return location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    const { run, parts } = await answer.json();
    if (run.status !== 'running') return location.reload();
    for (const [id, html] of Object.entries(parts)) put(id, html);
    note.textContent = '';
  } catch {
    note.textContent = 'The server does not answer as it should; it is asked again.';
  }
  setTimeout(look, document.hidden ? 5000 : 1000);
};
setTimeout(look, 1000);
})();`;

/**
 * Of the list: asks for the same page every two seconds while a run lives, else every ten, and puts
 * its rows in. Ticks and the keyboard's place stay.
 */
export const LIST_SCRIPT = `(() => {
'use strict';
const parts = ['run-count', 'run-rows'];
const ticked = () => [...document.querySelectorAll('#run-rows input:checked')];
const update = (page) => {
  const kept = new Set(ticked().map((box) => box.value));
  const focused = document.activeElement?.closest('#run-rows tr')?.id;
  const kind = document.activeElement?.localName;
  for (const id of parts) {
    const [part, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (part !== null && fresh !== null) part.replaceWith(document.adoptNode(fresh));
  }
  for (const box of document.querySelectorAll('#run-rows input')) box.checked = kept.has(box.value);
  if (focused) document.getElementById(focused)?.querySelector(kind)?.focus();
};
let shown = null;
const look = async () => {
  try {
    const answer = await fetch(location.href, { cache: 'no-store' });
    const text = answer.ok ? await answer.text() : null;
    if (text !== null && text !== shown) update(new DOMParser().parseFromString(text, 'text/html'));
    shown = text ?? shown;
  } catch {
    // The server has ended or is busy: what is shown stays.
  }
  again();
};
const again = () => {
  const isLive = document.querySelector('#run-rows .running') !== null && !document.hidden;
  setTimeout(look, isLive ? 2000 : 10000);
};
again();
})();`;
