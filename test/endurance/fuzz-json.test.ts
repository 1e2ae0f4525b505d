import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { resolvedAreas } from '../../cli/resolved-areas.ts';
import { applySetting } from '../../cli/run-options.ts';
import { deviceProfiles, parseDeviceProfile } from '../../src/device/index.ts';
import {
  parseCapture,
  parseScenario,
  parseSpec,
  putAt,
  type Json,
} from '../../src/machine/index.ts';
import { canonicalJson, flattenParameters, type JsonValue } from '../../src/runs/index.ts';
import { fuzz, type Random } from './support/fuzz.ts';
import { mutateJson, mutateText, nested } from './support/mutations.ts';

function readAll(folder: string): unknown[] {
  const path = fileURLToPath(new URL(`../../fixtures/${folder}/`, import.meta.url));
  return readdirSync(path)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(path + name, 'utf8')) as unknown);
}

const workload = { name: 'usemem', arguments: ['-n', '2', '48M'] };
const FULL_SPEC = {
  ...{
    name: 'all',
    seed: 7,
    design: 'vswap',
    payload: 'bytes',
    device: 'nvme',
    sameFilled: 'zero',
  },
  machine: {
    ...{ ram: '1G', cpus: 1, swappiness: 60, pageCluster: 3, cgroupVersion: 2 },
    cgroups: [
      { name: 'a', memory: '16M', tasks: [0], zswapMax: '4M' },
      { name: 'b', memory: 1e7, tasks: [1] },
    ],
  },
  areas: [
    { size: '64M', checksum: true, buffer: '128K', priority: 5 },
    {
      size: '1G',
      zram: { compressor: 'lz4', recompress: ['zstd'], backing: '8M', writebackBatch: 16 },
    },
    { path: '/tmp/a', on: false, device: 'hdd' },
  ],
  zswap: {
    enabled: true,
    version: '6.18',
    maxPoolPercent: 10,
    writebackBatch: 'kernel',
    chainSize: 4,
  },
  workload,
};
const SPECS: readonly unknown[] = [
  FULL_SPEC,
  { workload: { trace: 'pages 16\nW 0 16 seq 16 1 rand\n', source: 'x' } },
  { workload, design: 'ghost', areas: [{ size: '1T', ghost: true }] },
  {
    workload,
    machine: { memory: '32M', reserved: 4096, filePages: 3 },
    zswap: { version: '2013' },
  },
];
const SPEC_KEYS = [
  ...Object.keys(FULL_SPEC),
  ...Object.keys(FULL_SPEC.machine),
  ...Object.keys(FULL_SPEC.zswap),
  ...['path', 'size', 'ghost', 'zram', 'buffer', 'trace', 'source', 'revision', 'noAreas'],
  ...['__proto__', 'constructor', 'toString', '0', 'length', '', 'a.b'],
];
const SCENARIOS = readAll('scenarios');
const CAPTURES = readAll('kernel').filter((capture) => JSON.stringify(capture).length < 60_000);
const STORED = [
  [
    {
      ...{ type: 0, name: null, kind: 'file', maxPages: 16, badPages: [3], priority: -2 },
      device: 'nvme',
      on: true,
    },
  ],
];

const asJson = (make: (random: Random) => unknown) => make;

