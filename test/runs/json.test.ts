import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, flattenParameters, specHash } from '../../src/runs/json.ts';
import type { JsonValue } from '../../src/runs/index.ts';
import { InvariantError } from '../../src/units/index.ts';

describe('canonical JSON', () => {
  it('is the same text for every order of keys', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: -0 })).toBe(
      '{"a":0,"b":[1,{"c":"x","d":null}]}',
    );
    expect(specHash({ a: 1, b: 2 })).toBe(specHash({ b: 2, a: 1 }));
    expect(specHash({ a: 1, b: 2 })).not.toBe(specHash({ a: 2, b: 1 }));
  });

  it('sorts keys that look like numbers as text', () => {
    expect(canonicalJson({ 10: 'a', 9: 'b' })).toBe('{"10":"a","9":"b"}');
  });

  it('reads back as the value that it stands for', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const text = canonicalJson(value as JsonValue);
        // JSON has no minus zero; everything else survives.
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('stops at a number that JSON cannot hold', () => {
    expect(() => canonicalJson({ a: NaN })).toThrow(InvariantError);
  });

  it('hashes with SHA-256', () => {
    // printf '{"a":1}' | sha256sum
    expect(specHash({ a: 1 })).toBe(
      '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862',
    );
  });
});

describe('flattened parameters', () => {
  it('name leaves by dotted keys, sorted', () => {
    expect(flattenParameters({ z: { b: true, a: 1.5 }, areas: [{ path: 'x' }, null] })).toEqual([
      { key: 'areas.0.path', value: 'x' },
      { key: 'areas.1', value: null },
      { key: 'z.a', value: 1.5 },
      { key: 'z.b', value: true },
    ]);
  });

  it('keep empty arrays and objects', () => {
    expect(flattenParameters({ areas: [], zswap: {} })).toEqual([
      { key: 'areas', value: '[]' },
      { key: 'zswap', value: '{}' },
    ]);
  });

  it('quote a key that holds a dot, so that no two leaves collide', () => {
    const keys = flattenParameters({ 'a.b': 1, a: { b: 2 } }).map(({ key }) => key);
    expect(keys).toEqual(['a.b', '"a.b"']);
  });
});

describe('the hash of a spec with an access trace', () => {
  const spec = (accesses: string, sha256?: string): { readonly workload: JsonObject } => ({
    workload: sha256 === undefined ? { accesses } : { accesses, sha256 },
  });

  it('leaves the path out where the contents are named', () => {
    expect(specHash(spec('/a/x.accesses', 'ab'))).toBe(specHash(spec('b.accesses', 'ab')));
    expect(specHash(spec('x.accesses', 'ab'))).not.toBe(specHash(spec('x.accesses', 'cd')));
    expect(specHash(spec('x.accesses'))).not.toBe(specHash(spec('y.accesses')));
  });
});

type JsonObject = Readonly<Record<string, string>>;
