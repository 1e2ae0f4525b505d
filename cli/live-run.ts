/**
 * A run while it lives, as other processes see it through the state database: which areas it uses
 * and how much, what it does from time to time, and what they may ask of it.
 */
import type {
  DoneDetails,
  LiveFigures,
  LiveHooks,
  Steering,
  SteeringRequest,
} from '../src/machine/index.ts';
import type { RunWriter, StateDatabase } from '../src/runs/index.ts';
import { RunError, UsageError } from '../src/units/index.ts';
import type { HeldAreas } from './run-areas.ts';

/** Milliseconds of wall time between looks for requests. */
const POLL_MS = 100;
/** Between updates of what `swapon --show` tells. */
const USAGE_MS = 250;
/** Between signs of life of a run whose own intervals may be hours apart. */
const LIFE_MS = 10_000;

export interface LiveRunOptions {
  readonly database: StateDatabase;
  readonly writer: RunWriter;
  readonly areas: HeldAreas;
  /** Milliseconds between intervals that are stored; null: the run stores its own. */
  readonly intervalMs: number | null;
}

/** Its `steering` and `onLive` are hooks of a run. */
export class LiveRun implements Steering {
  readonly #options: LiveRunOptions;
  /** Requests that are not answered yet, by their number. */
  readonly #asked = new Map<number, SteeringRequest>();
  #polledMs = 0;
  #usageMs: number;
  #intervalMs: number;

  constructor(options: LiveRunOptions) {
    this.#options = options;
    this.#usageMs = this.#intervalMs = performance.now();
    options.database.runs.steering.listen(options.writer.runId);
  }

  /** The hooks for the machine. */
  get hooks(): { readonly steering: Steering } & Required<Pick<LiveHooks, 'onLive'>> {
    return {
      steering: this,
      onLive: (look, stands) => {
        // Somebody who waited for the pause looks now.
        if (stands === true) this.#usageMs = -USAGE_MS;
        this.#show(look);
      },
    };
  }

  poll(): SteeringRequest | null {
    const now = performance.now();
    if (now - this.#polledMs < POLL_MS) return null;
    const { database, writer } = this.#options;
    const ask = bestEffort(() => database.runs.steering.take(writer.runId)) ?? null;
    // After one there may be another: only a look that finds none is followed by a rest.
    if (ask === null) {
      this.#polledMs = now;
      return null;
    }
    const { id, action, area } = ask;
    const opened = action === 'swapoff' ? {} : this.#open(area, ask.priority);
    const request = { id, action, area, ...opened };
    this.#asked.set(id, request);
    return request;
  }

  done(id: number, operation: number, outcome: string, { phase, detail }: DoneDetails): void {
    const { database, areas } = this.#options;
    const request = this.#asked.get(id)!;
    this.#asked.delete(id);
    const isGone = (request.action === 'swapoff') === (outcome === 'ok');
    // Who asked looks at once what has become of it.
    this.#usageMs = -USAGE_MS;
    // Without an answer the asker waits for the end of the run.
    bestEffort(() => {
      if (isGone && request.refusal === undefined) areas.giveUp(request.area);
      database.runs.steering.answer(id, { operation, phase }, { outcome, detail });
    });
  }

  #open(area: string, priority: number | null): Pick<SteeringRequest, 'prepared' | 'refusal'> {
    try {
      const taken = this.#options.areas.takeIn(area, priority);
      return 'device' in taken ? { prepared: taken } : { refusal: taken };
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof RunError)) throw error;
      return { refusal: { outcome: 'EINVAL', detail: error.message } };
    }
  }

  #show(look: () => LiveFigures): void {
    const now = performance.now();
    const { database, writer, areas, intervalMs } = this.#options;
    const isDue = now - this.#intervalMs >= (intervalMs ?? LIFE_MS);
    if (now - this.#usageMs < USAGE_MS && !isDue) return;
    const { operations, timeNs, areas: used, zswap } = look();
    this.#usageMs = now;
    bestEffort(() => {
      for (const { name, usedPages } of used) {
        const fileId = areas.fileIdOf(name);
        if (fileId !== null) database.activeAreas.setUsedPages(fileId, usedPages);
      }
    });
    if (!isDue) return;
    this.#intervalMs = now;
    if (intervalMs === null) {
      bestEffort(() => {
        writer.renewLife();
      });
      return;
    }
    const figures = {
      ...zswap,
      ...Object.fromEntries(used.map(({ name, usedPages }) => [`used ${name}`, usedPages])),
    };
    bestEffort(() => {
      writer.interval({ operations, timeNs, figures });
    });
  }
}

/**
 * Does what a run can do without: a database that is locked for long or full must not end it here.
 * Where its results are stored that is told.
 */
function bestEffort<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof RunError) return undefined;
    throw error;
  }
}
