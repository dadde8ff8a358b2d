import { z } from 'zod';

/** A whole number in a query, no longer than 15 digits. */
export function wholeNumber(error: string) {
  return z
    .string()
    .regex(/^\d{1,15}$/, { error })
    .transform(Number);
}

/** `limit`: how many at most. */
export function limitParameter(usual: number, most: number) {
  const error = `expected a whole number from 1 to ${most}`;
  return wholeNumber(error)
    .refine((limit) => limit >= 1 && limit <= most, { error })
    .prefault(String(usual))
    .describe(`At most so many, up to ${most}.`);
}

/** `node`: a name. One that the pool does not have (any more) has no entries. */
export const nodeParameter = z.string().max(63, { error: 'expected the name of a node' }).optional();

/** `run`: an id. */
export const runParameter = z
  .string()
  .regex(/^[0-9a-z]{1,64}$/, { error: 'expected the id of a run' })
  .optional();
