import { constructFromEvents, EVENT_ID, getScalarValue, parseEvents, YAMLException, type Event } from 'js-yaml';

/*
 * YAML with positions. js-yaml's parser gives events with offsets into the source; this builds the plain data from them,
 * and beside it where each key and value stands, so that a problem of the data can be shown at its line and column.
 * Refused here: more than one document, duplicate keys, keys that are not text, tags, and aliases that blow up the data.
 */

/** A value of the document and where it stands. Offsets count from 0 into the source. */
export interface YamlNode {
  readonly start: number;
  readonly value: unknown;
  readonly items?: readonly YamlNode[];
  readonly entries?: ReadonlyMap<string, YamlEntry>;
}

/** One `key: value` of a mapping. */
export interface YamlEntry {
  readonly keyStart: number;
  readonly node: YamlNode;
}

/** Something that the YAML itself does wrong. */
export interface YamlProblem {
  readonly offset: number;
  readonly message: string;
}

/** What became of a source text. Without a root nothing more can be said about it. */
export interface YamlTree {
  readonly root: YamlNode | undefined;
  readonly problems: readonly YamlProblem[];
}

const maxDepth = 32;
/** Counted with every alias written out. A pool of 1000 nodes with overrides stays well below. */
const maxNodes = 50_000;

/** Parses one YAML document. Never throws. */
export function parseYamlTree(source: string): YamlTree {
  let events: Event[];
  try {
    events = parseEvents(source, { maxDepth });
  } catch (error) {
    // The exception's own message quotes the source, which may hold a password: only its reason is used.
    const problem =
      error instanceof YAMLException
        ? { offset: error.mark?.position ?? 0, message: `this is not YAML: ${error.reason}` }
        : { offset: 0, message: 'this is not YAML' };
    return { root: undefined, problems: [problem] };
  }
  return new Composer(source, events).compose();
}

interface Composed {
  readonly node: YamlNode;
  /** Number of nodes in it, with aliases written out. */
  readonly weight: number;
}

class Composer {
  readonly #source: string;
  readonly #events: readonly Event[];
  readonly #problems: YamlProblem[] = [];
  readonly #anchors = new Map<string, Composed>();
  #index = 0;
  #lastOffset = 0;
  #tooLarge = false;

  constructor(source: string, events: readonly Event[]) {
    this.#source = source;
    this.#events = events;
  }

