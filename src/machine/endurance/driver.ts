/**
 * The driver of an endurance run: phase after phase on one machine, until so many operations are
 * done, somebody says stop, or a promise breaks. Its state at the end of a phase is enough for
 * another process to go on: the plan is a function of the phase's index.
 */
import type { FaultTally } from '../../device/index.ts';
import { auditPhase, planPhase, type PlanConfig } from '../../workload/index.ts';
import type { OpenPhase } from '../conclude-run.ts';
import type { PreparedArea } from '../prepared-area.ts';
import type { RunHooks } from '../run-hooks.ts';
import type { RunResult } from '../run-result.ts';
import type { RunSpec } from '../spec.ts';
import type { Steering, SteeringRequest } from '../steering.ts';
import {
  addTotals,
  countersDigest,
  gaugesOf,
  NO_TOTALS,
  totalsOf,
  type EnduranceGauges,
  type EnduranceTotals,
} from './figures.ts';
import { firesOnce, goOn, sumTallies } from './going-on.ts';
import { Performer, type BrokenPromise, type SteeredStep } from './performer.ts';
import { planOf, settingsOf } from './settings.ts';

/** All tables are checked after every so many phases: a check takes as long as half a phase. */
const PHASES_PER_CHECK = 16;

export type EnduranceVerdict = 'no silent damage' | 'silent damage' | 'broken promise';

/** From which another process can go on; the swap areas and memory begin anew. */
export interface EnduranceState {
  /** Index of the next phase. */
  readonly phase: number;
  readonly totals: EnduranceTotals;
  /** How often the run was resumed. */
  readonly resumed: number;
  /** What has become of the faults so far. */
  readonly faults: readonly FaultTally[];
  /** Places of the rules that fire once, and have. */
  readonly spent: readonly number[];
}

export interface EnduranceHooks extends Pick<
  RunHooks,
  'onEvent' | 'onFault' | 'onConsequence' | 'onLive'
> {
  /** What other processes ask; it may come after the run was built. */
  steering?(): Steering | null;
  /** Asked between phases, and when the event loop turns: true ends the run with a verdict. */
  isStopWanted?(): boolean;
  /** Called every 1024 operations or so. */
  onOperations?(): void;
  /** A phase has ended. */
  onPhaseEnd?(name: string): void;
}

export interface EnduranceOptions {
  readonly spec: RunSpec;
  readonly areas: readonly PreparedArea[];
  /** Page operations after which the run ends; Infinity: when it is told. */
  readonly operations: number;
  readonly hooks: EnduranceHooks;
  readonly from?: EnduranceState;
}

export interface EnduranceResult {
  readonly verdict: EnduranceVerdict;
  readonly broken: BrokenPromise | null;
  readonly totals: EnduranceTotals;
  readonly faults: readonly FaultTally[];
  readonly gauges: EnduranceGauges;
  readonly digest: string;
  /**
   * What any run gives, of this process's part: all of it one phase, the state that before the last
   * look. Null where a promise was broken before.
   */
  readonly run: RunResult | null;
}

/** A swapon or swapoff that another process asked for. */
export interface SteeredMoment {
  /** Operations that were done before. */
  readonly operations: number;
  readonly step: SteeredStep;
}

/** More of them are not kept: a replay then lacks the first. */
const STEERED_MAX = 4096;

export class Endurance {
  /** What other processes asked for, and got. */
  readonly steered: SteeredMoment[] = [];
  readonly performer: Performer;
  readonly plan: PlanConfig;
  readonly #options: EnduranceOptions;
  readonly #from: EnduranceState;
  readonly #spent: Set<number>;
  /** To the machine's series and counters the run is one phase: a plan has thousands. */
  readonly #open: OpenPhase;
  #phase: number;
  #phases = 0;
  /** Not during the last look. */
  #mayStop = true;
  #checks = 0;

