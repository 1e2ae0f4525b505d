/** The rules of an area around its device: the first rule is outermost. */
import type { Engine } from '../../engine/index.ts';
import type { BlockDevice } from '../block-device.ts';
import { DamageDevice, type RawDevice } from './damage-device.ts';
import { FaultDevice } from './fault-device.ts';
import type { FaultLedger } from './fault-ledger.ts';
import type { FaultRule } from './fault-rule.ts';

export interface StackFaultsOptions {
  readonly inner: BlockDevice;
  /** The area's own device, below the model of time. */
  readonly raw: RawDevice;
  readonly engine: Engine;
  readonly hasBytes: boolean;
  readonly rules: readonly FaultRule[];
  readonly ledger: FaultLedger;
  /** Swap type of the area. */
  readonly type: number;
}

export interface FaultStack {
  readonly outer: BlockDevice;
  readonly damage: DamageDevice;
}

/** Puts the rules that are about an area around its device; null where none is. */
export function stackFaults(options: StackFaultsOptions): FaultStack | null {
  const { inner, rules, ledger, engine, type } = options;
  const own = rules.flatMap((rule, index) =>
    rule.area === null || rule.area === inner.name || rule.area === `area${type}`
      ? [{ rule, index }]
      : [],
  );
  if (own.length === 0) return null;
  const damage = new DamageDevice(inner, ledger);
  let outer: BlockDevice = damage;
  for (const { rule, index } of own.reverse()) {
    const stream = engine.stream(`fault.${index}.${type}`);
    const { raw, hasBytes } = options;
    outer = new FaultDevice({
      ...{ inner: outer, rule, index, engine, ledger, damage, raw, stream, hasBytes },
    });
  }
  return { outer, damage };
}
