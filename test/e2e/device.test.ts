/** A profile of one's own disk, from fio's JSON to a stored run. */
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../../cli/device/index.ts';
import { deviceProfiles } from '../../src/device/index.ts';
import { Workplace, type Outcome } from './swaplab.ts';

const place = new Workplace();
afterAll(() => {
  place.remove();
});

/** The command in this process: a start of the program costs more than all that it does. */
async function device(...argv: readonly string[]): Promise<Outcome> {
  const told = { stdout: '', stderr: '' };
  const io = {
    stdout: (text: string) => void (told.stdout += text),
    stderr: (text: string) => void (told.stderr += text),
    ...{ databasePath: place.database, env: {} },
  };
  return { code: await command.run(argv, io), ...told };
}

interface RunDocument {
  readonly spec: {
    readonly device: unknown;
    readonly areasHeld: readonly { readonly device: unknown }[];
  };
  readonly verify: { readonly mismatches: number };
}

describe('a profile of the user’s own', () => {
  let made: Outcome;
  let run: Outcome;
  const folder = place.folder;

  beforeAll(() => {
    copyFileSync('fixtures/fio/disk.json', place.path('fio.json'));
    made = place.swaplab(
      ...['device', 'profile', '--from', 'fio.json', '-o', 'laptop.json', '--drive', '500G,tlc'],
    );
    place.write('t.trace', 'pages 3072\nW 0 3072 seq 3072 1 spread\nR 0 3072 rand 500 7 -\n');
    run = place.swaplab(
      ...['run', '--trace', 't.trace', '--memory', '8M', '--device', 'laptop.json', '--json'],
      ...['--swap', '8M', '--swap', '8M,device=laptop.json', '--swap', '8M,device=hdd'],
    );
  });

  it('is made of fio’s JSON and printed with every source', () => {
    expect(made.code, made.stderr).toBe(0);
    expect(made.stdout).toMatch(/^laptop: Measured with fio 3\.33: reads of 4 KiB in 38\.4 us/);
    expect(made.stdout).toMatch(/^read\.fixedNs +\d+ {2}derived: .*job read-4k-qd1, clat mean$/m);
    expect(made.stderr).toBe('device profile: wrote laptop.json\n');
  });

  it('stands whole in the stored spec, for the run and for an area', () => {
    expect(run.code, run.stderr).toBe(0);
    const { spec, verify } = JSON.parse(run.stdout) as RunDocument;
    expect(verify.mismatches).toBe(0);
    const own = { name: 'laptop', flash: { drive: '500G,tlc' } };
    expect(spec.device).toMatchObject(own);
    expect(spec.areasHeld.map((area) => area.device)).toMatchObject([own, own, 'hdd']);
  });

  it('is not read again: a replay and the report need only the database', () => {
    rmSync(place.path('laptop.json'));
    const explained = place.swaplab('explain', '--run', '1', '--at', 'phase:1', '--page', '5');
    expect(explained.code, explained.stderr).toBe(0);
    const shown = place.swaplab('report', '1', '-o', '-');
    expect(shown.stdout).toContain(', device laptop. ');
    expect(shown.stdout).toContain('device.read.fixedNs.value');
  });

  it('is shown by name or by file, and listed', async () => {
    copyFileSync('fixtures/fio/disk.json', place.path('fio.json'));
    const shown = await device('show', 'hdd-2013');
    expect(shown.stdout).toContain('positioning.seekNs               9000000  average seek of');
    expect(shown.stdout).toContain('\nturns, no model of wear\n');
    const json = JSON.parse((await device('show', 'nvme', '--json')).stdout) as unknown;
    expect(json).toEqual(deviceProfiles.nvme);
    const listed = await device('ls');
    expect(listed.stdout).toMatch(/^nvme +13 +13 +7 {2}NVMe flash/m);
    expect(listed.stdout.trim().split('\n')).toHaveLength(8);
  });

  it('has the jobs that measure it printed, for a file that is not there yet', async () => {
    const jobs = await device('profile', '--fio-command', folder, '--size', '256M');
    expect(jobs.stdout).toContain(`\nfilename=${folder}/swaplab-fio.tmp\nsize=268435456\n`);
    expect(jobs.stderr).toBe(`fio will write to ${folder}/swaplab-fio.tmp\n`);
  });

  it('advises the disk that turns and the drive', async () => {
    const json = JSON.stringify({ ...deviceProfiles.nvme, name: 'slow' });
    const like = place.write('slow.json', json.replace('76383', '4e6'));
    const fio = place.write('write.json', disk('write'));
    const { stderr } = await device('profile', '--from', fio, '--like', like);
    expect(stderr).toBe('a read takes milliseconds: if this disk turns, say so with --rpm 7200\n');
    const { stderr: other } = await device('profile', '--from', 'fixtures/fio/disk.json');
    expect(other).toMatch(/^no wear is counted without the flash behind it: --drive/);
  });

  it('says which job has no percentiles, for it has no stalls then', async () => {
    const text = readFileSync('fixtures/fio/disk.json', 'utf8').replaceAll('"50.000000"', '"51"');
    const { stderr } = await device('profile', '--from', place.write('no-median.json', text));
    expect(stderr.match(/^job .*$/gm)).toEqual([
      'job read-4k-qd1 has no percentiles 50 and 99 or above: rare stalls are left out',
      'job write-4k-qd1 has no percentiles 50 and 99 or above: rare stalls are left out',
    ]);
  });

  const wrong: [string[], RegExp][] = [
    [['profile'], /nothing to make it from; accepted: --from FILE, or --fio-command/],
    [['profile', '--from', '/nowhere'], /--from: \/nowhere cannot be read: ENOENT/],
    [['profile', '--from', 'fixtures/fio/disk-plus.json'], /bs=128k, iodepth=1.*--like NAME/],
    [['profile', '--from', 'package.json'], /package\.json: no JSON of fio's: fio version/],
    [['profile', '--from', 'fixtures/fio/disk.json', '--name', 'nvme'], /'nvme' is a profile that/],
    [['profile', '--from', 'fixtures/fio/disk.json', '--drive', '5G,paper'], /'paper' is no class/],
    [['profile', '--from', 'fixtures/fio/disk.json', '--rpm', '7'], /--rpm: '7' is not accepted/],
    [['profile', '--from', 'fixtures/fio/disk.json', '--size', '1G'], /belong to --fio-command/],
    [
      ['profile', '--from', 'fixtures/fio/disk.json', '-o', './fixtures/fio/disk.json'],
      /--output: \.\/fixtures\/fio\/disk\.json is the file that is read; accepted: another one/,
    ],
    [['profile', '--fio-command', 'package.json'], /package\.json is there: the jobs would write/],
    [['profile', '--fio-command', 'package.json/x'], /--fio-command: package\.json\/x: ENOTDIR;/],
    [['profile', '--fio-command', '--size', '4K'], /--size: '4K' is too small/],
    [['profile', '--fio-command', '--like', 'nvme'], /--like belongs to --from/],
    [['show', 'nwme'], /'nwme' is no device profile; .*did you mean nvme\?/],
    [['show', 'package.json'], /package\.json: not a device profile: rotational/],
  ];
  it.each(wrong)('refuses %j and says why', async (argv, message) => {
    await expect(device(...argv)).rejects.toThrow(message);
  });
});

/** The recorded jobs of one direction. */
function disk(direction: string): string {
  const document = JSON.parse(readFileSync('fixtures/fio/disk.json', 'utf8')) as {
    jobs: { jobname: string }[];
  };
  const jobs = document.jobs.filter(({ jobname }) => jobname.startsWith(direction));
  return JSON.stringify({ ...document, jobs });
}