  constructor(options: EnduranceOptions) {
    const { spec, areas, hooks } = options;
    this.#options = options;
    this.#from = options.from ?? NEW;
    this.#spent = new Set(this.#from.spent);
    this.#phase = this.#from.phase;
    const settings = settingsOf(spec, 'endure');
    const once = spec.faults.map((text) => firesOnce(text));
    this.plan = planOf(spec, settings, areas);
    this.performer = new Performer({
      ...{ spec: goOn(spec, this.#from), seed: spec.seed, settings, areas },
      ...{ operations: this.#from.totals.operations, sampledPhase: WHOLE.index },
      hooks: {
        onEvent: (timeNs, kind, detail) => hooks.onEvent?.(timeNs, kind, detail),
        onProgress: () => hooks.onOperations?.(),
        onTurn: () => {
          hooks.onOperations?.();
          if (this.#mayStop && hooks.isStopWanted?.() === true) this.performer.stop();
        },
        onLive: (look) => hooks.onLive?.(look),
        steering: this.#noting(() => hooks.steering?.() ?? null, areas),
        onFault: (fault) => {
          if (once[fault.rule] === true) this.#spent.add(fault.rule);
          hooks.onFault?.(fault);
        },
        onConsequence: (...told) => hooks.onConsequence?.(...told),
      },
    });
    this.#open = this.performer.machine.openPhase(WHOLE.index, WHOLE.op);
  }

  async run(): Promise<EnduranceResult> {
    const { performer } = this;
    const { operations, hooks } = this.#options;
    while (performer.broken === null && performer.operations < operations) {
      const phase = planPhase(this.plan, this.#phase);
      if (!(await performer.performPhase(phase, operations - performer.operations))) break;
      this.#phase += 1;
      this.#phases += 1;
      if (this.#phases % PHASES_PER_CHECK === 0) await this.#check();
      hooks.onPhaseEnd?.(phase.name);
      if (hooks.isStopWanted?.() === true) break;
    }
    return await this.#finish();
  }

  /** Keeps what was asked for and done, for a replay; an area that the run began without is in none. */
  #noting(steering: () => Steering | null, areas: readonly PreparedArea[]): Steering {
    let asked: SteeringRequest | null = null;
    return {
      poll: () => (asked = steering()?.poll() ?? null),
      done: (id, operations, outcome, more) => {
        const area = areas.find(({ name }) => name === asked?.area);
        if (asked !== null && outcome === 'ok' && area !== undefined) {
          const path = `area${area.type}`;
          const kind = asked.action === 'swapoff' ? 'give-up' : 'take-back';
          this.steered.push({ operations, step: { kind, label: `${kind} ${path}`, path } });
          if (this.steered.length > STEERED_MAX) this.steered.shift();
        }
        steering()!.done(id, operations, outcome, more);
      },
    };
  }

  /** State at the end of the latest phase. */
  state(): EnduranceState {
    const { resumed } = this.#from;
    const spent = [...this.#spent].sort((a, b) => a - b);
    return { phase: this.#phase, totals: this.totals(), resumed, faults: this.faults(), spent };
  }

  totals(): EnduranceTotals {
    const { machine, counts } = this.performer;
    const since = totalsOf(machine, counts, {
      operations: this.performer.operations - this.#from.totals.operations,
      phases: this.#phases,
      invariantChecks: this.#checks,
    });
    return addTotals(this.#from.totals, since);
  }

  /** What has become of the faults so far, over all parts of the run. */
  faults(): FaultTally[] {
    return sumTallies(this.#from.faults, this.performer.machine.faultTallies());
  }

  gauges(): EnduranceGauges {
    return gaugesOf(this.performer.machine);
  }

  /** The last look at everything: every page is read, every table checked, every task exits. */
  async #finish(): Promise<EnduranceResult> {
    const { performer } = this;
    this.#mayStop = false;
    performer.goOn();
    const { operations, machine } = performer;
    const state = await performer.state(this.#phase);
    const phases = [machine.closePhase(this.#open)];
    await performer.performPhase(auditPhase(this.plan, this.#phase));
    await this.#check();
    const gauges = this.gauges();
    const beforeExit = machine.engine.byOperation().free;
    await performer.end(this.#phase);
    performer.settle();
    const { broken } = performer;
    // What the last look has read was asked for by nobody: operations are those of the plan.
    const totals = { ...this.totals(), operations: broken?.operation ?? operations };
    const digest = countersDigest(machine);
    const faults = this.faults();
    const run =
      state === null
        ? null
        : machine.result({
            final: { ...state, verify: machine.compared },
            ...{ phases, beforeExit, startMs: this.#open.startMs },
          });
    return { verdict: verdictOf(broken), broken, totals, faults, gauges, digest, run };
  }

  async #check(): Promise<void> {
    if (this.performer.broken !== null) return;
    await this.performer.checkInvariants(this.#phase);
    this.#checks += 1;
  }
}

const WHOLE = { index: 0, op: 'endure' } as const;

const NEW: EnduranceState = { phase: 0, totals: NO_TOTALS, resumed: 0, faults: [], spent: [] };

export function verdictOf(broken: BrokenPromise | null): EnduranceVerdict {
  if (broken === null) return 'no silent damage';
  return broken.kind === 'lost' ? 'silent damage' : 'broken promise';
}
