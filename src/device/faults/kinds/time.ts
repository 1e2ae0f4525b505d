/** Faults of time: nothing is wrong but when. */
import type { FaultKindDefinition } from './kind.ts';
import { whole } from './kind.ts';

/** A DRAM-less SSD that hangs while it cleans up. @source threads on write stalls of more than 10 s */
const STALL_NS = 10e9;
/** assumed: an SSD's read that needs several tries */
const SLOW_NS = 10e6;

export const stall: FaultKindDefinition = {
  about: 'any',
  apply: (device, transfer, extents) => {
    const fault = device.fire(whole(extents));
    const ns = device.rule.ns ?? STALL_NS;
    device.stalledUntilNs = transfer.nowNs + ns;
    const outcome = device.pass({ ...transfer, nowNs: device.stalledUntilNs });
    device.ledger.harmless(fault, `everything waited ${ns / 1e9} s`);
    return outcome;
  },
};

export const slow: FaultKindDefinition = {
  about: 'any',
  apply: (device, transfer, extents) => {
    const fault = device.fire(whole(extents));
    device.extraNs = device.rule.ns ?? SLOW_NS;
    const outcome = device.pass(transfer);
    device.ledger.harmless(fault, `took ${device.extraNs / 1e6} ms longer`);
    return outcome;
  },
};
