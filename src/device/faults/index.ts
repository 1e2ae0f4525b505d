export type { RawDevice } from './damage-device.ts';
export {
  FaultLedger,
  type FaultConsequence,
  type FaultTally,
  type FiredFault,
  type LedgerHooks,
} from './fault-ledger.ts';
export {
  FAULT_KINDS,
  formatFaultRule,
  parseFaultRule,
  type FaultKind,
  type FaultRule,
} from './fault-rule.ts';
export { faultKinds } from './kinds/index.ts';
export { stackFaults, type FaultStack } from './stack-faults.ts';
