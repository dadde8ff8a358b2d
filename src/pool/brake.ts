/** What the brake goes by, and whether it is tripped. */
export interface Brake {
  /** When each node was last rebuilt, by whomever. */
  readonly rebuilt: Readonly<Record<string, number>>;
  /** When rebuilds failed here, or nodes that were rebuilt within the stability window went faulty again. */
  readonly setbacks: readonly number[];
  readonly storm: Storm | null;
}

/** The brake, tripped. */
export interface Storm {
  readonly since: number;
  readonly reason: string;
  /** The last rebuild or setback: from then on the quiet time counts. */
  readonly stirredAt: number;
}

/** Nothing has happened. */
export const calm: Brake = { rebuilt: {}, setbacks: [], storm: null };
