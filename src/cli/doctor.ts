import type { Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';
import type { Finding } from './doctor/finding.ts';
import type { VcenterReaders } from './doctor/vcenter.ts';
import type { ControllerParts } from '../remediation/controller-parts.ts';
import { printable, type Style } from './output.ts';

/** `regrow doctor`: everything that a rebuild needs, each ok, warn or fail with a remedy. */
export function register(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description(
      'examine all that a rebuild needs: Ansible, vCenter, privileges, datastore, network, image, keys, mail, clock; exit code 1 when something fails',
    )
    .action(context.run(() => doctor(context)));
}

async function doctor(context: CliContext): Promise<number> {
  const { config } = await context.config();
  const [ansible, image, machine, playbooks, mail, http, secrets, vcenter] = await Promise.all([
    import('./doctor/ansible.ts').then((module) => module.ansibleFindings(config)),
    import('./doctor/image.ts').then((module) => module.imageFindings(config)),
    import('./doctor/machine.ts').then((module) => module.machineFindings(config)),
    import('./doctor/playbooks.ts').then((module) => module.playbookFindings(config)),
    import('./doctor/mail.ts').then((module) => module.mailFindings(config, context.env)),
    import('./doctor/http.ts').then((module) => module.httpFindings(config)),
    import('./doctor/secrets.ts').then((module) => module.secretFindings(config, context.env)),
    import('./doctor/vcenter.ts').then((module) => module.vcenterFindings(config, vcenterReaders(context))),
  ]);
  const findings = [...ansible, ...vcenter, ...image, ...machine, ...playbooks, ...secrets, ...http, ...mail];
  const healthy = findings.every((finding) => finding.status !== 'fail');
  await context.answer({ healthy, findings }, () => report(findings, context.style));
  return healthy ? exitCodes.done : exitCodes.fault;
}

/** vCenter is reached through Ansible alone, as in every other command. */
function vcenterReaders(context: CliContext): VcenterReaders {
  const parts = async (): Promise<ControllerParts> => (await import('./parts.ts')).partsFor(context);
  return {
    discover: async () => (await (await import('../remediation/discover.ts')).discoverPool(await parts())).seen,
    examine: async () => (await import('../remediation/examine.ts')).examinePlaces(await parts()),
  };
}

function report(findings: readonly Finding[], style: Style): string {
  const words = { ok: style.green('ok  '), warn: style.yellow('warn'), fail: style.red('fail') };
  const lines = findings.flatMap((finding) => {
    const line = `${words[finding.status]}  ${finding.item}: ${printable(finding.detail)}`;
    return finding.status === 'ok' ? [line] : [line, `      ${style.bold('what to do:')} ${finding.remedy}`];
  });
  const count = (status: Finding['status']): number => findings.filter((finding) => finding.status === status).length;
  return [...lines, `${count('ok')} ok, ${count('warn')} warn, ${count('fail')} fail`].join('\n') + '\n';
}
