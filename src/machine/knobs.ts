/**
 * Settings of zswap that change while a machine runs: what of a trace's lines the machine does not
 * have is found before the run starts, and what it has is written.
 */
import { createCompressor } from '../codec/index.ts';
import type { MemoryCgroups } from '../memory/index.ts';
import { UsageError } from '../units/index.ts';
import type { Phase } from '../workload/index.ts';
import { whyFixed, type Zswap } from '../zswap/index.ts';
import type { RunSpec } from './spec.ts';

type ZswapPhase = Extract<Phase, { readonly kind: 'zswap' }>;
type CgroupPhase = Extract<Phase, { readonly kind: 'cgroup' }>;

/**
 * A line that a machine cannot follow should not cost the run up to there.
 * @throws UsageError that names the line and what is accepted
 */
export function requireKnob(
  phase: Phase,
  spec: RunSpec,
  cgroups: readonly { readonly name: string }[],
): void {
  if (phase.kind === 'zswap') requireParameter(phase, spec);
  if (phase.kind === 'cgroup') requireCgroup(phase, spec, cgroups);
}

function requireParameter({ label, setting }: ZswapPhase, spec: RunSpec): void {
  const wrong = (what: string): never => {
    throw new UsageError(`'${label}': ${what}`);
  };
  const fixed = whyFixed(spec.zswap.version, setting.name);
  if (fixed !== null) wrong(fixed);
  // Contents stand for themselves by the length that the compressor of the start gives them.
  if (setting.name === 'compressor' && spec.payload === 'none')
    wrong("payload 'none' has the lengths of one compressor for the whole run; accepted: bytes");
  if (setting.name === 'shrinker_enabled' && setting.value) requireVersion2(label, spec);
}

function requireCgroup(
  { label, name }: CgroupPhase,
  spec: RunSpec,
  cgroups: readonly { readonly name: string }[],
): void {
  if (!cgroups.some((cgroup) => cgroup.name === name))
    throw new UsageError(
      `'${label}': there is no cgroup '${name}'; accepted: ` +
        cgroups.map((cgroup) => cgroup.name).join(', '),
    );
  requireVersion2(label, spec);
}

function requireVersion2(label: string, { machine, zswap }: RunSpec): void {
  if (machine.cgroupVersion !== 2)
    throw new UsageError(
      `'${label}': needs cgroup v2: under v1 there are no memory.zswap files, and the dynamic ` +
        'shrinker finds nothing; accepted with --cgroup-version 2 (machine.cgroupVersion)',
    );
  if (zswap.version === '2013')
    throw new UsageError(`'${label}': zswap of 2013 knows of no cgroups; accepted: 6.12, 6.18`);
}

/** Writes a value to a parameter of zswap, or to a file of a cgroup. */
export function setKnob(
  phase: ZswapPhase | CgroupPhase,
  zswap: Zswap,
  cgroups: MemoryCgroups,
): void {
  if (phase.kind === 'cgroup') {
    const { id } = cgroups.all.find(({ name }) => name === phase.name)!;
    zswap.setCgroup(id, phase.setting);
    return;
  }
  const { setting } = phase;
  if (setting.name === 'compressor')
    zswap.setParameter({
      name: setting.name,
      value: createCompressor(setting.value, 'zswap compressor'),
    });
  else zswap.setParameter(setting);
}

/** Some part of the run is with zswap: from the start, or from a line on. */
export function usesZswap(spec: RunSpec, phases: readonly Phase[]): boolean {
  return (
    spec.zswap.enabled ||
    phases.some(
      (phase) => phase.kind === 'zswap' && phase.setting.name === 'enabled' && phase.setting.value,
    )
  );
}
