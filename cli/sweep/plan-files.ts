/**
 * Files that a sweep names, in the folder of the file that names them. A plan goes to other machines:
 * it holds profiles and traces themselves; an access trace, which may be large, by its SHA-256.
 */
import { resolve } from 'node:path';
import type { Json } from '../../src/machine/index.ts';
import { readTrace, settledAccesses } from '../access-trace-file.ts';
import { readDeviceFiles } from '../device-choice.ts';
import { readJson } from '../run-options.ts';

/** Puts what files hold where specs and settings name them. */
export class PlanFiles {
  readonly #folder: string;
  /** Of access traces by what names them: many settings share one. */
  readonly #settled = new Map<string, Json>();

  /** @param folder - to which paths are relative */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The workload of a trace file, of either kind.
   * @param where - file that names it
   */
  traceWorkload(path: string, where: string): Json {
    return { ...readTrace(resolve(this.#folder, path), `${where}: trace`, path) };
  }

  /**
   * A spec, or settings whose keys have dots, with what its files hold.
   * @throws UsageError for a file that is missing or holds something else
   */
  filled(json: Json): Json {
    const own = { ...json };
    this.#readDevices(own);
    for (const [key, value] of Object.entries(own)) {
      if (/^areas\.\d+$/.test(key) && isJson(value)) this.#readDevices(value);
      if (/^areas\.\d+\.device$/.test(key)) {
        const holder = { device: value };
        this.#readDevices(holder);
        own[key] = holder.device;
      }
    }
    const { workload } = own;
    if (isJson(workload)) own['workload'] = this.#settle(workload);
    const path = own['workload.accesses'];
    if (typeof path === 'string') {
      const sha256 = own['workload.sha256'];
      const settled = this.#settle({
        accesses: path,
        ...(sha256 === undefined ? {} : { sha256 }),
      });
      own['workload.accesses'] = settled['accesses'];
      own['workload.sha256'] = settled['sha256'];
    }
    return own;
  }

  #readDevices(json: Json): void {
    readDeviceFiles(json, (path, key) => readJson(resolve(this.#folder, path), key));
  }

  /** What does not name a file is left to the check of the spec. */
  #settle(workload: Json): Json {
    const { accesses, sha256 } = workload;
    if (typeof accesses !== 'string') return workload;
    if (sha256 !== undefined && typeof sha256 !== 'string') return workload;
    const key = JSON.stringify([accesses, sha256]);
    const known = this.#settled.get(key);
    if (known !== undefined) return known;
    const settled = { ...workload, ...settledAccesses({ accesses, sha256 }, this.#folder) };
    this.#settled.set(key, settled);
    return settled;
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
