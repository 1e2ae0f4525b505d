/** What the revisions do differently. */
export interface VswapRules {
  /** Slots that are freed one after the other go back together (v5). */
  readonly batchesFrees: boolean;
  /** Look-up cache, cache-only bit in the reverse map, merged operations (v6). */
  readonly isMerged: boolean;
}

export const RULES: Readonly<Record<string, VswapRules>> = {
  v3: { batchesFrees: false, isMerged: false },
  v5: { batchesFrees: true, isMerged: false },
  v6: { batchesFrees: true, isMerged: true },
};
