import { member } from '../config/document.ts';
import type { DecisionCase } from '../pool/replay.ts';

/** The case of a decision as this program recorded it; undefined for what another version wrote. */
export function recordedCase(value: unknown): DecisionCase | undefined {
  const isWhole =
    typeof member(value, 'node') === 'string' &&
    typeof member(value, 'now') === 'number' &&
    typeof member(member(value, 'state'), 'attempts') === 'number' &&
    Array.isArray(member(member(value, 'pool'), 'rebuiltAt')) &&
    Array.isArray(member(member(member(value, 'pool'), 'brake'), 'setbacks')) &&
    Array.isArray(member(member(value, 'consultation'), 'votes'));
  return isWhole ? (value as DecisionCase) : undefined;
}
