/** A page that says what went wrong and where to go on. */
import { el } from '../charts/markup.ts';
import type { ServedPage } from '../page/shell.ts';
import { servedPage } from './shell.ts';

export interface MessageInput {
  readonly version: string;
  readonly title: string;
  readonly message: string;
  /** Where what was meant may be. */
  readonly links?: readonly { readonly href: string; readonly label: string }[];
}

export function messagePage({ version, title, message, links = [] }: MessageInput): ServedPage {
  const all = [...links, { href: '/', label: 'all runs' }];
  return servedPage({
    ...{ title, version },
    content: [
      el('header', {}, el('h1', {}, title)),
      el(
        'main',
        {},
        el('p', { class: 'lead' }, message),
        el(
          'ul',
          {},
          all.map(({ href, label }) => el('li', {}, el('a', { href }, label))),
        ),
      ),
    ],
  });
}
