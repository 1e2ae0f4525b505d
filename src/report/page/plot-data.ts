/** The numbers of series charts, once on the page, for the script that makes them zoomable. */
import { DASHES, dashIndex } from '../charts/palette.ts';
import { unitFor, type Quantity, type Unit } from '../charts/quantity.ts';
import { thinned, type Point } from '../charts/thin.ts';
import { most } from '../charts/line-chart.ts';

/** Points of a line: more than a screen has room for while all of it is shown. */
const POINTS_MAX = 500;

export interface PlotLine {
  readonly label: string;
  /** Colour and dash, or colour and pattern. */
  readonly column: number;
  /** Over virtual ns, ascending. */
  readonly points: readonly Point[];
}

export interface PlotInput {
  readonly kind: 'lines' | 'stack';
  readonly title: string;
  readonly quantity: Quantity;
  readonly label: string;
  readonly lines: readonly PlotLine[];
  /** Ends of the axes where they are shared with charts beside it. */
  readonly timeMax?: number;
  readonly yMax?: number;
}

/** A plot as the script reads it. */
interface Plot {
  readonly kind: PlotInput['kind'];
  readonly title: string;
  readonly label: string;
  readonly xLabel: string;
  readonly x: Unit;
  readonly y: Unit;
  readonly timeMax: number;
  readonly yMax: number;
  readonly lines: readonly {
    readonly label: string;
    /** Colour. */
    readonly c: number;
    readonly dash: readonly number[];
    /** Position of its times in `times`. */
    readonly t: number;
    readonly v: readonly number[];
  }[];
}

export class PlotData {
  readonly #plots: Plot[] = [];
  /** Times of lines; those of a run's series are the same, and stand here once. */
  readonly #times: (readonly number[])[] = [];
  readonly #positions = new Map<string, number>();

  /** @returns the number by which the figure names its plot */
  add(input: PlotInput): number {
    const { kind, title, quantity, label, lines } = input;
    const timeMax = input.timeMax ?? most(lines, ({ x }) => x);
    const yMax = input.yMax ?? most(lines, ({ y }) => y);
    const x = unitFor('ns', timeMax);
    const y = unitFor(quantity, yMax);
    this.#plots.push({
      ...{ kind, title, x, y, timeMax, yMax },
      label: y.name === '' ? label : `${label}, ${y.name}`,
      xLabel: `virtual time, ${x.name}`,
      lines: lines.map(({ label: name, column, points }) => {
        // Layers on each other need the same times.
        const few = kind === 'stack' ? points : thinned(points, POINTS_MAX);
        return {
          ...{ label: name, c: column },
          dash: dashOf(column),
          t: this.#positionOf(few.map((point) => point.x)),
          v: few.map((point) => point.y),
        };
      }),
    });
    return this.#plots.length - 1;
  }

  get isEmpty(): boolean {
    return this.#plots.length === 0;
  }

  /** JSON that may stand in a script element. */
  toJson(): string {
    const json = JSON.stringify({ times: this.#times, plots: this.#plots });
    return json.replaceAll('<', String.raw`\u003c`);
  }

  #positionOf(times: readonly number[]): number {
    const key = times.join();
    const known = this.#positions.get(key);
    if (known !== undefined) return known;
    this.#positions.set(key, this.#times.length);
    return this.#times.push(times) - 1;
  }
}

function dashOf(column: number): number[] {
  const dash = DASHES[dashIndex(column)]!;
  return dash === 'none' ? [] : dash.split(' ').map(Number);
}
