/**
 * zsmalloc by its rules in words, slowly: arrays of zspages per class, nothing shared with the
 * implementation. Facts: linux 6.12 mm/zsmalloc.c.
 */

interface NaiveClass {
  readonly size: number;
  readonly pages: number;
  readonly objects: number;
}

export interface NaiveZspage {
  readonly of: NaiveClass;
  /** By object: what is stored there. */
  readonly held: (number | undefined)[];
  /** Free objects, the next to be used first. */
  readonly free: number[];
}

/** Classes by the documented rule: fewest wasted bytes, shortest chain of equals, then merged. */
function naiveClasses(chainMax: number): NaiveClass[] {
  const classes: NaiveClass[] = [];
  for (let size = 4096; size >= 32; size -= 16) {
    const chains = Number.isInteger(Math.log2(size))
      ? [1]
      : Array.from({ length: chainMax }, (_, i) => i + 1);
    const wastes = chains.map((pages) => (pages * 4096) % size);
    const pages = chains[wastes.indexOf(Math.min(...wastes))]!;
    const objects = Math.floor((pages * 4096) / size);
    const last = classes.at(-1);
    if (last?.pages !== pages || last.objects !== objects) classes.push({ size, pages, objects });
  }
  // From the smallest on: the first that is large enough serves.
  return classes.reverse();
}

/** 0 empty, then ten groups up to 99 %, then full. */
function groupOf(zspage: NaiveZspage): number {
  const used = zspage.held.filter((each) => each !== undefined).length;
  if (used === 0) return 0;
  if (used === zspage.of.objects) return 11;
  return 1 + Math.trunc(Math.trunc((used * 100) / zspage.of.objects) / 10);
}

export class NaiveZsmalloc {
  readonly #classes: NaiveClass[];
  /** By class, then by group: the zspage listed last comes first. */
  readonly #lists = new Map<NaiveClass, NaiveZspage[][]>();

  constructor(chainMax: number) {
    this.#classes = naiveClasses(chainMax);
    for (const each of this.#classes)
      this.#lists.set(
        each,
        Array.from({ length: 12 }, () => []),
      );
  }

  get pageCount(): number {
    return this.zspages().reduce((sum, zspage) => sum + zspage.of.pages, 0);
  }

  zspages(): NaiveZspage[] {
    return [...this.#lists.values()].flat(2);
  }

  /** Pages that storing `length` bytes would add. */
  growth(length: number): number {
    const of = this.#classFor(length);
    const hasRoom = this.#lists.get(of)!.some((list, group) => group < 11 && list.length > 0);
    return hasRoom ? 0 : of.pages;
  }

  store(identity: number, length: number): void {
    const of = this.#classFor(length);
    const lists = this.#lists.get(of)!;
    for (let group = 10; group >= 1; group--) {
      const zspage = lists[group]![0];
      if (zspage === undefined) continue;
      this.#changing(zspage, () => zspage.held.splice(zspage.free.shift()!, 1, identity));
      return;
    }
    const zspage: NaiveZspage = {
      of,
      held: Array.from({ length: of.objects }),
      free: Array.from({ length: of.objects }, (_, i) => i),
    };
    zspage.held[zspage.free.shift()!] = identity;
    lists[groupOf(zspage)]!.unshift(zspage);
  }

  free(identity: number): void {
    const zspage = this.zspages().find(({ held }) => held.includes(identity))!;
    this.#changing(zspage, () => {
      const object = zspage.held.indexOf(identity);
      zspage.held[object] = undefined;
      zspage.free.unshift(object);
    });
    this.#lists.get(zspage.of)![0] = [];
  }

  compact(): void {
    for (const of of this.#classes.toReversed()) this.#compactClass(of);
  }

  #compactClass(of: NaiveClass): void {
    const lists = this.#lists.get(of)!;
    let into: NaiveZspage | undefined;
    const isWasteful = (): boolean => {
      const all = into === undefined ? lists.flat() : [...lists.flat(), into];
      return all.reduce((sum, { free }) => sum + free.length, 0) >= of.objects;
    };
    while (isWasteful()) {
      into ??= takeFirst(lists, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
      if (into === undefined) break;
      const from = takeFirst(lists, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      if (from === undefined) break;
      for (let object = 0; object < of.objects && into.free.length > 0; object++) {
        if (from.held[object] === undefined) continue;
        into.held[into.free.shift()!] = from.held[object];
        from.held[object] = undefined;
        from.free.unshift(object);
      }
      if (groupOf(from) !== 0) lists[groupOf(from)]!.unshift(from);
      if (into.free.length > 0) continue;
      lists[11]!.unshift(into);
      into = undefined;
    }
    if (into !== undefined) lists[groupOf(into)]!.unshift(into);
  }

  /** A zspage whose group changes goes to the front of its new one; else it stays where it is. */
  #changing(zspage: NaiveZspage, change: () => void): void {
    const lists = this.#lists.get(zspage.of)!;
    const before = groupOf(zspage);
    change();
    const after = groupOf(zspage);
    if (after === before) return;
    lists[before]!.splice(lists[before]!.indexOf(zspage), 1);
    lists[after]!.unshift(zspage);
  }

  /** Each object has its handle's 8 bytes in front, but one that fills a page alone. */
  #classFor(length: number): NaiveClass {
    return this.#classes.find(({ size }) => length + 8 <= size) ?? this.#classes.at(-1)!;
  }
}

function takeFirst(lists: NaiveZspage[][], order: readonly number[]): NaiveZspage | undefined {
  const group = order.find((each) => lists[each]!.length > 0);
  return group === undefined ? undefined : lists[group]!.shift();
}
