#!/usr/bin/env node
import { runCli } from './cli/program.ts';
import { processEnvironment } from './config/environment.ts';

// A reader that goes away (`regrow history | head`) is no fault.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

const exitCode = await runCli(process.argv.slice(2), {
  env: processEnvironment(),
  stdout: process.stdout,
  stderr: process.stderr,
  isTTY: { stdin: process.stdin.isTTY, stdout: process.stdout.isTTY, stderr: process.stderr.isTTY },
});

// A run that was left to go on must not hold this process: its attendant waits for our end. What was written goes out first.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
