/** What the commands that write for an engine take in the same way. */
import { UsageError } from '../../src/units/index.ts';
import { wholeNumber } from '../run-options.ts';

/**
 * `--shards N`: a shard without a run would be a task for nothing.
 * @param runCount - of the plan
 */
export function readShardCount(text: string, runCount: number): number {
  const shards = wholeNumber(text, '--shards')!;
  if (shards < 1 || shards > runCount)
    throw new UsageError(`--shards: ${shards} for ${runCount} runs; accepted: 1 to ${runCount}`);
  return shards;
}
