/**
 * The situations that every proposal of a swap design is asked about: what a swap entry in a page
 * table leads to, and by which look-ups. Each is brought about by ordinary operations of a small
 * real machine; nothing here says what a design would answer.
 * @source the debate of the ghost RFC (November 2025), and what came up beside its four questions
 */
import type { PageView, Scene, Stage } from './stage.ts';

/** What a run brought to light. */
export interface Finding {
  /** The page that was asked about; absent when the design has no answer. */
  readonly main?: PageView;
  /** Pages that belong to the answer. */
  readonly also?: readonly PageView[];
  /** What the run counted and saw, in words; for no answer: why. */
  readonly note: string;
}

/** Looks at a run while it goes on. */
export interface Inquiry {
  /** After each operation: what was found, or null to go on. */
  afterOperation(operations: number): Finding | null;
  /** A device is given pages: their folios are under writeback at this moment. */
  onWrite?(area: number, offsetBytes: number, lengthBytes: number): void;
  /** The workload is over and nothing was found. */
  atEnd(): Finding;
}

export interface Situation {
  readonly title: string;
  readonly scene: Scene;
  ask(stage: Stage): Inquiry;
}
