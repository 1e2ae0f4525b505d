import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forEachLine, LINE_BYTES_MAX, lineText } from '../../../src/workload/importers/lines.ts';

/** The lines of a text that comes in the parts between `cuts`, in one buffer used again and again. */
async function linesOf(text: string, cuts: readonly number[] = []): Promise<string[]> {
  const bytes = Buffer.from(text);
  const lines: string[] = [];
  const shared = Buffer.alloc(bytes.length);
  async function* parts(): AsyncGenerator<Uint8Array> {
    let start = 0;
    for (const end of [
      ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
      bytes.length,
    ]) {
      await Promise.resolve();
      bytes.copy(shared, 0, start, end);
      yield shared.subarray(0, end - start);
      shared.fill(88);
      start = end;
    }
  }
  const count = await forEachLine(parts(), 'text', (line, start, end, number) => {
    expect(number).toBe(lines.length + 1);
    lines.push(lineText(line, start, end));
  });
  expect(count).toBe(lines.length);
  return lines;
}

describe('lines of a stream', () => {
  it('are the same wherever the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'bc', '\n', '\r\n', '\r', ' ')),
        fc.array(fc.nat(50)),
        async (words, cuts) => {
          const text = words.join('');
          const whole = text.split('\n').map((line, index, all) => {
            return index < all.length - 1 || line !== '' ? line.replace(/\r$/, '') : null;
          });
          expect(await linesOf(text, cuts)).toEqual(whole.filter((line) => line !== null));
        },
      ),
    );
  });

  it('have a longest length, whether they come in one part or in many', async () => {
    const longest = 'x'.repeat(LINE_BYTES_MAX);
    expect(await linesOf(`a\n${longest}\n`, [7])).toEqual(['a', longest]);
    const wrong = `text:2: is longer than ${LINE_BYTES_MAX} bytes`;
    await expect(linesOf(`a\n${longest}yy\n`)).rejects.toThrow(wrong);
    await expect(linesOf(`a\n${longest}yy`, [7, 9])).rejects.toThrow(wrong);
  });
});
