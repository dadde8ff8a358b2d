import { execaSync } from 'execa';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toExtraVarsYaml } from '../../../src/ansible/extra-vars.ts';

/** Ansible's own YAML library, with its tag for text that is no template. */
const loader = `
import json, sys, yaml
class Unsafe(str): pass
seen = []
def unsafe(loader, node):
    seen.append(node.value)
    return node.value
yaml.SafeLoader.add_constructor('!unsafe', unsafe)
documents = [yaml.safe_load(line) for line in sys.stdin]
print(json.dumps({'documents': documents, 'unsafe': seen}))
`;

it('reads back the same in PyYAML, whatever the data', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.constantFrom('no', '1e3', '{{ x }}', '\u0085\u2028\ufeff\uffff', '\u{1f600}', '~', 'a: b #c'),
  );
  const data = fc.dictionary(
    text,
    fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(text, tie('value')),
      ),
    })).value,
  );
  const samples = fc.sample(data, 150);
  const { stdout } = execaSync('python3', ['-c', loader], {
    input: samples.map((each) => `${toExtraVarsYaml(each)}\n`).join(''),
  });
  const read = JSON.parse(stdout) as { documents: unknown };
  expect(read.documents).toEqual(JSON.parse(JSON.stringify(samples)));
});

it('tags every text that could be a template, and only those', () => {
  const values = { a: '{{ x }}', b: '{% if %}', c: '{# no #}', d: '{ plain }', e: 'text' };
  const { stdout } = execaSync('python3', ['-c', loader], { input: `${toExtraVarsYaml(values)}\n` });
  expect((JSON.parse(stdout) as { unsafe: unknown }).unsafe).toEqual(['{{ x }}', '{% if %}', '{# no #}']);
});
