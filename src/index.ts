/** What a program that uses swaplab as a library gets. */
export * from './units/index.ts';
export { openSwapArea, planArea, planSize } from './area/index.ts';
export {
  Machine,
  parseSpec,
  specJsonSchema,
  type PreparedArea,
  type RunHooks,
  type RunResult,
  type RunSpec,
} from './machine/index.ts';
export { createWorkload, parseTrace, TraceWorkload, type Workload } from './workload/index.ts';
export { defaultDatabasePath, openStateDatabase, type StateDatabase } from './runs/index.ts';
export { FileDevice, NullDevice, MemoryDevice, type BlockDevice } from './device/index.ts';
