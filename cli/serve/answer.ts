/** What the server is asked by one request, and what it says to it before it is sent. */
import type { PlotLibrary } from '../../src/report/page/index.ts';
import { messagePage, type MessageInput, type ServedPage } from '../../src/report/serve/index.ts';
import type { RunStore } from '../../src/runs/index.ts';
import { version } from '../version.ts';

/** Runs in one report: others wait while it is made. */
export const REPORT_RUNS_MAX = 64;

export interface Site {
  readonly databasePath: string;
  readonly plotLibrary: PlotLibrary;
}

export interface Asked {
  readonly site: Site;
  readonly runs: RunStore;
  /** Of the address; 0 where the route has none. */
  readonly runId: number;
  readonly query: URLSearchParams;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** Content-Security-Policy. */
  readonly policy: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What must be told in HTML to people and in JSON to programs. */
export interface Problem extends Omit<MessageInput, 'version'> {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of what is no page. */
const NOTHING_POLICY = "default-src 'none'; frame-ancestors 'none'";

export function pageAnswer({ html, policy }: ServedPage, status = 200): Answer {
  return { status, type: 'text/html; charset=utf-8', body: html, policy };
}

export function jsonAnswer(document: unknown, status = 200): Answer {
  const body = `${JSON.stringify(document, null, 2)}\n`;
  return { status, type: 'application/json; charset=utf-8', body, policy: NOTHING_POLICY };
}

export function problemAnswer({ status, headers, ...told }: Problem, isJson: boolean): Answer {
  const answer = isJson
    ? jsonAnswer({ error: told.message }, status)
    : pageAnswer(messagePage({ ...told, version }), status);
  return headers === undefined ? answer : { ...answer, headers };
}
