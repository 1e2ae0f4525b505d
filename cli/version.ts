/** The version of this package, by its own name: it works from the sources and when installed. */
import { createRequire } from 'node:module';

const found = createRequire(import.meta.url)('swaplab/package.json') as { version: string };

export const version: string = found.version;
