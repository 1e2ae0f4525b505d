import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { ActivationRequest, ActiveAreas } from '../../src/area/active-areas.ts';
import { identifyProcess, type ProcessIdentity } from '../../src/runs/process-identity.ts';
import { InvariantError, MAX_SWAPFILES } from '../../src/units/index.ts';
import { useWorkspace } from './support.ts';

const workspace = useWorkspace();
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function request(fileId: string, changes: Partial<ActivationRequest> = {}): ActivationRequest {
  const sizes = { maxPages: 1024, pages: 1023, priority: null };
  const names = { path: `/swap/${fileId}`, fileId, kind: 'file' as const, uuid: null, label: null };
  return { ...names, ...sizes, transient: false, ...changes };
}

/** The table as this process sees it, over a connection of its own. */
function areasOf(owner?: ProcessIdentity): ActiveAreas {
  return workspace.open('a.db', owner === undefined ? {} : { owner }).activeAreas;
}

/** Another process that lives until it is killed. */
async function otherProcess(): Promise<{ owner: ProcessIdentity; kill(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  children.push(child);
  await once(child, 'spawn');
  const owner = identifyProcess(child.pid ?? 0);
  if (owner === null) throw new InvariantError('the child has just been started');
  const kill = async (): Promise<void> => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return { owner, kill };
}

function priorities(areas: ActiveAreas): Record<string, number> {
  return Object.fromEntries(areas.list().map(({ fileId, priority }) => [fileId, priority]));
}

describe('activating an area', () => {
  it('stores it as it was requested', () => {
    const areas = areasOf();
    const wanted = { priority: 5, uuid: 'u', label: 'l', kind: 'ghost' as const };
    const active = areas.activate(request('8:1', wanted));
    const given = { path: '/swap/8:1', fileId: '8:1', maxPages: 1024, pages: 1023 };
    expect(active).toEqual({ ...wanted, ...given, type: 0, usedPages: 0, ownerPid: null });
    expect(areasOf().list()).toEqual([active]);
  });

  it('takes the lowest free type', () => {
    const areas = areasOf();
    const types = ['a', 'b', 'c'].map((id) => areas.activate(request(id)));
    expect(types).toMatchObject([{ type: 0 }, { type: 1 }, { type: 2 }]);
    areas.deactivate('b');
    expect(areas.activate(request('d'))).toMatchObject({ type: 1 });
    areas.deactivate('a');
    expect(areas.activate(request('e'))).toMatchObject({ type: 0 });
    expect(areas.activate(request('f'))).toMatchObject({ type: 3 });
  });

  it('gives EBUSY to the second of two connections', () => {
    const first = areasOf();
    const second = areasOf();
    expect(first.activate(request('8:1'))).toMatchObject({ type: 0 });
    expect(second.activate(request('8:1', { path: '/another/name' }))).toBe('EBUSY');
    expect(second.list()).toHaveLength(1);
  });

  it('gives EPERM when no type is free, even for a file that is active', () => {
    const areas = areasOf();
    for (let type = 0; type < MAX_SWAPFILES; type++) areas.activate(request(`8:${type}`));
    expect(areas.activate(request('one more'))).toBe('EPERM');
    expect(areas.activate(request('8:0'))).toBe('EPERM');
    expect(areas.list()).toHaveLength(MAX_SWAPFILES);
  });
});

describe('the priorities of areas', () => {
  it('count down from -2 where none is asked for', () => {
    const areas = areasOf();
    for (const id of ['a', 'b']) areas.activate(request(id));
    areas.activate(request('p', { priority: 0 }));
    areas.activate(request('c'));
    expect(priorities(areas)).toEqual({ a: -2, b: -3, p: 0, c: -4 });
  });

  it('move up below a default one that ends', () => {
    const areas = areasOf();
    for (const id of ['a', 'b', 'c']) areas.activate(request(id));
    areas.activate(request('p', { priority: 7 }));
    expect(areas.deactivate('b')).toBe('ok');
    expect(priorities(areas)).toEqual({ a: -2, c: -3, p: 7 });
    areas.activate(request('d'));
    expect(priorities(areas)).toEqual({ a: -2, c: -3, d: -4, p: 7 });
  });

  it('stay when one that was asked for ends', () => {
    const areas = areasOf();
    areas.activate(request('a'));
    areas.activate(request('p', { priority: 7 }));
    areas.deactivate('p');
    expect(priorities(areas)).toEqual({ a: -2 });
  });

  it('have no gap when several owners die at once', async () => {
    const other = await otherProcess();
    for (const id of ['a', 'b', 'c'])
      areasOf(other.owner).activate(request(id, { transient: id !== 'b' }));
    areasOf().activate(request('d'));
    await other.kill();
    expect(priorities(areasOf())).toEqual({ b: -2, d: -3 });
  });
});

describe('deactivating an area', () => {
  it('gives EINVAL for one that is not active', () => {
    expect(areasOf().deactivate('8:1')).toBe('EINVAL');
  });

  it('gives EBUSY while another live process owns it', async () => {
    const other = await otherProcess();
    areasOf().activate(request('a'));
    expect(areasOf(other.owner).acquire(['a'])).toBe('ok');
    expect(areasOf().deactivate('a')).toBe('EBUSY');
    expect(areasOf().list()).toMatchObject([{ fileId: 'a', ownerPid: other.owner.pid }]);
    await other.kill();
    expect(areasOf().deactivate('a')).toBe('ok');
  });

  it('is open to the owner itself', () => {
    const areas = areasOf();
    areas.activate(request('a', { transient: true }));
    expect(areas.deactivate('a')).toBe('ok');
  });
});

describe('owning areas', () => {
  it('is all or none', async () => {
    const other = await otherProcess();
    for (const id of ['a', 'b']) areasOf().activate(request(id));
    areasOf(other.owner).acquire(['b']);
    expect(areasOf().acquire(['a', 'b'])).toBe('EBUSY');
    expect(areasOf().acquire(['a', 'c'])).toBe('EINVAL');
    expect(areasOf().list()).toMatchObject([{ ownerPid: null }, { ownerPid: other.owner.pid }]);
  });

  it('ends with release: transient areas leave, others stay without owner', () => {
    const areas = areasOf();
    areas.activate(request('a', { transient: true }));
    areas.activate(request('b'));
    expect(areas.list()).toMatchObject([{ ownerPid: process.pid }, { ownerPid: null }]);
    expect(areas.acquire(['a', 'b'])).toBe('ok');
    areas.setUsedPages('b', 12);
    expect(areas.list()).toMatchObject([{}, { ownerPid: process.pid, usedPages: 12 }]);
    areas.release(['a', 'b']);
    expect(areas.list()).toMatchObject([{ fileId: 'b', ownerPid: null, usedPages: 0 }]);
  });

  it('cannot be ended by a process that does not own', async () => {
    const other = await otherProcess();
    areasOf(other.owner).activate(request('a', { transient: true }));
    areasOf().release(['a']);
    expect(areasOf().list()).toMatchObject([{ fileId: 'a', ownerPid: other.owner.pid }]);
  });

  it('ends with kill -9 of the owner', async () => {
    const other = await otherProcess();
    const theirs = areasOf(other.owner);
    theirs.activate(request('gone', { transient: true }));
    theirs.activate(request('kept'));
    theirs.acquire(['kept']);
    theirs.setUsedPages('kept', 99);
    const seen = areasOf();
    expect(seen.list()).toMatchObject([{}, { ownerPid: other.owner.pid, usedPages: 99 }]);
    await other.kill();
    const left = { fileId: 'kept', ownerPid: null, usedPages: 0, priority: -2 };
    expect(seen.list()).toMatchObject([left]);
    expect(seen.activate(request('gone'))).toMatchObject({ type: 0, priority: -3 });
  });

  it('is not taken over by a later process with the same pid', async () => {
    const { owner } = await otherProcess();
    const earlier = { pid: owner.pid, startTicks: (owner.startTicks ?? 1) - 1 };
    areasOf(earlier).activate(request('a', { transient: true }));
    expect(areasOf().list()).toHaveLength(owner.startTicks === null ? 1 : 0);
  });

  it('is only shown, not cleaned up, over a read-only database', async () => {
    const other = await otherProcess();
    areasOf(other.owner).activate(request('a', { transient: true }));
    await other.kill();
    const reader = workspace.open('a.db', { readonly: true });
    expect(reader.activeAreas.list()).toHaveLength(1);
  });
});
