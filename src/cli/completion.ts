import { Argument, type Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import { commandTree, type CommandEntry } from './command-tree.ts';
import type { CliContext } from './context.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

const help = `
For this session:  source <(regrow completion bash)      source <(regrow completion zsh)      regrow completion fish | source
For all of them:   regrow completion bash > /etc/bash_completion.d/regrow
                   regrow completion zsh > /usr/local/share/zsh/site-functions/_regrow
                   regrow completion fish > /etc/fish/completions/regrow.fish`;

/** `regrow completion bash|zsh|fish`: a script for the shell, made from the same commands as --help. */
export function register(program: Command, context: CliContext): void {
  program
    .command('completion')
    .description('a script with which a shell completes commands, options, nodes and runs')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText('after', help)
    .action(
      context.run(async (shell: Shell) => {
        context.stdout.write(await completionScript(shell, commandTree(program)));
        return exitCodes.done;
      }),
    );
}

/** The script for a shell. */
async function completionScript(shell: Shell, tree: CommandEntry): Promise<string> {
  switch (shell) {
    case 'bash':
      return (await import('./completion/bash.ts')).bashCompletion(tree);
    case 'zsh':
      return (await import('./completion/zsh.ts')).zshCompletion(tree);
    case 'fish':
      return (await import('./completion/fish.ts')).fishCompletion(tree);
  }
}
