/**
 * What processes ask of live runs of other processes: swapon and swapoff of areas while they work.
 *
 * A request is a row. It goes from `asked` to `taken`, when the run has seen it, to `answered`; a
 * request whose asker is gone before it was taken becomes `withdrawn`. Each step is one transaction,
 * so that a request is taken once or withdrawn, never both.
 */
import type { Connection } from './connection.ts';
import { lives, OWNER_COLUMNS, type RunOwner } from './orphans.ts';
import { isRunning, type ProcessIdentity } from './process-identity.ts';
import type { SteeringRecord } from './records.ts';

export interface SteeringAsk extends Pick<SteeringRecord, 'action' | 'area' | 'priority'> {
  readonly id: number;
}

export interface SteeringAnswer {
  /** `ok` or the name of an errno. */
  readonly outcome: string;
  readonly detail: string;
}

/** A run that takes requests. */
export interface LiveRun {
  readonly runId: number;
  readonly pid: number;
}

interface Identified {
  readonly pid: number;
  readonly startTicks: number | null;
}

export class SteeringTable {
  readonly #connection: Connection;
  readonly #self: ProcessIdentity;

  constructor(connection: Connection, self: ProcessIdentity) {
    this.#connection = connection;
    this.#self = self;
  }

  /** The run of this process takes requests from now until it ends. */
  listen(runId: number): void {
    this.#connection.run('UPDATE run_wall SET listens = 1 WHERE run_id = ?', runId);
  }

  /** Live runs that take requests, the newest first. */
  listeners(): LiveRun[] {
    return this.#connection
      .all<LiveRun & RunOwner>(
        `SELECT run_id AS runId, ${OWNER_COLUMNS}
         FROM run JOIN run_wall USING (run_id)
         WHERE status = 'running' AND listens = 1 ORDER BY run_id DESC`,
      )
      .filter((run) => lives(run))
      .map(({ runId, pid }) => ({ runId, pid }));
  }

  /** Paths of the areas that a run has given up on request, and has not got back. */
  givenUp(runId: number): string[] {
    const last = new Map<string, string>();
    for (const { area, action, outcome } of readSteering(this.#connection, runId))
      if (outcome === 'ok') last.set(area, action);
    return [...last].flatMap(([area, action]) => (action === 'swapoff' ? [area] : []));
  }

  /** Asks a run for something. @returns the number of the request */
  ask(runId: number, request: Omit<SteeringAsk, 'id'>): number {
    const { action, area, priority } = request;
    return this.#connection.transaction(() => {
      const { insertedId } = this.#connection.run(
        `INSERT INTO steering (run_id, action, area, priority, status)
         VALUES (?, ?, ?, ?, 'asked')`,
        ...[runId, action, area, priority],
      );
      this.#connection.run(
        'INSERT INTO steering_wall VALUES (?, ?, ?, ?, NULL)',
        ...[insertedId, this.#self.pid, this.#self.startTicks, Date.now()],
      );
      return insertedId;
    });
  }

  /** The answer to a request; `gone` when the run has ended without one. */
  answerTo(id: number): SteeringAnswer | 'waiting' | 'gone' {
    const [row] = this.#connection.all<
      RunOwner & { outcome: string | null; detail: string | null; runStatus: string }
    >(
      `SELECT outcome, detail, run.status AS runStatus, ${OWNER_COLUMNS}
       FROM steering JOIN run USING (run_id) JOIN run_wall USING (run_id)
       WHERE steering_id = ?`,
      id,
    );
    // The run may have been deleted.
    if (row === undefined) return 'gone';
    if (row.outcome !== null) return { outcome: row.outcome, detail: row.detail ?? '' };
    return row.runStatus === 'running' && lives(row) ? 'waiting' : 'gone';
  }

  /** Takes a request back. @returns false when the run has taken it: it will be answered */
  withdraw(id: number): boolean {
    const { changes } = this.#connection.run(
      `UPDATE steering SET status = 'withdrawn' WHERE steering_id = ? AND status = 'asked'`,
      id,
    );
    return changes === 1;
  }

  /** The oldest request to a run of this process, which must answer it; null when there is none. */
  take(runId: number): SteeringAsk | null {
    // Looking takes no lock: most of the time there is nothing to take.
    for (const { pid, startTicks, ...ask } of this.#asked(runId)) {
      if (!isRunning({ pid, startTicks })) this.withdraw(ask.id);
      else if (this.#setTaken(ask.id)) return ask;
    }
    return null;
  }

  /** Answers a request that was taken. */
  answer(
    id: number,
    at: Pick<SteeringRecord, 'operation' | 'phase'>,
    { outcome, detail }: SteeringAnswer,
  ): void {
    this.#connection.transaction(() => {
      this.#connection.run(
        `UPDATE steering
         SET status = 'answered', operation = ?, phase_index = ?, outcome = ?, detail = ?
         WHERE steering_id = ? AND status = 'taken'`,
        ...[at.operation, at.phase, outcome, detail, id],
      );
      const sql = 'UPDATE steering_wall SET answered_ms = ? WHERE steering_id = ?';
      this.#connection.run(sql, Date.now(), id);
    });
  }

  #asked(runId: number): (SteeringAsk & Identified)[] {
    return this.#connection.all(
      `SELECT steering_id AS id, action, area, priority, asker_pid AS pid,
         asker_start AS startTicks
       FROM steering JOIN steering_wall USING (steering_id)
       WHERE run_id = ? AND status = 'asked' ORDER BY steering_id`,
      runId,
    );
  }

  #setTaken(id: number): boolean {
    const { changes } = this.#connection.run(
      `UPDATE steering SET status = 'taken' WHERE steering_id = ? AND status = 'asked'`,
      id,
    );
    return changes === 1;
  }
}

/** What a run was asked and has done, in the order in which it did it. */
export function readSteering(connection: Connection, runId: number): SteeringRecord[] {
  return connection.all(
    `SELECT action, area, priority, operation, phase_index AS phase, outcome, detail
     FROM steering WHERE run_id = ? AND status = 'answered' ORDER BY steering_id`,
    runId,
  );
}
