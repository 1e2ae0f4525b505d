/** A page between zswap and a swapfile, asked about while the device is given its bytes. */
import { PAGE_SIZE } from '../../units/index.ts';
import { describeLocation, refusedWriteback } from './in-words.ts';
import type { Finding, Situation } from './situation.ts';
import type { PageView, Stage, Swapped } from './stage.ts';

export const inWriteback: Situation = {
  title: 'being written from zswap to a swapfile',
  scene: { trace: 'pages 160\nW 0 160 seq 160 1 mix:1024\n', pool: 'small', device: 'file' },
  ask: (stage) => {
    let found: { main: PageView; outside: PageView; before: Swapped } | null = null;
    return {
      onWrite: (area, offset, length) => {
        found ??= writtenNow(stage, area, [offset, offset + length]);
      },
      afterOperation: (): Finding | null => {
        if (found !== null) {
          const { main, outside, before } = found;
          const after = stage.view('the same page when the operation is over', before.page);
          return {
            main,
            also: [outside, after],
            note:
              `before, under the same entry, in ${describeLocation(before.location)}; the folio ` +
              `is read while it is written, from memory`,
          };
        }
        stage.survey();
        const refusal = refusedWriteback(stage);
        return refusal === null ? null : { note: refusal };
      },
      atEnd: () => ({ note: 'the run did not bring it about' }),
    };
  },
};

/** A page that was in zswap, and whose folio goes to one of the bytes that are being written. */
function writtenNow(
  stage: Stage,
  area: number,
  [start, end]: readonly [number, number],
): { main: PageView; outside: PageView; before: Swapped } | null {
  for (const before of stage.seen.values()) {
    if (before.location.kind !== 'zswap') continue;
    const main = stage.view('a page that zswap writes back', before.page);
    if (main.entry !== before.entry || main.location.kind !== 'frame') continue;
    if (!main.location.writeback) continue;
    const outside = stage.viewOutside('the slot that it is being written to', before.page);
    const place = outside?.location;
    if (outside === null || place?.kind !== 'file' || place.area !== area) continue;
    const { offset } = place;
    if (offset === null || offset < start || offset + PAGE_SIZE > end) continue;
    // The device has nothing yet: there are no bytes to compare.
    return { main, outside: { ...outside, holds: null }, before };
  }
  return null;
}
