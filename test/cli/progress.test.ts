import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createProgress, createRunsProgress, durationText } from '../../cli/progress.ts';
import { Verbosity } from '../../cli/verbosity.ts';

/** A terminal that keeps what is drawn, with a clock that is set by hand. */
class FakeTerminal extends Writable {
  isTTY = true;
  columns = 120;
  ms = 0;
  drawn = '';

  get terminal(): { stream: FakeTerminal; nowMs: () => number } {
    return { stream: this, nowMs: () => this.ms };
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.drawn += chunk.toString();
    done();
  }
}

describe('a progress bar', () => {
  it('stays silent for two seconds, then tells done, rate, what is left and virtual time', () => {
    const fake = new FakeTerminal();
    const bar = createProgress({ label: 'filling', unit: 'pages', total: 9000 }, {}, fake.terminal);
    fake.ms = 1999;
    bar.update({ done: 1999 });
    expect(fake.drawn).toBe('');
    fake.ms = 3000;
    bar.update({ done: 3000, virtualNs: 1.5e9 });
    bar.stop();
    expect(fake.drawn).toContain(
      'filling [========----------------] 3,000/9,000 pages | 1,000/s | 6 s left | 1.50 s virtual',
    );
    // The line is taken away, and a kill would have left the terminal as it was.
    expect(fake.drawn.endsWith('\u001b[2K')).toBe(true);
    expect(fake.drawn).not.toContain('\u001b[?');
  });

  it('has no bar and no end where the total is not known', () => {
    const fake = new FakeTerminal();
    const bar = createProgress({ label: 'reading', unit: 'pages' }, {}, fake.terminal);
    fake.ms = 4000;
    bar.update({ done: 10 });
    bar.stop();
    expect(fake.drawn).toContain('reading 10 pages | 2.5/s');
    expect(fake.drawn).not.toContain('left');
  });

  it('tells the time that is left where a clock ends the work', () => {
    const fake = new FakeTerminal();
    const bar = createProgress({ label: 'swapping', unit: 'operations' }, {}, fake.terminal);
    fake.ms = 4000;
    bar.update({ done: 100, total: null, secondsLeft: 187 });
    bar.stop();
    expect(fake.drawn).toContain('swapping 100 operations | 25/s | 3:07 min left');
  });

  it('keeps to one line of a narrow terminal', () => {
    const fake = new FakeTerminal();
    fake.columns = 40;
    const bar = createProgress({ label: 'filling', unit: 'pages', total: 9 }, {}, fake.terminal);
    fake.ms = 3000;
    bar.update({ done: 3 });
    bar.stop();
    const [drawn = ''] = /filling.*?(?=\u001b)/.exec(fake.drawn) ?? [];
    expect(drawn).toHaveLength(40);
  });

  it('leaves ^C to whoever minds it', () => {
    const fake = new FakeTerminal();
    const before = process.listenerCount('SIGINT');
    const bar = createProgress({ label: 'x', unit: 'pages', total: 9 }, {}, fake.terminal);
    fake.ms = 3000;
    bar.update({ done: 3 });
    expect(process.listenerCount('SIGINT')).toBe(before);
    bar.stop();
  });

  it('makes room for a line, and is drawn again below it', () => {
    const fake = new FakeTerminal();
    const bar = createProgress({ label: 'x', unit: 'pages', total: 9 }, {}, fake.terminal);
    fake.ms = 3000;
    bar.update({ done: 3 });
    bar.stop();
    expect(fake.drawn.endsWith('\u001b[2K')).toBe(true);
    const before = fake.drawn.length;
    fake.ms = 4000;
    bar.update({ done: 4 });
    bar.stop();
    expect(fake.drawn.slice(before)).toContain('4/9 pages | 1.0/s | 5 s left');
  });

  it('is not there with --quiet, nor in a pipe', () => {
    const quiet = new Verbosity();
    quiet.isQuiet = true;
    const fake = new FakeTerminal();
    const pipe = new FakeTerminal();
    pipe.isTTY = false;
    for (const [io, to] of [[{ verbosity: quiet }, fake] as const, [{}, pipe] as const]) {
      const bar = createProgress({ label: 'x', unit: 'pages', total: 2 }, io, to.terminal);
      to.ms = 9000;
      bar.update({ done: 1 });
      bar.stop();
    }
    expect([fake.drawn, pipe.drawn]).toEqual(['', '']);
  });
});

describe('the progress of several runs', () => {
  it('is counted over all of them', () => {
    const fake = new FakeTerminal();
    const bar = createRunsProgress(4, {}, fake.terminal);
    const progress = { phase: 0, phaseCount: 1, operationCount: 1000, virtualNs: 0 };
    bar.next('a');
    bar.update({ ...progress, operations: 1000, step: 'run' });
    bar.update({ ...progress, operations: 64, operationCount: 64, step: 'verify' });
    bar.next('b');
    fake.ms = 3000;
    bar.update({ ...progress, operations: 500, step: 'run' });
    bar.stop();
    expect(fake.drawn).toContain('b (run 2 of 4) [');
    expect(fake.drawn).toContain('1,500/4,000 operations | 500/s | 5 s left');
  });
});

describe('a remaining time', () => {
  it.each([
    [0.2, '1 s'],
    [59, '59 s'],
    [187, '3:07 min'],
    [7_500, '2:05 h'],
  ])('of %d s reads %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});
