/**
 * How much sooner a sweep is done over GNU parallel than in one process: both in alternation, on a
 * machine that should be doing nothing else. Ends with 1 when the median ratio is above the limit, 3
 * when the two do not come to the same content.
 *
 *   node scripts/sweep-speed.cjs [--jobs 2] [--rounds 3] [--limit 0.6] [SPEC.json]
 */
const { spawnSync } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join, resolve } = require('node:path');
const { parseArgs } = require('node:util');

const root = dirname(__dirname);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    limit: { type: 'string', default: '0.6' },
  },
});
const spec = resolve(positionals[0] ?? join(root, 'fixtures/sweeps/pool-size.json'));
const folder = mkdtempSync(join(tmpdir(), 'swaplab-sweep-speed-'));

function sweep(...words) {
  const startMs = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'dist/cli/main.js'), 'sweep', ...words],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, XDG_STATE_HOME: folder } },
  );
  if (status !== 0) {
    process.stderr.write(`sweep ${words.join(' ')} ended with ${status}: ${stderr}`);
    process.exit(1);
  }
  return { seconds: (performance.now() - startMs) / 1000, stdout };
}

function hashOf(...words) {
  return JSON.parse(sweep(...words, '--json').stdout).contentHash;
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

try {
  sweep('plan', spec, '-o', 'plan.ndjson');
  const ratios = [];
  const hashes = new Set();
  for (let round = 1; round <= Number(values.rounds); round++) {
    const [one, many] = [`one-${round}.db`, `many-${round}.db`];
    const alone = sweep('run', '--plan', 'plan.ndjson', '--db', one).seconds;
    const words = ['run', '--plan', 'plan.ndjson', '--jobs', values.jobs, '--engine', 'parallel'];
    const together = sweep(...words, '--db', many);
    hashes.add(hashOf('merge', one, '--plan', 'plan.ndjson', '-o', `again-${round}.db`));
    hashes.add(/content hash (\w+)/.exec(together.stdout)[1]);
    ratios.push(together.seconds / alone);
    process.stdout.write(
      `round ${round}: one process ${alone.toFixed(1)} s, ${values.jobs} jobs ` +
        `${together.seconds.toFixed(1)} s, ratio ${ratios.at(-1).toFixed(3)}\n`,
    );
  }
  const ratio = median(ratios);
  process.stdout.write(
    `median ratio ${ratio.toFixed(3)} (limit ${values.limit}); content hash ${[...hashes].join(' and ')}\n`,
  );
  if (hashes.size > 1) process.exitCode = 3;
  else if (ratio > Number(values.limit)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
