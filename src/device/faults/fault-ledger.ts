/**
 * The ledger of a machine's faults: which have fired, what each has damaged, and what became of it.
 *
 * A fault that has damaged pages has a site for each: the sectors of one page of the device that do
 * not hold what was acknowledged. Sites are decided one by one (told as an error, rewritten or freed
 * before a read, given to a task); the heaviest of its sites decides a fault:
 * lost > detected > harmless > unread. What is decided is let go, so that the ledger is as large as
 * what is still open.
 *
 * Kernel counterpart: none; this is the other half of the experiment.
 */
import { assert } from '../../units/index.ts';
import { FAULT_KINDS, type FaultKind } from './fault-rule.ts';

/** What became of a fault. */
export type FaultConsequence =
  /** Told as an error to whoever asked. */
  | 'detected'
  /** Rewritten or freed before anybody read it. */
  | 'unread'
  /** Wrong bytes were given to a task as good. */
  | 'lost'
  /** Read, and the bytes were right; or there was nothing to damage. */
  | 'harmless'
  /** Not decided yet. */
  | 'pending';

/** A fault that has fired. */
export interface FiredFault {
  readonly id: number;
  /** Place of its rule in the list, from 0. */
  readonly rule: number;
  readonly kind: FaultKind;
  readonly area: string;
  /** First slot hit; of a mapped area the page of its device. */
  readonly slot: number;
  readonly pages: number;
  /** Operation of the workload. */
  readonly operation: number;
  readonly timeNs: number;
}

export interface FaultTally {
  readonly kind: FaultKind;
  readonly fired: number;
  readonly detected: number;
  readonly unread: number;
  readonly lost: number;
  readonly harmless: number;
  readonly pending: number;
}

type Decision = Exclude<FaultConsequence, 'pending'>;
/** By weight. */
const DECISIONS: readonly Decision[] = ['unread', 'harmless', 'detected', 'lost'];

/** A fault that is not decided. */
export interface OpenFault {
  readonly id: number;
  readonly kind: FaultKind;
  readonly area: string;
  readonly slot: number;
  /** Sites of which nothing is known yet. */
  open: number;
  /** Heaviest decision of its sites so far, as a place in DECISIONS; -1: none. */
  weight: number;
  /** More sites may come. */
  isFiring: boolean;
  isDecided: boolean;
}

/** What one fault has done to one page of a device. */
export interface DamageSite {
  readonly fault: OpenFault;
  /** A bit for each sector that is not as it must be. */
  sectors: number;
  /** The device cannot read them. */
  readonly isLatent: boolean;
  /** It was read, and what was read was right. */
  wasRight: boolean;
  isDecided: boolean;
}

/** Who is told. */
export interface LedgerHooks {
  /** Operation of the workload, for the log and for rules by operation. */
  operation(): number;
  onFault?(fault: FiredFault): void;
  onConsequence?(id: number, consequence: FaultConsequence, detail: string): void;
}

export class FaultLedger {
  readonly hooks: LedgerHooks;
  /** Nothing fires while somebody looks from outside. */
  isPaused = false;
  readonly #open = new Map<number, OpenFault>();
  readonly #fired = new Map<FaultKind, number>();
  readonly #decided = new Map<FaultKind, number[]>();
  /** Sites that the transfer at hand has met. */
  readonly #seen: DamageSite[] = [];
  /** Sites behind frames that hold wrong bytes, by token. */
  readonly #suspects = new Map<number, readonly DamageSite[]>();
  #latestToken = 0;
  #latestId = 0;

  constructor(hooks: LedgerHooks) {
    this.hooks = hooks;
  }

  /** Faults that are not decided. */
  get openCount(): number {
    return this.#open.size;
  }