describe('JSON that somebody else wrote', () => {
  it('is a spec, or named as wrong (4000)', () => {
    const { taken } = fuzz({
      ...{ name: 'specs', count: 4000, allowed: ['UsageError'] },
      make: asJson((random) => mutateJson(random, SPECS, SPEC_KEYS)),
      feed: (json) => {
        const spec = parseSpec(json, 'fuzzed');
        // What was taken can be stored, and is the same when it is taken again.
        const again = JSON.parse(JSON.stringify(spec)) as JsonValue;
        expect(
          canonicalJson(JSON.parse(JSON.stringify(parseSpec(again, 'again'))) as JsonValue),
        ).toBe(canonicalJson(again));
        flattenParameters(again);
      },
      allocatedBytesMax: () => 1 << 16,
    });
    expect(taken).toBeGreaterThan(100);
  });

  it('is a scenario, a device profile or a capture, or named as wrong (5000)', () => {
    const keys = [
      'title',
      'columns',
      'label',
      'set',
      'spec',
      'metrics',
      'claims',
      'of',
      'number',
      '__proto__',
    ];
    fuzz({
      ...{ name: 'scenarios', count: 2000, allowed: ['UsageError'] },
      make: asJson((random) => mutateJson(random, SCENARIOS, keys)),
      feed: (json) => void parseScenario(json, 'fuzzed'),
    });
    fuzz({
      ...{ name: 'profiles', count: 2500, allowed: ['UsageError'] },
      make: asJson((random) =>
        mutateJson(random, Object.values(deviceProfiles), ['value', 'source', 'tail', 'read']),
      ),
      feed: (json) => void parseDeviceProfile(json, 'fuzzed'),
    });
    fuzz({
      ...{ name: 'captures', count: 500, allowed: ['UsageError'] },
      make: asJson((random) =>
        mutateJson(random, CAPTURES, ['trace', 'runs', 'phases', 'op', 'counters', 'slots']),
      ),
      feed: (json) => void parseCapture(json, 'fuzzed'),
    });
  });

  it('is the areas of a stored run, or the run cannot be replayed (4000)', () => {
    fuzz({
      ...{ name: 'stored areas', count: 4000, allowed: ['RunError', 'UsageError'] },
      make: asJson((random) =>
        mutateJson(random, STORED, ['type', 'maxPages', 'badPages', 'kind']),
      ),
      feed: (json) => {
        for (const { maxPages, badPages } of resolvedAreas(json, 'run 1'))
          if (maxPages > 2 ** 28 || badPages.some((page) => page > 2 ** 28))
            assert.fail('too large');
      },
    });
  });

  it('is put together by --set, and nothing but the spec changes (4000)', () => {
    const golden = [
      'machine.memory=32M',
      'zswap.maxPoolPercent=10',
      'areas.0.size="64M"',
      'workload={"name":"x"}',
      'machine.cgroups=[{"name":"a","tasks":[0]}]',
      'areas.length=4294967295',
      '__proto__.x=1',
    ];
    fuzz({
      ...{ name: '--set', count: 4000, allowed: ['UsageError'] },
      make: (random) => mutateText(random, golden, SPEC_KEYS),
      feed: (setting) => {
        const json = structuredClone(FULL_SPEC) as Json;
        applySetting(json, setting);
        const plain: Json = {};
        if (Object.keys(plain).length > 0 || 'x' in plain) assert.fail('every object changed');
        parseSpec(json, 'fuzzed');
      },
    });
  });
});

describe('JSON at its worst', () => {
  const claims = [{ says: 's', metric: 'x', column: 'a', relation: 'at most', number: 1 }];
  const scenario = {
    title: 't',
    question: 'q',
    columns: [{ label: 'a', set: {} }],
    spec: {},
    metrics: ['x'],
    claims,
  };

  it('may be nested 100 000 levels deep: a mistake, not the end of the stack', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
    const parsers = [parseSpec, parseScenario, parseCapture, parseDeviceProfile];
    for (const parse of parsers) {
      expect(() => parse(deep, 'deep')).toThrow(
        'deep: is nested too deeply; accepted: up to 64 levels',
      );
      expect(() => parse({ seed: deep, kernel: deep, spec: deep, workload }, 'deep')).toThrow(
        'nested too deeply',
      );
    }
    expect(() => {
      applySetting({}, `seed=${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    }).toThrow('--set seed: is nested too deeply');
    expect(() => parseSpec({ workload, foo: nested(20) }, 'x')).toThrow("unknown key 'foo'");
  });

  it('cannot make a list longer than its text, by an index or by its length', () => {
    const json = (): Json => ({ areas: [{ size: '64M' }] });
    for (const key of [
      'areas.length',
      'areas.4294967294',
      'areas.4294967294.size',
      'areas.2',
      'areas.x',
    ])
      expect(() => {
        putAt(json(), key, 4294967295);
      }, key).toThrow(/is no key of the spec there; accepted: 0 to 1/);
    const longer = json();
    putAt(longer, 'areas.1', { size: '1M' });
    expect(longer['areas']).toHaveLength(2);
    expect(() => {
      putAt({}, '__proto__.design', 'vswap');
    }).toThrow("'__proto__' is no key");
    expect(() => {
      putAt({}, 'a.'.repeat(5000), 1);
    }).toThrow('at most 16 parts');
  });

  it('gets a message that people can read, however long the mistake is', () => {
    const wrong = {
      workload,
      areas: Array.from({ length: 100_000 }, () => 5),
      seed: 'x'.repeat(1e6),
    };
    expect(() => parseSpec(wrong, 'x')).toThrow(/^(?=[^]{100,6000}$)/);
    expect(() => parseSpec({ ...wrong, areas: Array.from({ length: 16 }, () => 5) }, 'x')).toThrow(
      /; 1 more$/,
    );
  });

  it('is answered in time: a metric of 100 000 letters, 50 000 columns', () => {
    const start = performance.now();
    const long = { ...scenario, metrics: ['x'.repeat(100_000)] };
    expect(() => parseScenario(long, 'x')).toThrow('is no metric; the nearest are');
    const columns = Array.from({ length: 50_000 }, (_, at) => ({ label: `a${at}`, set: {} }));
    expect(() => parseScenario({ ...scenario, columns }, 'x')).toThrow('columns');
    // 4 s and 11 s when names were compared whole and labels one with another.
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
