/** `runs map`: the slots of a run's areas at the end of its workload, as a picture of characters. */
import { InvalidArgumentError, type Command } from 'commander';
import { areaName } from '../../src/report/text/area-names.ts';
import { slotMapText } from '../../src/report/text/slot-map.ts';
import type { StoredRun } from '../../src/runs/index.ts';
import { RunError, UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { readOne, withRuns } from './open-runs.ts';
import { parseCount } from './options.ts';
import { RUN_SELECTION } from './select-runs.ts';
import { isColoured } from './terminal.ts';

/** A map has at most so many cells. */
const WIDTH_MAX = 1024;

interface MapOptions {
  readonly area?: number;
  readonly width: number;
}

export function addMap(runs: Command, io: CommandIo): void {
  runs
    .command('map')
    .description("the slots of a run's areas at the end of its workload, a character a cell")
    .argument('<run>', `which one: ${RUN_SELECTION}`)
    .option('--area <type>', 'only this area, by its number (all)', parseCount)
    .option('--width <cells>', 'cells a line', parseWidth, 64)
    .addHelpText(
      'after',
      '\nExamples:\n  swaplab runs map last\n  swaplab runs map 12 --area 0 --width 100',
    )
    .action((run: string, options: MapOptions) => {
      const stored = withRuns(io, (store) => readOne(store, run, io));
      io.stdout(mapsText(io, stored, options));
    });
}

function mapsText({ env }: CommandIo, run: StoredRun, { area, width }: MapOptions): string {
  const maps = run.slotMaps.filter(({ type }) => area === undefined || type === area);
  if (maps.length === 0) throw noMap(run, area);
  const look = { width, isColoured: isColoured(env) };
  return maps
    .map((map) => {
      const path = run.areas.find(({ type }) => type === map.type)?.path ?? '';
      const title = `Run ${run.runId}, area ${map.type}: ${areaName(run, { type: map.type, path })}`;
      return slotMapText(map, title, look);
    })
    .join('\n');
}

function noMap({ runId, slotMaps }: StoredRun, area: number | undefined): RunError | UsageError {
  if (slotMaps.length > 0)
    return new UsageError(
      `--area: run ${runId} has no slots of area ${area ?? 0}; accepted: ` +
        slotMaps.map(({ type }) => type).join(', '),
    );
  return new RunError(
    `run ${runId} has no slot map: it has not ended, has no slots, or an older version stored it`,
  );
}

function parseWidth(text: string): number {
  const width = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (width >= 1 && width <= WIDTH_MAX) return width;
  throw new InvalidArgumentError(`Accepted is a whole number from 1 to ${WIDTH_MAX}.`);
}