  compose(): YamlTree {
    const documents = this.#events.filter((event) => event.type === EVENT_ID.DOCUMENT).length;
    if (documents === 0) this.#problem(0, 'the file is empty');
    if (documents > 1) this.#problem(0, 'expected one document: remove the further "---"');
    if (documents !== 1) return { root: undefined, problems: this.#problems };
    this.#index = 1;
    const { node } = this.#compose();
    // Data that an alias blew up must not be walked by anyone.
    return { root: this.#tooLarge ? undefined : node, problems: this.#problems };
  }

  #compose(): Composed {
    const event = this.#events[this.#index++];
    switch (event?.type) {
      case EVENT_ID.SCALAR:
        return this.#anchored(event, this.#scalar(event));
      case EVENT_ID.SEQUENCE:
        return this.#anchored(event, this.#sequence(event));
      case EVENT_ID.MAPPING:
        return this.#anchored(event, this.#mapping(event));
      case EVENT_ID.ALIAS:
        return this.#alias(event.anchorStart, event.anchorEnd);
      case EVENT_ID.DOCUMENT:
      case EVENT_ID.POP:
      case undefined:
        return { node: { start: this.#lastOffset, value: null }, weight: 1 };
    }
  }

  #scalar(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): Composed {
    const start = event.valueStart < 0 ? this.#lastOffset : this.#startOf(event.valueStart);
    this.#lastOffset = Math.max(start, event.valueEnd);
    this.#refuseTag(event.tagStart, event.tagEnd);
    return { node: { start, value: this.#scalarValue(event) }, weight: 1 };
  }

  /** js-yaml resolves text to null, numbers and truth values by itself; only documents can be handed to it. */
  #scalarValue(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): unknown {
    if (event.tagStart >= 0) return getScalarValue(this.#source, event);
    const document: Event[] = [
      { type: EVENT_ID.DOCUMENT, explicitStart: false, explicitEnd: false, directives: [] },
      event,
      { type: EVENT_ID.POP },
    ];
    return constructFromEvents(document, { source: this.#source })[0];
  }

  #sequence(event: Extract<Event, { type: typeof EVENT_ID.SEQUENCE }>): Composed {
    this.#open(event);
    const items: YamlNode[] = [];
    let weight = 1;
    while (!this.#closes()) {
      const item = this.#compose();
      items.push(item.node);
      weight = this.#add(weight, item.weight, item.node.start);
    }
    return { node: { start: event.start, items, value: items.map((item) => item.value) }, weight };
  }

  #mapping(event: Extract<Event, { type: typeof EVENT_ID.MAPPING }>): Composed {
    this.#open(event);
    const entries = new Map<string, YamlEntry>();
    let weight = 1;
    while (!this.#closes()) {
      const key = this.#compose().node;
      const value = this.#compose();
      weight = this.#add(weight, value.weight + 1, key.start);
      const name = this.#keyName(key);
      if (name === '<<') this.#problem(key.start, 'merge keys ("<<") are not used here: write the values out');
      if (name === undefined) continue;
      if (entries.has(name)) this.#problem(key.start, `duplicate key ${JSON.stringify(name)}: each key may occur once`);
      else entries.set(name, { keyStart: key.start, node: value.node });
    }
    return { node: { start: event.start, entries, value: plainObject(entries) }, weight };
  }

  #keyName(key: YamlNode): string | undefined {
    if (typeof key.value === 'string') return key.value;
    if (typeof key.value === 'number' || typeof key.value === 'boolean') return String(key.value);
    this.#problem(key.start, 'expected text as key');
    return undefined;
  }

  #alias(anchorStart: number, anchorEnd: number): Composed {
    const name = this.#source.slice(anchorStart, anchorEnd);
    const start = anchorStart - 1;
    this.#lastOffset = anchorEnd;
    const target = this.#anchors.get(name);
    if (target) return { node: { ...target.node, start }, weight: target.weight };
    this.#problem(start, `the alias *${name} refers to nothing above it, or to what it stands in`);
    return { node: { start, value: null }, weight: 1 };
  }

  #anchored(event: { anchorStart: number; anchorEnd: number }, composed: Composed): Composed {
    if (event.anchorStart >= 0) this.#anchors.set(this.#source.slice(event.anchorStart, event.anchorEnd), composed);
    return composed;
  }

  #open(event: { start: number; tagStart: number; tagEnd: number }): void {
    this.#lastOffset = event.start;
    this.#refuseTag(event.tagStart, event.tagEnd);
  }

  #closes(): boolean {
    const event = this.#events[this.#index];
    if (event !== undefined && event.type !== EVENT_ID.POP) return false;
    this.#index++;
    return true;
  }

  #add(weight: number, more: number, offset: number): number {
    const sum = weight + more;
    if (sum > maxNodes && !this.#tooLarge) {
      this.#tooLarge = true;
      this.#problem(offset, `with its aliases written out the document has more than ${maxNodes} values`);
    }
    return Math.min(sum, maxNodes + 1);
  }

  #refuseTag(start: number, end: number): void {
    if (start < 0) return;
    this.#problem(start, `tags such as ${this.#source.slice(start, end).slice(0, 40)} are not used here: remove it`);
  }

  /** A quoted scalar's value starts after its quote; people look for the quote. */
  #startOf(valueStart: number): number {
    const before = this.#source[valueStart - 1];
    return before === '"' || before === "'" ? valueStart - 1 : valueStart;
  }

  #problem(offset: number, message: string): void {
    this.#problems.push({ offset, message });
  }
}

/** Own properties only, whatever the keys are called: `__proto__` is a key like any other. */
function plainObject(entries: ReadonlyMap<string, YamlEntry>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, { node }] of entries) {
    Object.defineProperty(result, key, { value: node.value, enumerable: true, configurable: true, writable: true });
  }
  return result;
}

/** Line and column of an offset, both from 1; columns count characters. */
export function positionOf(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, Math.max(0, offset));
  const lineStart = Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1;
  const line = before.split(/\r\n|\n|\r/).length;
  return { line, column: characters(before.slice(lineStart)) + 1 };
}

function characters(text: string): number {
  return Array.from(text).length;
}

/** The node at a path, or the nearest one above it that exists; of a key, where the key itself stands. */
export function offsetOf(root: YamlNode, path: readonly PropertyKey[], at: 'key' | 'value'): number {
  let node = root;
  let offset = root.start;
  for (const [index, step] of path.entries()) {
    const entry = node.entries?.get(String(step));
    const item = typeof step === 'number' ? node.items?.[step] : undefined;
    const next = entry?.node ?? item;
    if (!next) return offset;
    const last = index === path.length - 1;
    offset = entry && (!last || at === 'key') ? entry.keyStart : next.start;
    node = next;
  }
  return offset;
}
