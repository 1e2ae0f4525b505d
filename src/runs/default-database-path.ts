/**
 * Where the state database is by default. By itself: every command asks, and one that opens no
 * database need not load SQLite for the answer.
 */
import { isAbsolute, join } from 'node:path';
import { UsageError } from '../units/index.ts';

/**
 * Where the state database is when `--db` is not given: `$XDG_STATE_HOME/swaplab/swaplab.db`, or
 * `$HOME/.local/state/swaplab/swaplab.db`.
 * @source XDG base directory specification 0.8: a relative path counts as unset
 * @throws UsageError when neither variable is of use
 */
export function defaultDatabasePath(env: Readonly<Record<string, string | undefined>>): string {
  const stateHome = env['XDG_STATE_HOME'] ?? '';
  const home = env['HOME'] ?? '';
  if (isAbsolute(stateHome)) return join(stateHome, 'swaplab', 'swaplab.db');
  if (isAbsolute(home)) return join(home, '.local', 'state', 'swaplab', 'swaplab.db');
  throw new UsageError(
    'the state database has no place: give --db FILE, or set XDG_STATE_HOME or HOME to a folder',
  );
}
