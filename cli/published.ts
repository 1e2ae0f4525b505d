/** The published figures that this project is compared with, as the package holds them. */
import { readFileSync } from 'node:fs';
import { packageFile } from './package-file.ts';

/** One row of a published table of metadata. */
export interface PublishedRow {
  readonly design: string;
  readonly backend: string;
  readonly used: readonly number[];
  readonly mib: readonly number[];
}

export interface PublishedTable {
  readonly source: string;
  readonly unit: string;
  readonly rows: readonly PublishedRow[];
}

/** Bytes of the device that the tables of metadata are about. */
export const PUBLISHED_SIZE_BYTES: number = 32 * 2 ** 30;

/** The published tables of metadata by view. */
export function publishedMetadata(): Readonly<Record<string, PublishedTable>> {
  const path = packageFile('fixtures/published/metadata-tables.json');
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, PublishedTable>;
}
