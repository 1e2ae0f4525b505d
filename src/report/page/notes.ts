/** What the figures mean. */
import { el, type Child } from '../charts/markup.ts';

const NOTES: readonly (readonly [string, string])[] = [
  [
    'Virtual time',
    'is the emulated machine’s: what every lookup, compression, lock and transfer costs there, by a ' +
      'table of prices and a model of the device. It is the same on every computer. Wall time is how ' +
      'long the emulation took on the computer that ran it, and compares nothing.',
  ],
  [
    'Counters',
    'have the kernel’s names and mean what they mean there: pswpout and pswpin are pages written to ' +
      'and read from swap devices, zswpout and zswpin pages stored in and loaded from zswap, zswpwb ' +
      'pages that zswap wrote back to a device, pgmajfault touches that waited for a page.',
  ],
  [
    'Units',
    'KiB, MiB and GiB are powers of 1024 bytes; k, M and G at axes powers of 1000; a page is 4 KiB; ' +
      'a cluster is 512 slots.',
  ],
  [
    'Pages compared',
    'at the end every page of every task is touched once more and compared byte for byte with what ' +
      'the workload had written.',
  ],
  [
    'Metadata',
    'are the tables that say where pages are, summed up from what is allocated; the pages themselves, ' +
      'compressed or not, are not in it.',
  ],
  [
    'Age and LRU inversion',
    'of a page in zswap is how many pages were offered to zswap after it. Inversion is above 1 where ' +
      'what stays is older than what goes to the device.',
  ],
];

export function notesSection(): Child[] {
  return [
    el(
      'dl',
      {},
      NOTES.map(([term, says]) => [el('dt', {}, el('b', {}, term)), el('dd', {}, says)]),
    ),
  ];
}
