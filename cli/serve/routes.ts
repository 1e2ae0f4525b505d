/**
 * What the server answers to: a fixed table. No part of a request is a path of a file. The database is
 * opened for each request, so that one that goes, comes or is another meanwhile does no harm.
 */
import { openStateDatabase, type RunStore, type StateDatabase } from '../../src/runs/index.ts';
import { RunError, UsageError } from '../../src/units/index.ts';
import { problemAnswer, type Answer, type Asked, type Problem, type Site } from './answer.ts';
import { listAnswer } from './list-answer.ts';
import { LIST_PARAMETERS, parseQuery } from './parameters.ts';
import { documentAnswer, liveAnswer, reportAnswer, runAnswer } from './run-answers.ts';

/** Milliseconds that a locked database is waited for; whoever asks meanwhile waits too. */
const BUSY_TIMEOUT_MS = 1000;

interface Route {
  /** Its group is the number of a run. */
  readonly path: RegExp;
  /** As `parseQuery` takes them. */
  readonly parameters: readonly string[];
  readonly isJson: boolean;
  readonly answer: (asked: Asked) => Answer | Problem;
}

const ROUTES: readonly Route[] = [
  { path: /^\/$/, parameters: LIST_PARAMETERS, isJson: false, answer: listAnswer },
  { path: /^\/runs\/([1-9]\d{0,14})$/, parameters: [], isJson: false, answer: runAnswer },
  {
    ...{ path: /^\/runs\/([1-9]\d{0,14})\.json$/, parameters: [], isJson: true },
    answer: documentAnswer,
  },
  {
    ...{ path: /^\/runs\/([1-9]\d{0,14})\/live$/, parameters: [], isJson: true },
    answer: liveAnswer,
  },
  { path: /^\/report$/, parameters: ['run+'], isJson: false, answer: reportAnswer },
];

const NO_PAGE: Problem = {
  ...{ status: 404, title: 'No such page' },
  message:
    'There are /, /runs/N, /runs/N.json and /report?run=N&run=M, where N and M are numbers of runs.',
};

/**
 * The answer to a GET.
 * @param target - path and query as they were sent
 */
export function answerTo(target: string, site: Site): Answer {
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  for (const route of ROUTES) {
    const match = route.path.exec(path);
    if (match === null) continue;
    const said = answerOf(route, { runId: Number(match[1] ?? 0), site }, target.slice(path.length));
    return 'body' in said ? said : problemAnswer(said, route.isJson);
  }
  return problemAnswer(NO_PAGE, false);
}

function answerOf(
  { parameters, answer }: Route,
  asked: Pick<Asked, 'runId' | 'site'>,
  search: string,
): Answer | Problem {
  try {
    const query = parseQuery(search.slice(1), parameters);
    return withRuns(asked.site.databasePath, (runs) => answer({ ...asked, runs, query }));
  } catch (error) {
    return problemOf(error);
  }
}

/** @throws what `action` throws; RunError where the database cannot be read */
function withRuns<T>(path: string, action: (runs: RunStore) => T): T {
  const database = openToRead(path);
  try {
    return action(database.runs);
  } finally {
    database.close();
  }
}

function openToRead(path: string): StateDatabase {
  try {
    return openStateDatabase(path, { readonly: true, busyTimeoutMs: BUSY_TIMEOUT_MS });
  } catch (error) {
    // Who asks the server has not chosen the database.
    if (error instanceof UsageError) throw new RunError(error.message);
    throw error;
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof UsageError)
    return { status: 400, title: 'That cannot be asked', message: error.message };
  if (error instanceof RunError)
    return {
      ...{ status: 503, title: 'The runs cannot be read now', message: error.message },
      headers: { 'Retry-After': '2' },
    };
  throw error;
}
