/** A number and where it comes from: a publication, a derivation, or `assumed: why`. */
export interface SourcedNumber {
  readonly value: number;
  readonly source: string;
}
