/** The memory cgroup that a trace runs in: version 1 or 2. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { insist, Refusal } from './commands.mjs';
import { read, unescapeOctal } from './settings.mjs';

/** Where memory cgroups are: version 1 where it has the memory controller, else version 2. */
export function findMemoryCgroups() {
  const mounts = read('/proc/mounts')
    .split('\n')
    .map((line) => line.split(' ').map(unescapeOctal));
  const v1 = mounts.find(
    ([, , type, options]) => type === 'cgroup' && options.split(',').includes('memory'),
  );
  if (v1 !== undefined) return { version: 1, root: v1[1] };
  const v2 = mounts.find(([, , type]) => type === 'cgroup2');
  if (v2 !== undefined && controllers(v2[1], 'controllers').includes('memory'))
    return { version: 2, root: v2[1] };
  throw new Refusal(
    'no memory cgroups: neither a version 1 hierarchy with memory is mounted, nor version 2 with it',
  );
}

function controllers(root, file) {
  return read(`${root}/cgroup.${file}`).split(' ');
}

/** Makes a cgroup with a hard limit; version 2 also takes a limit of its own for zswap's pool. */
export function createCgroup(undo, { version, root }, { limitMiB, zswapMaxMiB }) {
  const path = `${root}/swaplab-capture`;
  if (version === 2 && !controllers(root, 'subtree_control').includes('memory')) {
    undo.add('take memory out of cgroup.subtree_control again', () =>
      writeFileSync(`${root}/cgroup.subtree_control`, '-memory'),
    );
    writeFileSync(`${root}/cgroup.subtree_control`, '+memory');
  }
  if (existsSync(path)) removeLeftOver(path);
  mkdirSync(path);
  undo.add(`remove ${path}`, () => insist(() => rmdirSync(path)));
  const settings = {
    [version === 1 ? 'memory.limit_in_bytes' : 'memory.max']: limitMiB * 2 ** 20,
    ...(version === 2 ? { 'memory.swap.max': 'max' } : {}),
    ...(zswapMaxMiB === null ? {} : { 'memory.zswap.max': zswapMaxMiB * 2 ** 20 }),
  };
  for (const [file, value] of Object.entries(settings)) {
    if (!existsSync(`${path}/${file}`))
      throw new Refusal(`${path}: no ${file}; this kernel counts no swap or no zswap of cgroups`);
    writeFileSync(`${path}/${file}`, String(value));
  }
  return path;
}

/** Of a capture that was killed with SIGKILL; one that still runs keeps its processes in it. */
function removeLeftOver(path) {
  try {
    rmdirSync(path);
  } catch (error) {
    throw new Refusal(`${path} is in use (${error.code}): another capture seems to be under way`);
  }
}

/** How many processes the OOM killer has ended in a cgroup. */
export function oomKills({ version }, path) {
  const file = version === 1 ? 'memory.oom_control' : 'memory.events';
  return Number(/^oom_kill (\d+)$/m.exec(read(`${path}/${file}`))?.[1] ?? 0);
}
