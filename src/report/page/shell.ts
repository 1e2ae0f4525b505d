/**
 * What every page has around its content: head, style, and a policy under which a browser loads
 * nothing and runs nothing but what the page itself has, by its hash.
 */
import { createHash } from 'node:crypto';
import { el, renderMarkup, verbatim, type Child } from '../charts/markup.ts';
import { patternDefinitions } from '../charts/palette.ts';

/** A page, and the Content-Security-Policy that a server sends with it. */
export interface ServedPage {
  readonly html: string;
  readonly policy: string;
}

export interface ShellInput {
  readonly title: string;
  readonly styles: readonly string[];
  readonly scripts: readonly string[];
  /** The server that the page came from may be asked: by forms, and by its scripts. */
  readonly isAsking: boolean;
  /** In the head, besides what every page has there. */
  readonly head?: readonly Child[];
  readonly content: readonly Child[];
}

/** The page also names its policy itself, for where it is a file. */
export function pageShell(input: ShellInput): ServedPage {
  const { title, styles, scripts, head = [], content } = input;
  const policy = contentPolicy(input);
  const page = el(
    'html',
    { lang: 'en' },
    el(
      'head',
      {},
      el('meta', { charset: 'utf-8' }),
      el('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
      el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      el('meta', { name: 'color-scheme', content: 'light dark' }),
      // Else browsers ask the server, where there is one, for an icon.
      el('link', { rel: 'icon', href: 'data:,' }),
      el('title', {}, title),
      ...head,
      styles.map((style) => verbatim('style', {}, style)),
    ),
    el(
      'body',
      {},
      patternDefinitions(),
      ...content,
      scripts.map((script) => verbatim('script', {}, script)),
    ),
  );
  const html = `<!DOCTYPE html>\n${renderMarkup(page)}\n`;
  // Browsers take this one from a server only.
  return { html, policy: `${policy}; frame-ancestors 'none'` };
}

function contentPolicy({ styles, scripts, isAsking }: ShellInput): string {
  const asked = isAsking ? "'self'" : "'none'";
  return [
    "default-src 'none'",
    `style-src ${styles.map(hashOf).join(' ')}`,
    ...(scripts.length === 0 ? [] : [`script-src ${scripts.map(hashOf).join(' ')}`]),
    ...(scripts.length > 0 && isAsking ? ["connect-src 'self'"] : []),
    'img-src data:',
    "base-uri 'none'",
    `form-action ${asked}`,
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
