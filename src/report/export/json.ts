/** Stored runs as JSON: the document of `runs show --json`, of several runs an array of them. */
import type { StoredRun } from '../../runs/index.ts';
import { runDocument } from './document.ts';

export function jsonExport(runs: readonly StoredRun[]): string {
  const [only] = runs;
  const document =
    runs.length === 1 && only !== undefined ? runDocument(only) : runs.map(runDocument);
  return `${JSON.stringify(document, null, 2)}\n`;
}
