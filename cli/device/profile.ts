/** `device profile`: a profile from fio's measurements of a disk, and the jobs that measure it. */
import { statSync, type Stats } from 'node:fs';
import { basename, join } from 'node:path';
import { Option, type Command } from 'commander';
import {
  deviceProfiles,
  fioJobFile,
  jobsWithoutStalls,
  parseDeviceProfile,
  parseDrive,
  parseFio,
  profileOfFio,
  type DeviceProfile,
  type FioDocument,
} from '../../src/device/index.ts';
import { clipped, parseSize, UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { requireOtherFile } from '../file-name.ts';
import { numberWithin } from '../run-options.ts';
import { readInput } from '../read-input.ts';
import { notice } from '../telling.ts';
import { writeOutput } from '../write-output.ts';
import { profileJson, profileText, readProfile } from './show.ts';

interface ProfileFlags {
  readonly from?: string;
  readonly output: string;
  readonly name?: string;
  readonly like?: string;
  readonly drive?: string;
  readonly rpm?: string;
  readonly fioCommand?: string | true;
  readonly size?: string;
  readonly raw?: true;
}

/** What fio makes in a folder. */
const TEST_FILE = 'swaplab-fio.tmp';

/** Smallest part of a disk that is measured: caches of drives are tens of MiB. assumed */
const SIZE_MIN = 64 * 2 ** 20;

/** Where a random read takes longer than that, heads move. assumed: flash cards take some 2 ms */
const SEEK_NS_MIN = 3e6;

export function addProfile(device: Command, io: CommandIo): void {
  device
    .command('profile')
    .description("make a profile of a disk from fio's JSON, or print the fio jobs that measure it")
    .option('--from <FILE>', "fio's JSON; - for standard input")
    .option('-o, --output <FILE>', 'where the profile goes', '-')
    .option('--name <NAME>', 'what to call it (the name of the file)')
    .option('--like <NAME>', 'a profile, or its file, for the numbers that fio has not measured')
    .option('--drive <DRIVE>', 'the flash behind it, for its wear: CAPACITY,CLASS such as 500G,tlc')
    .option('--rpm <N>', 'the disk turns, so many times a minute')
    .addOption(
      new Option(
        '--fio-command [FILE]',
        'print the jobs, which make and write FILE, or one in a folder',
      ).conflicts('from'),
    )
    .option('--size <SIZE>', 'how much of the disk the jobs use (1G)')
    .option('--raw', 'FILE may be a block device: all that is on it is lost')
    .addHelpText(
      'after',
      [
        '',
        'Example:',
        '  swaplab device profile --fio-command /mnt/disk > disk.fio',
        '  fio --output-format=json --output=fio.json disk.fio     # half a minute; writes there',
        '  swaplab device profile --from fio.json -o disk.json --drive 500G,tlc',
        '  swaplab run --trace my.trace --memory 32M --swap 256M --device disk.json',
      ].join('\n'),
    )
    .action((flags: ProfileFlags) => {
      if (flags.fioCommand !== undefined) printJobs(flags, flags.fioCommand, io);
      else makeProfile(flags, io);
    });
}

function printJobs(flags: ProfileFlags, where: string | true, io: CommandIo): void {
  const { size = '1G', output, raw = false } = flags;
  for (const option of ['name', 'like', 'drive', 'rpm'] as const)
    if (flags[option] !== undefined)
      throw new UsageError(`device profile: --${option} belongs to --from`);
  const sizeBytes = parseSize(size, '--size');
  if (sizeBytes < SIZE_MIN)
    throw new UsageError(`--size: '${size}' is too small; accepted: from 64M`);
  const there = where === true ? undefined : statOf(where);
  const isDevice = there?.isBlockDevice() === true;
  const path =
    where === true ? TEST_FILE : there?.isDirectory() === true ? join(where, TEST_FILE) : where;
  if (isDevice && !raw)
    throw new UsageError(
      `--fio-command: ${path} is a device: the jobs write to it, and what is on it is lost; accepted: ` +
        'a new file, a folder, or --raw if that is meant',
    );
  if (!isDevice && statOf(path) !== undefined)
    throw new UsageError(
      `--fio-command: ${path} is there: the jobs would write over it; accepted: a new file, a folder`,
    );
  writeOutput(output, fioJobFile({ path, isDevice, sizeBytes }), 'device profile: --output', io);
  notice(io, `fio will write to ${path}${isDevice ? ', a device: what is on it is lost' : ''}\n`);
}

/** @throws UsageError where nobody knows what is there: a file that fio can reach, perhaps */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new UsageError(
      `--fio-command: ${clipped(path)}: ${(error as NodeJS.ErrnoException).code ?? ''}; ` +
        'accepted: a new file, a folder',
    );
  }
}

function makeProfile(flags: ProfileFlags, io: CommandIo): void {
  const { from, output, drive } = flags;
  if (from === undefined)
    throw new UsageError(
      'device profile: nothing to make it from; accepted: --from FILE, or --fio-command for the jobs ' +
        'that make such a file',
    );
  if (flags.size !== undefined || flags.raw === true)
    throw new UsageError('device profile: --size and --raw belong to --fio-command');
  requireOtherFile(output, from, 'device profile: --output');
  const path = from === '-' ? '/dev/stdin' : from;
  const where = from === '-' ? 'standard input' : from;
  const document = parseFio(readInput(path, '--from').toString('utf8'), where);
  if (drive !== undefined) parseDrive(drive, '--drive');
  const like = flags.like === undefined ? null : readProfile(flags.like, '--like');
  const made = profileOfFio(document, {
    ...{ name: nameOf(flags), where, drive: drive ?? null, rpm: rpmOf(flags.rpm), like },
  });
  // What is written here is what --device will take.
  const profile = parseDeviceProfile(JSON.parse(JSON.stringify(made)), where);
  writeOutput(output, profileJson(profile), 'device profile: --output', io);
  if (output !== '-') io.stdout(profileText(profile));
  if (!profile.rotational) tellStalls(document, like, io);
  advise(profile, io);
}

function tellStalls(document: FioDocument, like: DeviceProfile | null, io: CommandIo): void {
  for (const { name } of jobsWithoutStalls(document))
    notice(
      io,
      `job ${clipped(name)} has no percentiles 50 and 99 or above: rare stalls are ` +
        `${like === null ? 'left out' : `as ${like.name} has them`}\n`,
    );
}

/** Of the option, of the file that is written, or of the one that is read. */
function nameOf({ name, output, from }: ProfileFlags): string {
  const file = output === '-' ? from! : output;
  const chosen = name ?? (file === '-' ? 'fio' : basename(file).replace(/\.json$/, ''));
  if (chosen === '' || Object.hasOwn(deviceProfiles, chosen))
    throw new UsageError(
      `device profile: --name: '${chosen}' is ${chosen === '' ? 'no name' : 'a profile that comes along'}; ` +
        'accepted: another name',
    );
  return chosen;
}

function rpmOf(text: string | undefined): number | null {
  return text === undefined ? null : numberWithin(text, '--rpm', 1000, 20_000);
}

function advise({ rotational, flash, read }: DeviceProfile, io: CommandIo): void {
  if (!rotational && read.fixedNs.value > SEEK_NS_MIN)
    notice(io, 'a read takes milliseconds: if this disk turns, say so with --rpm 7200\n');
  if (!rotational && flash === undefined)
    notice(io, 'no wear is counted without the flash behind it: --drive 500G,tlc\n');
}
