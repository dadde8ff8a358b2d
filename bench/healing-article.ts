import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Config } from '../src/config/schema.ts';
import { eventually, type Lab } from '../test/lab/lab.ts';
import { certified, did, freshMoid, killHalfACycleAfter, thresholds, untilRecorded, type Healing } from './healing.ts';

/** Where the article's files lie in the guest that watches. */
const folder = '/root/article';
const playbooks = ['article.yml', 'article-heal.yml', 'article-ping.yml'] as const;

/** Debian's Monit in a guest, with a playbook as check of each node and one as remedy, as in the article. It ends with its guest. */
export class ArticlePool {
  readonly #lab: Lab;
  readonly #watcher: string;

  private constructor(lab: Lab, watcher: string) {
    this.#lab = lab;
    this.#watcher = watcher;
  }

  /** Starts Monit in that guest. The daemons must be stopped. */
  static async start(lab: Lab, config: Config, names: readonly string[], watcher: string): Promise<ArticlePool> {
    const pool = new ArticlePool(lab, watcher);
    await pool.#inside(`mkdir -m 700 ${folder}`);
    for (const name of playbooks) await pool.#write(name, await readFile(resolve(import.meta.dirname, name), 'utf8'));
    await pool.#write('ca.pem', await readFile(config.vcenter.ca_file ?? join(lab.dir, 'ca.pem'), 'utf8'));
    await pool.#write('vars.json', JSON.stringify(extraVars(config, watcher)));
    await pool.#write('ping', script(lab, 'ping', 'article-ping.yml'));
    await pool.#write('rebuild', script(lab, 'rebuild', 'article-heal.yml'));
    await pool.#write('monitrc', monitrc(names));
    await pool.#inside(`monit -t -c ${folder}/monitrc && monit -c ${folder}/monitrc`);
    return pool;
  }

  /** Kills the node, and lets Monit have it rebuilt. */
  async heal(node: string): Promise<Healing> {
    const old = await this.#lab.vm(node);
    await this.#twoSuccesses(node);
    const skip = this.#lab.operations().length;
    const killedAt = await killHalfACycleAfter(this.#lab, node, () => this.#lastOf('ping', node));
    const certifiedAt = await this.#orExplain(untilRecorded(this.#lab, skip, 'a certified VM', certified(old.moid)));
    const fresh = freshMoid(this.#lab, skip, old.moid);
    const startedAt = await this.#lastOf('rebuild', node);
    return {
      killedAt,
      ends: {
        detect: startedAt ?? Number.NaN,
        decide: await this.#taskStart(node, 'Power off'),
        fence: await untilRecorded(this.#lab, skip, 'the old VM destroyed', did('destroy', old.moid)),
        deploy: await untilRecorded(this.#lab, skip, 'the upload', did('upload_complete', fresh)),
        boot: await this.#taskStart(node, 'Certify'),
        certify: certifiedAt,
      },
    };
  }

  /** Without two good checks of the node Monit may still be in the fault before. */
  async #twoSuccesses(node: string): Promise<void> {
    const successes = async (): Promise<number> =>
      Number(await this.#inside(`grep -c 'failed=0' ${folder}/ping.${node}.log || true`));
    const before = await successes();
    await eventually(`two good checks of ${node}`, 300_000, async () =>
      (await successes()) >= before + 2 ? true : undefined,
    );
  }

  /** When Monit started the program for that node last. */
  async #lastOf(program: 'ping' | 'rebuild', node: string): Promise<number | undefined> {
    const stamp = await this.#inside(`tail -n 1 ${folder}/${program}.${node}.starts 2>/dev/null || true`);
    return stamp === '' ? undefined : Number(stamp);
  }

  /** When Ansible's own log says that the last rebuild began that task. */
  async #taskStart(node: string, task: string): Promise<number> {
    const line = await this.#inside(`grep -F 'TASK [${task}]' ${folder}/rebuild.${node}.log | tail -n 1`);
    const time = /^(\S+) (\S+),(\d{3}) /.exec(line);
    if (!time) throw new Error(`no time of the task ${task} in: ${line}`);
    return Date.parse(`${time[1]}T${time[2]}.${time[3]}Z`);
  }

  async #orExplain<T>(wanted: Promise<T>): Promise<T> {
    try {
      return await wanted;
    } catch (error) {
      throw new Error(await this.#inside(`tail -n 40 ${folder}/monit.log ${folder}/rebuild.*.log`), { cause: error });
    }
  }

  async #write(name: string, text: string): Promise<void> {
    await this.#inside('umask 077 && printf %s "$1" >"$2" && chmod 700 "$2"', text, `${folder}/${name}`);
  }

  async #inside(command: string, ...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#lab.exec(this.#watcher, ['sh', '-c', command, 'sh', ...args]);
    if (exitCode !== 0) throw new Error(`${command}: exit code ${exitCode}\n${stdout}\n${stderr}`);
    return stdout.trim();
  }
}

function extraVars({ vcenter, image, pool }: Config, watcher: string): object {
  const { hostname, port, username, validate_certs, datacenter, folder: vms, cluster, datastore, networks } = vcenter;
  return {
    regrow_vcenter: { hostname, port, username, validate_certs, datacenter, folder: vms, cluster, datastore, networks },
    regrow_image: { ovf: `/var/lib/regrow/image/${basename(image.ovf)}`, disk_provisioning: image.disk_provisioning },
    note: `regrow: certified pool=${pool.name} by=${watcher} run=article at=${new Date().toISOString()}`,
  };
}

/** One ansible-playbook, in place of the shell: Monit kills only its own child at the timeout. */
function script(lab: Lab, name: string, playbook: string): string {
  return `#!/bin/sh
date +%s%3N >>${folder}/${name}.$1.starts
cd ${folder}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TZ=UTC PYTHONPATH=/opt/regrow/python
export SSL_CERT_FILE=${folder}/ca.pem VMWARE_PASSWORD='${lab.password()}' ANSIBLE_LOG_PATH=${folder}/${name}.$1.log
exec ansible-playbook -e @vars.json -e "node=$1" ${playbook} >/dev/null 2>&1
`;
}

function monitrc(names: readonly string[]): string {
  const { cycleSeconds, timeoutSeconds, failures } = thresholds;
  return [
    `set daemon ${cycleSeconds}`,
    ...['pidfile', 'statefile', 'idfile'].map((name) => `set ${name} ${folder}/${name}`),
    `set log ${folder}/monit.log`,
    ...names.map(
      (node) => `check program ping_${node} with path "${folder}/ping ${node}" with timeout ${timeoutSeconds} seconds
  if status != 0 for ${failures} cycles then exec "${folder}/rebuild ${node}"`,
    ),
    '',
  ].join('\n');
}