  /** A fault fires; its sites follow, and `sealed`, `told` or `harmless`. */
  fire(fault: Omit<FiredFault, 'id' | 'operation'>): OpenFault {
    const id = (this.#latestId += 1);
    const { kind, area, slot } = fault;
    this.#fired.set(kind, (this.#fired.get(kind) ?? 0) + 1);
    const open = { ...{ id, kind, area, slot }, open: 0, weight: -1 };
    const record: OpenFault = { ...open, isFiring: true, isDecided: false };
    this.#open.set(id, record);
    this.hooks.onFault?.({ id, ...fault, operation: this.hooks.operation() });
    return record;
  }

  /** All sites of a fault are known. */
  sealed(fault: OpenFault): void {
    fault.isFiring = false;
    if (fault.open === 0) this.#decide(fault, fault.weight < 0 ? 'harmless' : null, '');
  }

  /** A fault that damages nothing was told to the caller as an error. */
  told(fault: OpenFault, detail: string): void {
    fault.isFiring = false;
    this.#decide(fault, 'detected', detail);
  }

  /** The transfer was told as an error for another reason: its sites may still do worse. */
  toldToo(fault: OpenFault): void {
    fault.weight = Math.max(fault.weight, DECISIONS.indexOf('detected'));
  }

  /** A fault that damages nothing and is no error. */
  harmless(fault: OpenFault, detail: string): void {
    fault.isFiring = false;
    this.#decide(fault, 'harmless', detail);
  }

  // --- What the device says of its sites -----------------------------------------------------

  addSite(fault: OpenFault, sectors: number, isLatent: boolean): DamageSite {
    fault.open += 1;
    return { fault, sectors, isLatent, wasRight: false, isDecided: false };
  }

  /** A transfer has met a site. */
  met(site: DamageSite): void {
    this.#seen.push(site);
  }

  /** A site is there no more: its sectors were rewritten, or hold nothing of use. */
  gone(site: DamageSite): void {
    this.#decideSite(site, site.wasRight ? 'harmless' : 'unread', 'rewritten or freed');
  }

  // --- What the swap core says of a read -----------------------------------------------------

  /** A read begins: what was met before is of no concern. */
  beginRead(): void {
    if (this.#seen.length > 0) this.#seen.length = 0;
  }

  /** Sites met since `beginRead`. */
  get metCount(): number {
    return this.#seen.length;
  }

  /** The fault layer itself has refused a transfer: what else was met has told nobody anything. */
  forgetMet(count: number): void {
    this.#seen.length = count;
  }

  /** What the transfer has met, in words; empty for nothing. */
  describeMet(): string {
    return this.#seen.map(({ fault }) => `${fault.kind} (fault ${fault.id})`).join(', ');
  }

  /** The read was told as an error. */
  readFailed(detail: string): void {
    for (const site of this.#seen) this.#decideSite(site, 'detected', detail);
    this.#seen.length = 0;
  }

  /** The read gave what had been written. */
  readRight(): void {
    for (const site of this.#seen) site.wasRight = true;
    this.#seen.length = 0;
  }

  /**
   * The read gave something else as good.
   * @returns a token for `mapped` and `dropped`: until a task has it, nothing is lost
   */
  readWrong(): number {
    const token = (this.#latestToken += 1);
    this.#suspects.set(token, this.#seen.slice());
    this.#seen.length = 0;
    return token;
  }

  /** A task was given the wrong page of this token. */
  mapped(token: number, detail: string): void {
    const sites = this.#suspects.get(token);
    assert(sites !== undefined, 'a wrong page is given away once');
    this.#suspects.delete(token);
    for (const site of sites) this.#decideSite(site, 'lost', detail);
  }

  /** The wrong page of this token has left memory before a task had it. */
  dropped(token: number): void {
    this.#suspects.delete(token);
  }

  // --- Results -------------------------------------------------------------------------------

  /** Nothing is in use any more: what is open was never read, or was read right. */
  finish(sites: Iterable<DamageSite>): void {
    for (const site of sites) this.gone(site);
    this.checkInvariants();
  }

  /** By kind, those that have fired. */
  tallies(): FaultTally[] {
    const tallies = FAULT_KINDS.flatMap((kind) => {
      const fired = this.#fired.get(kind) ?? 0;
      if (fired === 0) return [];
      const [unread, harmless, detected, lost] = this.#decided.get(kind) ?? [0, 0, 0, 0];
      const counts = { unread: unread!, harmless: harmless!, detected: detected!, lost: lost! };
      const pending = [...this.#open.values()].filter((fault) => fault.kind === kind).length;
      return [{ kind, fired, ...counts, pending }];
    });
    return tallies;
  }

  /** What has fired was decided, or is open. */
  checkInvariants(): void {
    for (const { kind, fired, detected, unread, lost, harmless, pending } of this.tallies())
      assert(
        fired === detected + unread + lost + harmless + pending,
        `every fault of kind ${kind} that fired has one consequence`,
      );
    for (const fault of this.#open.values())
      assert(fault.isFiring || fault.open > 0, 'an open fault has a site that is not decided');
  }

  #decideSite(site: DamageSite, decision: Decision, detail: string): void {
    const { fault } = site;
    fault.weight = Math.max(fault.weight, DECISIONS.indexOf(decision));
    if (!site.isDecided) {
      site.isDecided = true;
      fault.open -= 1;
    }
    if (fault.isDecided) return;
    // Nothing is heavier.
    if (decision === 'lost' || (fault.open === 0 && !fault.isFiring))
      this.#decide(fault, null, detail);
  }

  #decide(fault: OpenFault, decision: Decision | null, detail: string): void {
    assert(!fault.isDecided, 'a fault is decided once');
    const weight = decision === null ? fault.weight : DECISIONS.indexOf(decision);
    fault.isDecided = true;
    this.#open.delete(fault.id);
    let counts = this.#decided.get(fault.kind);
    if (counts === undefined) this.#decided.set(fault.kind, (counts = [0, 0, 0, 0]));
    counts[weight]! += 1;
    this.hooks.onConsequence?.(fault.id, DECISIONS[weight]!, detail);
  }
}
