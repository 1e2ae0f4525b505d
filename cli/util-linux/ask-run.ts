/**
 * swapon and swapoff of areas under a live run: which run is meant, and the wait for its answer.
 *
 * Kernel counterpart: the system that runs is the one that swapon and swapoff act on. Here it is the
 * run that has the area; for an area that none has, the only live run. `--run` says another thing.
 */
import type { ActiveArea } from '../../src/area/index.ts';
import {
  inspectDatabaseFile,
  openStateDatabase,
  type LiveRun,
  type StateDatabase,
  type SteeringAnswer,
  type SteeringAsk,
} from '../../src/runs/index.ts';
import type { CommandIo } from '../command.ts';
import type { Program, Steps } from './program.ts';

/** What `--run` says: a run, none, or (null) nothing. */
export type RunChoice = number | 'none' | null;

/** Milliseconds between looks for the answer. */
const WAIT_MS = 20;
/** How long a run that has ended may take to give its areas back. assumed */
const RELEASE_MS = 5000;

/** Reads the argument of `--run`. */
export function readRunChoice(program: Program, text: string): RunChoice {
  if (text === 'none') return text;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  return program.fail(`invalid argument of --run: ${text}: accepted are a run's number and none`);
}

/** The live run that has the area; null: none that takes requests, or none is meant. */
export function runOfArea(program: Program, area: ActiveArea, choice: RunChoice): number | null {
  if (choice === 'none') return null;
  const { ownerPid } = area;
  const owners = ownerPid === null ? [] : listeners(program.io);
  const runId = owners.find(({ pid }) => pid === ownerPid)?.runId ?? null;
  if (choice !== null && choice !== runId)
    return program.fail(
      `--run ${choice}: ${area.path} is ${runId === null ? 'no live run' : `run ${runId}`}'s`,
    );
  return runId;
}

/** The live run that an area which is not active shall go to; null: to the table alone. */
export function runForArea(program: Program, path: string, choice: RunChoice): number | null {
  if (choice === 'none') return null;
  const { io } = program;
  const runs = listeners(io);
  if (choice !== null) {
    if (runs.some(({ runId }) => runId === choice)) return choice;
    const live = runs.map(({ runId }) => runId).join(', ');
    return program.fail(
      `--run ${choice}: no live run that takes requests; live are: ${live || 'none'}`,
    );
  }
  if (runs.length === 1) return runs[0]!.runId;
  const had = runs.filter(({ runId }) => hasGivenUp(io, runId, path));
  if (had.length === 1) return had[0]!.runId;
  if (runs.length > 1)
    program.warn(
      `${path}: for no run, as ${runs.length} are live ` +
        `(${runs.map(({ runId }) => runId).join(', ')}); --run RUN gives it to one`,
    );
  return null;
}

/**
 * Asks a run and waits for its answer. Who wants to end meanwhile takes the request back, if the run
 * has not taken it yet; where the process just ends, the run finds that the asker is gone.
 * @returns `gone` when the run has ended without an answer: it has no areas any more; EINTR: taken back
 */
export function* askRun(
  io: CommandIo,
  runId: number,
  request: Omit<SteeringAsk, 'id'>,
): Steps<SteeringAnswer | 'gone'> {
  const database = openStateDatabase(io.databasePath);
  try {
    const { runs, activeAreas } = database;
    const id = runs.steering.ask(runId, request);
    for (;;) {
      const answer = runs.steering.answerTo(id);
      if (answer !== 'gone' && answer !== 'waiting') return answer;
      if (answer === 'gone') break;
      const isInterrupted = yield* wait();
      if (isInterrupted && runs.steering.withdraw(id)) return { outcome: 'EINTR', detail: '' };
    }
    // Nobody will take it any more.
    runs.steering.withdraw(id);
    const isHeld = (): boolean =>
      activeAreas.list().some(({ path, ownerPid }) => path === request.area && ownerPid !== null);
    for (let waited = 0; waited < RELEASE_MS && isHeld(); waited += WAIT_MS) yield* wait();
    return 'gone';
  } finally {
    database.close();
  }
}

function listeners(io: CommandIo): readonly LiveRun[] {
  if (inspectDatabaseFile(io.databasePath) !== 'ours') return [];
  return withDatabase(io, ({ runs }) => runs.steering.listeners());
}

function hasGivenUp(io: CommandIo, runId: number, path: string): boolean {
  return withDatabase(io, ({ runs }) => runs.steering.givenUp(runId).includes(path));
}

function withDatabase<T>(io: CommandIo, action: (database: StateDatabase) => T): T {
  const database = openStateDatabase(io.databasePath);
  try {
    return action(database);
  } finally {
    database.close();
  }
}

/** The programs work without turns of the event loop but between steps, as in C. */
function* wait(): Steps<boolean> {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
  return yield;
}
