/**
 * HTTP in front of the routes: who may ask, what may be asked, and headers that keep other sites out.
 *
 * Any page in the visitor's browser can send requests to 127.0.0.1 and, under a name that it lets
 * point there (DNS rebinding), read the answers. So the Host must be this server's own, and no answer
 * allows another origin anything.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { clipped } from '../../src/units/index.ts';
import { problemAnswer, type Answer, type Problem, type Site } from './answer.ts';
import { answerTo } from './routes.ts';

/** Milliseconds for a whole request to come in. assumed: its sender is on this machine */
const REQUEST_TIMEOUT_MS = 10_000;
/** Milliseconds without a byte in either direction. */
const IDLE_TIMEOUT_MS = 30_000;
/** assumed: some windows of a browser, which opens up to six connections each */
const CONNECTIONS_MAX = 256;

const HEADERS = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

export interface ServerListeners {
  /** A line about a request that was answered. */
  readonly log: (line: string) => void;
  /** Is told of a bug; the server goes on. */
  readonly failed: (error: unknown) => void;
}

/** A server of the routes that listens nowhere yet. */
export function createSiteServer(site: Site, { log, failed }: ServerListeners): Server {
  const timeouts = {
    ...{ headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    connectionsCheckingInterval: 1000,
  };
  const server = createServer(timeouts, (request, response) => {
    const startMs = performance.now();
    const { port } = server.address() as AddressInfo;
    const answer = safely(() => answerOf(request, port, site), failed);
    send(response, answer);
    const { method = '', url = '' } = request;
    const tookMs = (performance.now() - startMs).toFixed(1);
    log(`${method} ${clipped(url)}: ${answer.status}, ${answer.body.length} letters, ${tookMs} ms`);
  });
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

function answerOf(request: IncomingMessage, port: number, site: Site): Answer {
  const refusal = refusalOf(request, port);
  return refusal === null ? answerTo(request.url ?? '', site) : problemAnswer(refusal, false);
}

function safely(answer: () => Answer, failed: ServerListeners['failed']): Answer {
  try {
    return answer();
  } catch (error) {
    failed(error);
    const message = 'A bug in swaplab; the terminal where it runs says more.';
    return problemAnswer({ status: 500, title: 'That went wrong', message }, false);
  }
}

/** Why a request is not for the routes; null when it is. */
function refusalOf({ method, url = '', headers }: IncomingMessage, port: number): Problem | null {
  const own = ownHosts(port);
  if (!own.includes((headers.host ?? '').toLowerCase()))
    return {
      ...{ status: 421, title: 'Not the name of this server' },
      message:
        `It answers to ${own.map((host) => `http://${host}/`).join(' and ')} only; a tunnel to it ` +
        'must have the same port at both ends.',
    };
  if (method !== 'GET' && method !== 'HEAD')
    return {
      ...{ status: 405, title: 'It only reads', message: 'Accepted methods are GET and HEAD.' },
      headers: { Allow: 'GET, HEAD' },
    };
  if (!url.startsWith('/'))
    return {
      ...{ status: 400, title: 'No address of a page' },
      message: 'Accepted are paths that begin with /.',
    };
  return null;
}

function ownHosts(port: number): string[] {
  // Browsers leave the port of HTTP out.
  const behind = port === 80 ? '' : `:${port}`;
  return [`127.0.0.1${behind}`, `localhost${behind}`];
}

function send(response: ServerResponse, { status, type, body, policy, headers }: Answer): void {
  response.writeHead(status, {
    ...HEADERS,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Content-Security-Policy': policy,
    ...headers,
  });
  // Of an answer to HEAD node leaves the body out.
  response.end(body);
}
