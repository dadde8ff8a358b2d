import type { Lab } from '../lab/lab.ts';

/** What the daemon process of a node uses now. */
export interface DaemonUse {
  /** Names this one process: another start has another. */
  readonly life: string;
  readonly rssMb: number;
  readonly openFiles: number;
}

const script = `
read -r pid began </run/regrow.pid
echo "$pid.$began $(awk '/^VmRSS:/ {print $2}' /proc/$pid/status) $(ls /proc/$pid/fd | wc -l)"`;

/** Measures the daemon of a node: resident memory, and descriptors. */
export async function daemonUse(lab: Lab, node: string): Promise<DaemonUse> {
  const { exitCode, stdout, stderr } = await lab.exec(node, ['sh', '-c', script]);
  const [life, kb, files] = stdout.trim().split(' ');
  if (exitCode !== 0 || life === undefined || !(Number(kb) > 0) || !(Number(files) > 0))
    throw new Error(`no daemon to measure on ${node}: ${stdout} ${stderr}`);
  return { life: `${node} ${life}`, rssMb: Math.round(Number(kb) / 1024), openFiles: Number(files) };
}
