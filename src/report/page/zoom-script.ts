/**
 * The page's own script: where scripts run, series are drawn by uPlot in place of the still charts.
 * It is text because it runs in a browser, not here; test/e2e/report.test.ts runs it in one.
 *
 * It reads `#plot-data` (see plot-data.ts) and turns each `figure[data-plot]` into a plot: dragging
 * zooms, a double click or the button resets; with the keyboard +, -, 0 and the arrows do.
 */
export const ZOOM_SCRIPT = `'use strict';
(() => {
  const data = JSON.parse(document.getElementById('plot-data').textContent);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const short = (value) => {
    const size = Math.abs(value);
    for (const [unit, name] of [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']])
      if (size >= unit) return Number((value / unit).toPrecision(5)) + name;
    return String(Number(value.toPrecision(5)));
  };
  const exact = (value) =>
    Number.isInteger(value) ? value.toLocaleString('en') : String(Number(value.toPrecision(6)));

  /** [x, y, ...] for uPlot in the units that are shown, and y as it is told. */
  function tableOf(plot) {
    const table = plot.lines.map(({ t, v }) => [
      data.times[t].map((time) => time / plot.x.size),
      v.map((value) => value / plot.y.size),
    ]);
    const joined = uPlot.join(table);
    if (plot.kind === 'lines') return { drawn: joined, told: joined };
    const sums = joined.map((column) => column.slice());
    for (let line = 2; line < sums.length; line++)
      sums[line] = sums[line].map((value, index) => value + sums[line - 1][index]);
    // The highest sum first, so that the lower ones are drawn over it.
    return { drawn: [sums[0], ...sums.slice(1).reverse()], told: joined };
  }

  function seriesOf(plot) {
    const lines = plot.lines.map((line) => ({
      label: line.label,
      stroke: colour(plot.kind === 'lines' ? '--c' + (line.c % 8) : '--bg'),
      width: plot.kind === 'lines' ? 2 : 1,
      spanGaps: true,
      points: { show: line.v.length === 1 },
      ...(plot.kind === 'lines'
        ? { dash: line.dash, paths: uPlot.paths.stepped({ align: 1 }) }
        : { fill: colour('--c' + (line.c % 8)) }),
    }));
    return [{}, ...(plot.kind === 'lines' ? lines : lines.reverse())];
  }

  /** What stands at the pointer: the latest value of each line up to there. */
  function told(plot, table, index) {
    const rows = plot.lines.map(({ label }, line) => {
      let at = index;
      while (at > 0 && table.told[line + 1][at] == null) at--;
      const value = table.told[line + 1][at];
      return label + ': ' + (value == null ? '-' : exact(value) + ' ' + plot.y.name).trimEnd();
    });
    return [exact(table.told[0][index]) + ' ' + plot.x.name, ...rows].join('\\n');
  }

  function child(host, tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    host.append(made);
    return made;
  }

  function draw(host, plot) {
    host.replaceChildren();
    child(host, 'div', 'ylabel', plot.label);
    const table = tableOf(plot);
    const times = table.drawn[0];
    const full = { min: 0, max: plot.timeMax / plot.x.size || 1 };
    const tip = child(host, 'div', 'tip', '');
    tip.hidden = true;
    const reset = child(host, 'button', '', 'Reset zoom');
    reset.type = 'button';
    reset.hidden = true;
    const axis = {
      stroke: colour('--fg'),
      font: '11px system-ui, sans-serif',
      labelFont: '11px system-ui, sans-serif',
      grid: { stroke: colour('--rule'), width: 1 },
      ticks: { stroke: colour('--rule'), width: 1 },
      values: (_, splits) => splits.map(short),
    };
    const made = new uPlot(
      {
        width: host.clientWidth || 320,
        height: 210,
        legend: { show: false },
        cursor: { drag: { x: true, y: false, dist: 4 } },
        scales: {
          x: { time: false, auto: false, min: full.min, max: full.max },
          y: { range: (_, min, max) => [0, plot.yMax / plot.y.size || max || 1] },
        },
        axes: [
          { ...axis, size: 30, label: plot.xLabel, labelSize: 18, grid: { show: false } },
          { ...axis, size: 50 },
        ],
        series: seriesOf(plot),
        hooks: {
          setScale: [
            (u, key) => {
              if (key !== 'x') return;
              const { min, max } = u.scales.x;
              reset.hidden = max - min >= (full.max - full.min) * 0.9999;
              host.dataset.min = min;
              host.dataset.max = max;
            },
          ],
          setCursor: [
            (u) => {
              const { idx, left } = u.cursor;
              tip.hidden = idx == null || left < 0;
              if (tip.hidden) return;
              tip.textContent = told(plot, table, idx);
              const isRight = left > u.bbox.width / devicePixelRatio / 2;
              const room = left + u.bbox.left / devicePixelRatio;
              tip.style.left = (isRight ? Math.max(0, room - tip.offsetWidth - 12) : room + 12) + 'px';
            },
          ],
        },
      },
      table.drawn,
      host,
    );
    const show = (min, max) => made.setScale('x', { min, max });
    const all = () => show(full.min, full.max);
    all();
    reset.onclick = all;
    made.over.ondblclick = all;
    host.onkeydown = (event) => {
      const { min, max } = made.scales.x;
      const step = (max - min) / 4;
      const keys = {
        '+': () => times.length > 1 && show(min + step, max - step),
        '-': () => show(Math.max(full.min, min - step), Math.min(full.max, max + step)),
        0: all,
        ArrowLeft: () => min - step >= full.min && show(min - step, max - step),
        ArrowRight: () => max + step <= full.max && show(min + step, max + step),
      };
      if (!Object.hasOwn(keys, event.key) || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      keys[event.key]();
    };
    return made;
  }

  const plots = [...document.querySelectorAll('figure[data-plot]')].map((figure) => {
    const plot = data.plots[Number(figure.dataset.plot)];
    const host = document.createElement('div');
    host.className = 'plot';
    host.tabIndex = 0;
    host.setAttribute('role', 'group');
    host.setAttribute('aria-label', plot.title + ': zoom with +, -, 0 and the arrow keys');
    figure.querySelector('svg.chart').after(host);
    figure.classList.add('live');
    return { host, plot, made: draw(host, plot) };
  });
  const redraw = () => {
    for (const each of plots) {
      each.made.destroy();
      each.made = draw(each.host, each.plot);
    }
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const { made } = plots.find(({ host }) => host === target);
      const width = target.clientWidth;
      if (width > 0 && Math.abs(width - made.width) > 1) made.setSize({ width, height: made.height });
    }
  });
  for (const { host } of plots) sizes.observe(host);
})();
`;
