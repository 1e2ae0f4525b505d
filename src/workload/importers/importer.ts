/**
 * The contract of an importer: it reads the trace of a real program, whatever its format, and says
 * access by access which pages were touched. What becomes of them is the sink's.
 */

/** What an access does to its page. */
export const ACCESS = {
  /** Reads of it. */
  read: 0,
  /** Changes a part of it; a page that nobody wrote before has something in it then. */
  store: 1,
  /** Gives it new content, all of it. */
  write: 2,
  /** Gives it up: a later read finds zeros. */
  drop: 3,
} as const;

export type AccessKind = (typeof ACCESS)[keyof typeof ACCESS];

/** Takes what an importer finds, in order. */
export interface AccessSink {
  /**
   * @param page - number of the 4 KiB page in what was traced (its byte address divided by 4096); a
   *   safe integer, not negative; pages need not be dense
   * @param compressedBytes - what the page compresses to from now on, 1 to 4096, where the trace says
   *   so of a write; 0: it does not
   */
  access(page: number, kind: AccessKind, compressedBytes: number): void;

  /** A new part of the trace begins; `label` is for people. */
  phase(label: string): void;
}

/** An option of `swaplab import FORMAT` beside those that all formats have. */
export interface ImporterOption {
  /** As commander declares it: `--delimiter <CHAR>`. */
  readonly flags: string;
  readonly text: string;
}

export interface ImportRequest {
  /** The file as it comes, unpacked, in parts of any size. */
  readonly input: AsyncIterable<Uint8Array>;
  /** What to call it in errors. */
  readonly source: string;
  /** Options that were given, by their names in camel case. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** Of everything that the importer draws. */
  readonly seed: number;
}

export interface Importer {
  /** One line for --help. */
  readonly summary: string;
  /** How such a trace is recorded, or where it comes from; a few lines for --help. */
  readonly recording: string;
  readonly options: readonly ImporterOption[];
  /**
   * Reads all of the input.
   * @throws UsageError that names the source, the line (or the record) and what is accepted
   */
  read(request: ImportRequest, sink: AccessSink): Promise<void>;
}
