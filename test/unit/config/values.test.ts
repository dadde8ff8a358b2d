import fc from 'fast-check';
import { dump, load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isCheckUrl, fillUrl, hasOnlyKnownPlaceholders } from '../../../src/config/placeholders.ts';
import { nearest } from '../../../src/config/nearest.ts';
import { absolutePath, duration, percentage, size } from '../../../src/config/values.ts';
import { offsetOf, parseYamlTree, positionOf } from '../../../src/config/yaml-tree.ts';

describe('values of the file', () => {
  it('durations, sizes and percentages mean what they say', () => {
    expect(['500ms', '20s', '5m', '1h', '2d', '0s'].map((text) => z.decode(duration, text))).toEqual([
      500, 20_000, 300_000, 3_600_000, 172_800_000, 0,
    ]);
    expect(z.decode(size, '2GiB')).toBe(2 * 1024 ** 3);
    expect(z.decode(percentage, '90%')).toBe(90);
  });

  it('are written back as the same value', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999 }), (ms) => {
        expect(z.decode(duration, z.encode(duration, ms))).toBe(ms);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), (kib) => {
        expect(z.decode(size, z.encode(size, kib * 1024))).toBe(kib * 1024);
      }),
    );
  });

  it.each(['20', '1.5s', '-1s', '20 s', '20S', '1h30m', ''])('%j is no duration', (text) => {
    expect(duration.safeParse(text).success).toBe(false);
  });

  it('a path that is accepted is absolute, plain, and stays the same when it is normalised', () => {
    const texts = fc.string({ unit: fc.constantFrom('/', '.', '..', 'a', '-', ' ', '\0', '\n', '{{', '$', '%', '"') });
    fc.assert(
      fc.property(texts, (text) => {
        if (!absolutePath.safeParse(text).success) return;
        expect(text).toMatch(/^\/[^\s{}$%"\0]+$/);
        expect(new URL(`file://${text}`).pathname).toBe(text);
      }),
    );
  });
});

describe('placeholders', () => {
  it('only the address and the name can be asked for', () => {
    expect(hasOnlyKnownPlaceholders('http://{{ address }}:{{name}}/')).toBe(true);
    for (const text of ['{{ x }}', '{% if %}', '{# c #}', '{{ address', '}}', '{{ address }}{{']) {
      expect(hasOnlyKnownPlaceholders(text)).toBe(false);
    }
  });

  it('an IPv6 address gets its brackets in a URL', () => {
    expect(fillUrl('http://{{ address }}/{{ name }}', { address: '2001:db8::1', name: 'web1' })).toBe(
      'http://[2001:db8::1]/web1',
    );
  });

  it('a check asks for web pages without passwords alone', () => {
    expect(isCheckUrl('https://{{ address }}/x')).toBe(true);
    for (const url of ['ftp://x/', 'http://u:p@x/', '/x', 'http://', 'file:///etc/passwd'])
      expect(isCheckUrl(url)).toBe(false);
  });
});

describe('the YAML tree', () => {
  it('holds the same data as the parser alone gives', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 3 })), (data) => {
        // A merge key is refused, on purpose.
        fc.pre(!JSON.stringify(data).includes('"<<":'));
        const text = dump(data);
        const { root, problems } = parseYamlTree(text);
        expect(problems).toEqual([]);
        expect(root?.value).toEqual(load(text));
      }),
    );
  });

  it('knows where each key and value stands', () => {
    const source = 'a:\n  - x\n  - {b: "ü", c: 1}\nd: >\n  text\n';
    const { root } = parseYamlTree(source);
    if (!root) throw new Error('no root');
    const at = (path: PropertyKey[], what: 'key' | 'value'): string => {
      const { line, column } = positionOf(source, offsetOf(root, path, what));
      return `${line}:${column}`;
    };
    expect(at(['a', 1, 'b'], 'key')).toBe('3:6');
    expect(at(['a', 1, 'b'], 'value')).toBe('3:9');
    expect(at(['a', 1, 'c'], 'value')).toBe('3:17');
    expect(at(['a', 0], 'value')).toBe('2:5');
    expect(at(['d'], 'key')).toBe('4:1');
    expect(at(['a', 7, 'x'], 'value')).toBe('1:1');
  });

  it('takes __proto__ for a key like any other', () => {
    const { root } = parseYamlTree('__proto__: {polluted: true}');
    expect(Object.keys(Object(root?.value))).toEqual(['__proto__']);
    expect(Object.getOwnPropertyDescriptor(Object.prototype, 'polluted')).toBeUndefined();
  });
});

describe('the nearest word', () => {
  it('is one that a slip of the finger turns into the other', () => {
    expect(nearest('slef', ['self', 'safety'])).toBe('self');
    expect(nearest('intervall', ['interval', 'timeout'])).toBe('interval');
    expect(nearest('x', ['interval'])).toBeUndefined();
  });
});
