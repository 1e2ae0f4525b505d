/** The scenarios of the package by name, and those of the user by file. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseScenario, type Scenario } from '../src/machine/index.ts';
import { nearestNames, UsageError } from '../src/units/index.ts';
import { isFileName } from './file-name.ts';
import { packageFile } from './package-file.ts';
import { readJson } from './run-options.ts';

export interface NamedScenario extends Scenario {
  /** What --scenario was given. */
  readonly name: string;
}

/** Names of the package's scenarios. */
export function scenarioNames(): string[] {
  return readdirSync(folder())
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/**
 * Reads a scenario of the package, or a file: that is what has a slash or ends in .json.
 * @throws UsageError with the nearest names when there is none
 */
export function readScenario(name: string): NamedScenario {
  const isFile = isFileName(name);
  const names = scenarioNames();
  if (!isFile && !names.includes(name))
    throw new UsageError(
      `--scenario: '${name}' is no scenario; the nearest are ` +
        `${nearestNames(name, names, 3).join(', ')}; all: swaplab compare --scenarios`,
    );
  const path = isFile ? name : join(folder(), `${name}.json`);
  return { name, ...parseScenario(readJson(path, '--scenario'), `scenario ${name}`) };
}

function folder(): string {
  return packageFile('fixtures/scenarios');
}
