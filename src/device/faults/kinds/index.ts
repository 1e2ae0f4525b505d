/** The kinds of faults by name: the choices of `--fault`. */
import type { FaultKind } from '../fault-rule.ts';
import { bitRot, latent, lostWrite, misdirectedWrite, tornWrite } from './damage.ts';
import { eioRead, eioWrite, enospc, gone, shortRead, shortWrite } from './errors.ts';
import type { FaultKindDefinition } from './kind.ts';
import { slow, stall } from './time.ts';

export type { Extent, FaultHost, FaultKindDefinition, Transfer } from './kind.ts';

export const faultKinds: Readonly<Record<FaultKind, FaultKindDefinition>> = {
  'eio-read': eioRead,
  'eio-write': eioWrite,
  'torn-write': tornWrite,
  'lost-write': lostWrite,
  'misdirected-write': misdirectedWrite,
  'bit-rot': bitRot,
  latent,
  enospc,
  stall,
  'short-read': shortRead,
  'short-write': shortWrite,
  slow,
  gone,
};
