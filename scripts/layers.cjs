// The layer rule of the project: a folder of src/ imports only folders above it in this list.
const layers = [
  'units',
  'frames',
  'engine',
  'codec',
  'pool',
  'device',
  'area',
  'slots',
  'zswap',
  'estimate',
  'swap',
  'memory',
  'workload',
  'machine',
  'runs',
  'sweep',
  'report',
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layers.map((layer, index) => ({
      name: `layer-${layer}`,
      severity: 'error',
      comment: `src/${layer} may import only what stands above it`,
      from: { path: `^src/${layer}/` },
      to: { path: `^src/(${layers.slice(index + 1).join('|') || 'none'})/` },
    })),
    {
      name: 'src-not-cli',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(cli|test|scripts)/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'memory-knows-no-design',
      severity: 'error',
      from: { path: '^src/memory/' },
      to: { path: '^src/swap/designs/' },
    },
    {
      name: 'files-opened-in-place',
      severity: 'error',
      comment: 'areas and devices open files, runs opens databases; everything else gets bytes',
      from: {
        path: '^src/(units|frames|engine|codec|pool|slots|zswap|swap|memory|estimate|workload|sweep|report)/',
      },
      to: { path: '^(node:)?(fs|child_process|os)$' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '(main|index|[.]d)[.]ts$' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node'] },
  },
};
