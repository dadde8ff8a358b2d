import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';

/** A playbook for `hooks` that writes down what it is told, a line each time, and then does this in a shell. */
export interface HookPlaybook {
  readonly file: string;
  /** What it was told, each time that it ran. */
  told(): readonly unknown[];
  /** Its environment at the last time. */
  environment(): string;
}

/** Writes such a playbook into the lab's folder. */
export function hookPlaybook(lab: Lab, name: string, shell = 'true'): HookPlaybook {
  const base = join(lab.dir, `hook-${name}`);
  const [file, told, env] = [`${base}.yml`, `${base}.told`, `${base}.env`];
  const facts = ['node', 'node_address', 'rebuild_run', 'rebuild_incident', 'judged_vm'];
  const said = facts.map((fact) => `'${fact}': ${fact}`).join(', ');
  writeFileSync(
    file,
    `- name: A hook
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Write down
      ansible.builtin.shell: env >${env} && printf '%s\\n' "$SAID" >>${told}
      environment:
        SAID: "{{ {${said}, 'new_vm': new_vm | default(none)} | to_json }}"
    - name: Then
      ansible.builtin.shell: ${JSON.stringify(shell)}
`,
  );
  return {
    file,
    told: () =>
      existsSync(told)
        ? readFileSync(told, 'utf8')
            .trim()
            .split('\n')
            .map((line): unknown => JSON.parse(line))
        : [],
    environment: () => readFileSync(env, 'utf8'),
  };
}
