export { DamageDevice, type RawDevice } from './damage-device.ts';
export { FaultDevice } from './fault-device.ts';
export {
  FaultLedger,
  type DamageSite,
  type FaultConsequence,
  type FaultTally,
  type FiredFault,
  type LedgerHooks,
} from './fault-ledger.ts';
export {
  FAULT_KINDS,
  formatFaultRule,
  parseFaultRule,
  type FaultAddress,
  type FaultKind,
  type FaultRule,
} from './fault-rule.ts';
export { faultKinds } from './kinds/index.ts';
export { stackFaults, type FaultStack, type StackFaultsOptions } from './stack-faults.ts';
