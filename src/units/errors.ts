/**
 * The three kinds of failure: a bug asserts, an emulated condition is a returned errno
 * name, a user's mistake is a `UsageError`. `RunError` and `CheckError` end a run with a message.
 */

/** Names of the errno values that emulated operations return; `'ok'` stands for 0. */
export type Errno =
  | 'EPERM'
  | 'ENOENT'
  | 'EINTR'
  | 'EIO'
  | 'EAGAIN'
  | 'ENOMEM'
  | 'EACCES'
  | 'EBUSY'
  | 'EEXIST'
  | 'ENODEV'
  | 'ENOTDIR'
  | 'EISDIR'
  | 'EINVAL'
  | 'ETXTBSY'
  | 'EFBIG'
  | 'ENOSPC'
  | 'EROFS'
  | 'ENXIO'
  | 'ELOOP';

/** The result of an emulated operation that either worked or failed with an errno. */
export type Outcome = 'ok' | Errno;

/** A broken promise of swaplab's own code. Never caught except to report it; exit code 3. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** The user asked for something that is not accepted; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something outside failed while running (a file, a disk, a database); exit code 1. */
export class RunError extends Error {
  override readonly name = 'RunError';
}

/** Data read back differs from data written; exit code 3. */
export class CheckError extends Error {
  override readonly name = 'CheckError';
}

/** Stops with an InvariantError when `condition` is false. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
