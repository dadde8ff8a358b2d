import { runCli } from '../../../src/cli/program.ts';
import type { Environment } from '../../../src/config/environment.ts';

/** What a command line wrote and with which code it ended. */
export interface CliEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in this process. */
export async function regrow(
  args: readonly string[],
  { env = {}, isTTY = false }: { env?: Environment; isTTY?: boolean } = {},
): Promise<CliEnd> {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runCli(args, {
    env,
    stdout: { write: (text) => void (written.stdout += text) },
    stderr: { write: (text) => void (written.stderr += text) },
    isTTY: { stdin: isTTY, stdout: isTTY, stderr: isTTY },
  });
  return { exitCode, ...written };
}
