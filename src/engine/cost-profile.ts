/**
 * Prices of events in virtual nanoseconds: data, one JSON file per machine, every
 * number with its source or marked `assumed`.
 */
import { z } from 'zod';
import { UsageError } from '../units/index.ts';
import { EVENT_NAMES, type EventName } from './events.ts';

const price = z.strictObject({ ns: z.number().nonnegative(), source: z.string().min(1) });

/** A cost profile as JSON: name, description, and a price with its source per event. */
export interface CostProfileData {
  readonly name: string;
  readonly description: string;
  readonly prices: Readonly<
    Partial<Record<EventName, { readonly ns: number; readonly source: string }>>
  >;
}

const costProfileSchema: z.ZodType<CostProfileData> = z.strictObject({
  name: z.string().min(1),
  description: z.string(),
  prices: z.partialRecord(z.enum(EVENT_NAMES), price),
});

export class CostProfile {
  readonly name: string;
  readonly #data: CostProfileData;

  constructor(data: CostProfileData) {
    this.name = data.name;
    this.#data = data;
  }

  /**
   * Price of one event; an event that the profile does not name is free, but for `compress` and
   * `decompress`: those then cost what the compressor in use says.
   */
  priceNs(event: EventName): number {
    return this.#data.prices[event]?.ns ?? 0;
  }

  /** True when the profile gives the event a price, be it 0. */
  names(event: EventName): boolean {
    return this.#data.prices[event] !== undefined;
  }

  /** Where the price of an event comes from; undefined when it has none. */
  source(event: EventName): string | undefined {
    return this.#data.prices[event]?.source;
  }

  /** Prices by event, for the resolved spec of a run. */
  pricesNs(): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.#data.prices).map(([name, entry]) => [name, entry.ns]),
    );
  }
}

/** Checks parsed JSON against the schema; names the key that is wrong. */
export function parseCostProfile(json: unknown, where: string): CostProfile {
  const parsed = costProfileSchema.safeParse(json);
  if (!parsed.success)
    throw new UsageError(`${where}: not a cost profile: ${z.prettifyError(parsed.error)}`);
  return new CostProfile(parsed.data);
}
