/** The folder in which `sweep run --jobs` keeps its shards until they are merged: beside the plan. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** `shard-3-of-8.db`. */
const SHARD_FILE = /^shard-(\d+)-of-(\d+)\.db$/;

/** The folder of a plan, where nobody has chosen another. */
export function workFolderOf(plan: string): string {
  return `${plan}.shards`;
}

/** Databases of shards that the folder of a plan has. */
export function shardFilesOf(plan: string): string[] {
  return shardFilesIn(workFolderOf(plan));
}

export function shardFilesIn(folder: string): string[] {
  return entriesOf(folder)
    .filter((name) => SHARD_FILE.test(name))
    .map((name) => join(folder, name));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
