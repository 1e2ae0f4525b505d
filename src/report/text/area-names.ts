/**
 * What a run's areas are called. The path of a temporary area says nothing and is another one each
 * time: such an area is called by what was asked for.
 */
import { humanSize } from '../../area/index.ts';
import { isObject, type JsonValue, type StoredRun } from '../../runs/index.ts';
import { clipped, PAGE_SIZE } from '../../units/index.ts';

const TITLE_LETTERS_MAX = 60;

/** `temporary, 512M` for an area that the run made for itself, else its path. */
export function areaName(
  run: StoredRun,
  area: { readonly type: number; readonly path: string },
): string {
  const pages = temporaryPages(run).get(area.type);
  return pages === undefined ? area.path : temporaryName(pages);
}

/** `area 0 (temporary, 512M)`, or its path: of an area that a title names. */
export function areaTitle(run: StoredRun, type: number): string {
  const path = run.areas.find((each) => each.type === type)?.path;
  if (path === undefined) return `area ${type}`;
  return clipped(withAreaNames(run, path), TITLE_LETTERS_MAX);
}

/** Puts the names of temporary areas where `text` has their paths: `area 0 (temporary, 512M)`. */
export function withAreaNames(run: StoredRun, text: string): string {
  const temporary = temporaryPages(run);
  return run.areas.reduce((renamed, { type, path }) => {
    const pages = temporary.get(type);
    return pages === undefined
      ? renamed
      : renamed.replaceAll(path, `area ${type} (${temporaryName(pages)})`);
  }, text);
}

function temporaryName(pages: number): string {
  return `temporary, ${humanSize(pages * PAGE_SIZE, 'short')}`;
}

/** Pages, header included, of the areas that were no files of the user, by type. */
function temporaryPages({ spec }: StoredRun): Map<number, number> {
  const found = new Map<number, number>();
  const held = isObject(spec) ? spec['areasHeld'] : undefined;
  for (const area of Array.isArray(held) ? (held as readonly JsonValue[]) : []) {
    if (!isObject(area) || area['name'] !== null) continue;
    const { type, maxPages } = area;
    if (typeof type === 'number' && typeof maxPages === 'number') found.set(type, maxPages);
  }
  return found;
}
