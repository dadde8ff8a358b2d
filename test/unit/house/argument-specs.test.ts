import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const roles = join(import.meta.dirname, '../../../ansible/roles');
const specSchema = z.object({
  argument_specs: z.record(
    z.string(),
    z.object({ short_description: z.string(), options: z.record(z.string(), z.unknown()) }),
  ),
});

function specsOf(role: string): ReadonlyMap<string, readonly string[]> {
  const file = readFileSync(join(roles, role, 'meta/argument_specs.yml'), 'utf8');
  const { argument_specs: specs } = specSchema.parse(load(file));
  return new Map(Object.entries(specs).map(([name, { options }]) => [name, Object.keys(options).toSorted()]));
}

function textOf(role: string, folders: readonly string[]): string {
  return folders
    .map((folder) => join(roles, role, folder))
    .flatMap((folder) => readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8')))
    .join('\n')
    .replaceAll(/^\s*#.*$/gm, '');
}

/** Names with that beginning which the text uses and does not register itself. */
function inputsIn(text: string, beginning: string): readonly string[] {
  const registered = new Set([...text.matchAll(/register: (\w+)/g)].map((match) => match[1]));
  const modules = readdirSync(join(roles, '../library')).map((file) => file.replace('.py', ''));
  const own = text.replaceAll(new RegExp(`^\\s*(${modules.join('|')}):`, 'gm'), '');
  const names = [...own.matchAll(new RegExp(`\\b${beginning}_\\w+`, 'g'))].map(([name]) => name);
  return [...new Set(names)].filter((name) => !registered.has(name)).toSorted();
}

describe('the argument specs of the roles', () => {
  const operations = readdirSync(join(roles, 'vmware/tasks'))
    .map((file) => file.replace('.yml', ''))
    .filter((name) => name !== 'main');

  it('have an entry for each operation of the hypervisor, and no other', () => {
    expect([...specsOf('vmware').keys()].toSorted()).toEqual(operations.toSorted());
  });

  it.each(operations)('name exactly the inputs of %s', (operation) => {
    const text = readFileSync(join(roles, 'vmware/tasks', `${operation}.yml`), 'utf8');
    expect(specsOf('vmware').get(operation)).toEqual(inputsIn(text, operation));
  });

  const ofTasks = ['regrow_step', 'regrow_failure'];
  it('name exactly the inputs of a rebuild', () => {
    const text = textOf('rebuild', ['tasks', 'defaults', 'vars']);
    const used = [...inputsIn(text, 'regrow').filter((name) => !ofTasks.includes(name)), 'rebuild_goal'];
    expect(specsOf('rebuild').get('main')).toEqual([...new Set([...used, 'regrow_vcenter', 'regrow_pool'])].toSorted());
  });

  it.each(['main', 'restore', 'register'])('name inputs of a node that its tasks use, in %s', (entry) => {
    const text = textOf('node', ['tasks', 'defaults']);
    const used = new Set([...inputsIn(text, 'regrow'), ...inputsIn(text, 'node')]);
    expect(
      specsOf('node')
        .get(entry)
        ?.filter((name) => !used.has(name)),
    ).toEqual([]);
  });

  it('name exactly the inputs of a sync', () => {
    const text = textOf('sync', ['tasks', 'vars']);
    expect(specsOf('sync').get('main')).toEqual(inputsIn(text, 'regrow'));
  });

  it('name every input of loading a node', () => {
    const text = textOf('node', ['tasks', 'defaults'])
      // Made by the tasks, or an input of another entry.
      .replaceAll(/\bnode_(host_key|new)\b/g, '');
    const used = [...inputsIn(text, 'regrow'), ...inputsIn(text, 'node')].filter((name) => !ofTasks.includes(name));
    expect(specsOf('node').get('main')).toEqual(used.toSorted());
  });

  it('name exactly the inputs of preparing the template', () => {
    const text = textOf('image', ['tasks', 'defaults', 'vars']);
    const used = inputsIn(text, 'image').filter((name) => name !== 'image_leftovers');
    expect(specsOf('image').get('main')).toEqual(used.toSorted());
  });
});
