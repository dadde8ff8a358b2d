/** One thing in the configuration file that a person should look at. Lines and columns count from 1. */
export interface ConfigProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document, as in `checks.ping.interval`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what was expected. Holds no secret. */
  readonly message: string;
}
