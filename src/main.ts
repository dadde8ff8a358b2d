#!/usr/bin/env node
import { runCli } from './cli/program.ts';
import { processEnvironment } from './config/environment.ts';
import { exitCodes } from './pool/outcome.ts';

process.stdout.on('error', endUnheard);
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  throw error;
});

const exitCode = await runCli(process.argv.slice(2), {
  env: processEnvironment(),
  stdout: process.stdout,
  stderr: process.stderr,
  isTTY: { stdin: process.stdin.isTTY, stdout: process.stdout.isTTY, stderr: process.stderr.isTTY },
});

// A run that was left to go on must not hold this process: its attendant waits for our end. What was written goes out first.
process.stdout.write('', (error) => {
  if (error) endUnheard(error);
  else process.stderr.write('', () => process.exit(exitCode));
});

/** A reader that goes away (`regrow history | head`) is no fault. Whoever else does not get the answer must not believe that it is whole. */
function endUnheard(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  const text = `error: the output could not be written: ${error.message}\nwhat to do: see that the place where it goes is not full\n`;
  process.stderr.write(text, () => process.exit(exitCodes.fault));
}
