import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { CommandResult, Lab } from '../lab/lab.ts';

const resultSchema = z.object({
  run: z.string().nullable(),
  node: z.string(),
  outcome: z.string(),
  gate: z.string().nullable(),
  class: z.string().nullable(),
  step: z.string().nullable(),
  message: z.string(),
  remedy: z.string().nullable(),
  address: z.string().nullable(),
  fenced: z.boolean(),
});

/** What `regrow rebuild --json` answers. */
export type Answer = z.infer<typeof resultSchema> & { readonly exitCode: number; readonly stderr: string };

/** The answer of a rebuild command. */
export function answerOf(result: CommandResult): Answer {
  let data: unknown;
  try {
    data = JSON.parse(result.stdout);
  } catch {
    throw new Error(`no JSON from regrow (exit code ${result.exitCode}):\n${result.stdout}\n${result.stderr}`);
  }
  return { ...resultSchema.parse(data), exitCode: result.exitCode, stderr: result.stderr };
}

/** One more controller on the admin host: its own state and its own slot, the same pool. `edit` changes its regrow.yml. */
export async function adminController(
  lab: Lab,
  name: string,
  edit: (text: string) => string = (text) => text,
): Promise<string> {
  const file = join(lab.dir, `regrow-${name}.yml`);
  const text = await readFile(join(lab.dir, 'regrow.yml'), 'utf8');
  await writeFile(file, edit(text.replace(/^state_dir: .*$/m, `state_dir: ${join(lab.dir, `admin-${name}`)}`)), {
    mode: 0o600,
  });
  return file;
}

/** `regrow rebuild NODE` on the admin host. */
export async function rebuild(
  lab: Lab,
  node: string,
  options: { readonly config?: string; readonly args?: readonly string[] } = {},
): Promise<Answer> {
  const args = ['rebuild', node, '--confirm', node, '--json', ...(options.args ?? [])];
  return answerOf(await lab.regrow(args, options.config === undefined ? {} : { config: options.config }));
}

/** `regrow rebuild NODE` inside another node's guest. */
export async function rebuildFrom(lab: Lab, builder: string, node: string): Promise<Answer> {
  return answerOf(await lab.exec(builder, ['regrow', 'rebuild', node, '--confirm', node, '--json']));
}
