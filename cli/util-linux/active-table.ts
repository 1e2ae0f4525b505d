/** The table of active areas as the util-linux programs reach it: `/proc/swaps` and the two calls. */
import type { ActiveArea, ActiveAreas } from '../../src/area/index.ts';
import { inspectDatabaseFile, openStateDatabase } from '../../src/runs/index.ts';
import type { CommandIo } from '../command.ts';

/** The active areas by type; none where there is no state database, which is then not made. */
export function listActiveAreas(io: CommandIo): readonly ActiveArea[] {
  if (inspectDatabaseFile(io.databasePath) !== 'ours') return [];
  return withActiveAreas(io, (areas) => areas.list());
}

/** Does something with the table of active areas; makes the state database where there is none. */
export function withActiveAreas<T>(io: CommandIo, action: (areas: ActiveAreas) => T): T {
  const database = openStateDatabase(io.databasePath);
  try {
    return action(database.activeAreas);
  } finally {
    database.close();
  }
}
