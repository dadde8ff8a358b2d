// The monitor alone, compiled as it is installed, in a process of its own, so that its memory and its CPU time can be measured.
// Arguments: how many nodes, interval in ms. One line of JSON at the end of each round, and when a node has failed three times in a row.
import { readFileSync } from 'node:fs';
import { checkSchema } from '../src/config/schema-checks.ts';
import { systemClock } from '../src/monitor/clock.ts';
import { Monitor } from '../src/monitor/monitor.ts';
import { realProbes } from '../src/monitor/probes/real-probes.ts';

const [count = 3, interval = 20_000] = process.argv.slice(2).map(Number);
const failures = 3;
const failed = new Map<string, number>();
let measured = 0;
let round = 0;

const clock = systemClock();
const say = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);

/** CPU seconds of the children that have ended. */
function childrenSeconds(): number {
  const text = readFileSync('/proc/self/stat', 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

const monitor = new Monitor({
  clock,
  target: (name) => {
    const index = Number(name.slice(3));
    return { name, address: `10.9.${index >> 8}.${index & 255}`, subject: null };
  },
  probes: realProbes({
    path: process.env['PATH'] ?? '/usr/bin:/bin',
    playbook: () => Promise.reject(new Error('no playbooks here')),
  }),
  onMeasured: ({ node, result, endedAt }) => {
    const inARow = result.status === 'failed' ? (failed.get(node) ?? 0) + 1 : 0;
    failed.set(node, inARow);
    if (inARow === failures) say({ unhealthy: node, at: endedAt });
    measured += 1;
    if (measured % count === 0) setImmediate(endOfRound);
  },
  onStalled: (ms) => say({ stalled: ms }),
});

function endOfRound(): void {
  const { user, system } = process.cpuUsage();
  round += 1;
  say({
    round,
    own: (user + system) / 1e6,
    children: childrenSeconds(),
    rss: process.memoryUsage.rss(),
    counts: monitor.counts(),
    // From the second line on, what came after the first round.
    slip: round === 1 || round === 4 ? monitor.takeSlip() : null,
  });
}

const times = { interval: `${interval}ms`, timeout: `${interval * 0.75}ms` };
const check = checkSchema.parse({ type: 'ping', ...times, failures, on_failure: 'alert' });
monitor.setPlan(Array.from({ length: count }, (_, index) => ({ node: `web${index}`, name: 'ping', check })));
monitor.start();
