/** All claims, in the order of a page's life. */
import type { Claim } from '../support/claim.ts';
import { allocationClaims } from './allocation.ts';
import { batchClaims } from './batches.ts';
import { cacheClaims } from './cache.ts';
import { cgroupClaims } from './cgroup.ts';
import { compressedClaims } from './compressed.ts';
import { countClaims } from './counts.ts';
import { freeClaims } from './frees.ts';
import { errorClaims } from './errors.ts';
import { failureClaims } from './failure.ts';
import { forkClaims } from './fork.ts';
import { sharedClaims } from './shared.ts';
import { severalCgroupsClaims } from './several-cgroups.ts';
import { swapoffClaims } from './swapoff.ts';
import { metadataClaims } from './metadata.ts';
import { writebackClaims } from './writeback.ts';
import { zeroClaims } from './zero.ts';

export const claims: readonly Claim[] = [
  ...allocationClaims,
  ...countClaims,
  ...cacheClaims,
  ...zeroClaims,
  ...forkClaims,
  ...freeClaims,
  ...writebackClaims,
  ...batchClaims,
  ...compressedClaims,
  ...swapoffClaims,
  ...errorClaims,
  ...failureClaims,
  ...cgroupClaims,
  ...severalCgroupsClaims,
  ...sharedClaims,
  ...metadataClaims,
];
