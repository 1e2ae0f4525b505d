/**
 * A live run seen and steered from outside: swapon and swapoff that another process asks for, and
 * figures for those who watch.
 *
 * Attended between two batches of operations and while a trace pauses, so every request is taken
 * after a known number of operations; that number goes with the answer, for a replay. What is asked
 * for belongs to the run, when it was asked does not: a run without requests is as it was.
 * @source linux 6.18 mm/swapfile.c swapon, swapoff: the errnos
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/index.ts';
import { VIRTUAL_TYPE, type SwapSystem } from '../swap/index.ts';
import { UsageError, type Errno } from '../units/index.ts';
import type { MachineAreas } from './areas.ts';
import type { PreparedArea } from './prepared-area.ts';
import type { SteeringOutcome } from './run-result.ts';

/** Milliseconds between looks while a trace pauses. assumed: nobody feels it */
const PAUSE_POLL_MS = 50;

/** What another process asks of a run. */
export interface SteeringRequest {
  readonly id: number;
  readonly action: 'swapon' | 'swapoff';
  /** Its path, which is the name of the area in the machine. */
  readonly area: string;
  /** Of a swapon: the area, ready for use; one that the machine knows keeps its device. */
  readonly prepared?: PreparedArea;
  /** Why the area cannot be used, known before the machine was asked. */
  readonly refusal?: SteeringOutcome & { readonly outcome: Errno };
}

/** The other end of the requests. */
export interface Steering {
  /** The next request; asked often, so it must be quick to say that there is none. */
  poll(): SteeringRequest | null;
  /** @param operation - operations of the workload that were done before */
  done(id: number, operation: number, outcome: string, more: DoneDetails): void;
}

export interface DoneDetails {
  readonly phase: number;
  readonly detail: string;
}

/** What a machine is at this moment. */
export interface LiveFigures {
  readonly operations: number;
  readonly timeNs: number;
  /** Areas that are on. */
  readonly areas: readonly { readonly name: string; readonly usedPages: number }[];
  /** zswap's gauges, by the kernel's names. */
  readonly zswap: Readonly<Record<string, number>>;
}

/** The hooks of a run that are asked here. */
export interface LiveHooks {
  /** Asked between batches of operations. */
  readonly steering?: Steering;
  /**
   * Asked as often; `look` costs something, so not every time.
   * @param stands - the machine has just come to stand still: what is told now holds for a while
   */
  onLive?(look: () => LiveFigures, stands?: boolean): void;
  onEvent?(timeNs: number, kind: string, detail: string): void;
}

interface Place {
  readonly operations: number;
  readonly phase: number;
}

export class Outside {
  readonly #engine: Engine;
  readonly #swap: SwapSystem;
  readonly #areas: MachineAreas;

  constructor(engine: Engine, swap: SwapSystem, areas: MachineAreas) {
    this.#engine = engine;
    this.#swap = swap;
    this.#areas = areas;
  }

  /** Does what was asked for, and lets the outside look. The machine stands between operations. */
  attend(hooks: LiveHooks, place: Place, stands = false): void {
    for (let request = hooks.steering?.poll() ?? null; request !== null;) {
      this.#perform(hooks, request, place);
      request = hooks.steering!.poll();
    }
    hooks.onLive?.(() => this.#look(place.operations), stands);
  }

  /** As `attend`, until `pause` is over. */
  async attendDuring(
    pause: Promise<void> | undefined,
    hooks: LiveHooks,
    place: Place,
  ): Promise<void> {
    if (pause === undefined || (hooks.steering ?? hooks.onLive) === undefined) return await pause;
    let isOver = false;
    const end = pause.finally(() => (isOver = true));
    // A change during a wait is nothing that the analysis sees.
    const isPausing = (): boolean => !isOver;
    for (let stands = true; isPausing(); stands = false) {
      this.attend(hooks, place, stands);
      const waiting = new AbortController();
      const nap = sleep(PAUSE_POLL_MS, undefined, { signal: waiting.signal }).catch(
        () => undefined,
      );
      await Promise.race([end, nap]);
      waiting.abort();
    }
    await end;
  }

  #perform(hooks: LiveHooks, request: SteeringRequest, { operations, phase }: Place): void {
    const { id, action, area } = request;
    const { outcome, detail } = request.refusal ?? this.#act(request);
    const told = `${action} ${area} after operation ${operations}: ${outcome}`;
    const timeNs = this.#engine.nowNs;
    hooks.onEvent?.(timeNs, 'steering', detail === '' ? told : `${told}: ${detail}`);
    hooks.steering!.done(id, operations, outcome, { phase, detail });
  }

  #act({ action, area, prepared }: SteeringRequest): SteeringOutcome {
    try {
      return action === 'swapoff' ? this.#areas.giveUp(area) : this.#areas.takeIn(prepared!);
    } catch (error) {
      // What the machine cannot use (a ghost under virtual slots) is the asker's mistake.
      if (!(error instanceof UsageError)) throw error;
      return { outcome: 'EINVAL', detail: error.message };
    }
  }

  #look(operations: number): LiveFigures {
    const areas = this.#swap.space
      .areas()
      // The virtual slots of a design are nobody's area.
      .filter(({ type }) => type < VIRTUAL_TYPE)
      .map(({ type, inUse }) => ({ name: this.#areas.nameOf(type), usedPages: inUse }));
    return { operations, timeNs: this.#engine.nowNs, areas, zswap: this.#swap.zswap.gauges() };
  }
}
