import { itemsOf, member } from '../config/document.ts';
import type { PoolReport } from '../pool/report.ts';

/**
 * Whether a controller's answer has all that is shown of it. What it has beyond that is passed on; words of a newer controller,
 * such as another state of a node, are shown as they are.
 */
export function isPoolReport(value: unknown): value is PoolReport {
  return (
    hasTexts(value, ['pool', 'at']) &&
    typeof member(value, 'healthy') === 'boolean' &&
    hasTexts(member(value, 'controller'), ['name', 'version', 'started_at']) &&
    isListOf(member(value, 'pauses'), isPause) &&
    typeof member(member(value, 'discovery'), 'ok') === 'boolean' &&
    hasTextsOrNull(member(value, 'discovery'), ['at', 'error']) &&
    hasTextsOrNull(member(value, 'membership'), ['conflict']) &&
    isStormOrNone(member(value, 'storm')) &&
    isListOf(member(value, 'nodes'), isNode) &&
    (member(value, 'images') === undefined || isListOf(member(value, 'images'), isImage))
  );
}

/** A controller of an earlier version says nothing of it. */
function isStormOrNone(value: unknown): boolean {
  return value === undefined || value === null || hasTexts(value, ['since', 'reason']);
}

function isPause(value: unknown): boolean {
  return hasTexts(value, ['scope', 'reason', 'by']) && hasTextsOrNull(value, ['until']);
}

function isNode(value: unknown): boolean {
  return (
    hasTexts(value, ['name', 'state', 'why']) &&
    hasTextsOrNull(value, ['since', 'address', 'moid']) &&
    typeof member(value, 'paused') === 'boolean' &&
    isListOf(member(value, 'checks'), isCheck)
  );
}

function isImage(value: unknown): boolean {
  return (
    hasTextsOrNull(value, ['version', 'made_at', 'problem']) &&
    typeof member(value, 'newest') === 'boolean' &&
    isListOf(member(value, 'controllers'), (name) => typeof name === 'string')
  );
}

function isCheck(value: unknown): boolean {
  return Number.isInteger(member(value, 'failures')) && Number.isInteger(member(value, 'of'));
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && itemsOf(value).every(isItem);
}

function hasTexts(value: unknown, keys: readonly string[]): boolean {
  return keys.every((key) => typeof member(value, key) === 'string');
}

function hasTextsOrNull(value: unknown, keys: readonly string[]): boolean {
  return keys.every((key) => member(value, key) === null || typeof member(value, key) === 'string');
}
