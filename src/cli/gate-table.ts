import type { GateReport } from '../pool/report.ts';
import { fittedTable } from './fitted-table.ts';
import type { Look } from './look.ts';
import { inert } from './terminal-text.ts';
import { withLocalTimes } from './when.ts';

/** Gates as people read them: those that hold come first. */
export function gateTable(gates: readonly GateReport[], look: Look): string {
  const { style } = look;
  const rows = gates
    .toSorted((a, b) => Number(b.holds) - Number(a.holds))
    .map(({ gate, holds, message }) => [
      inert(gate),
      holds ? style.red('HOLDS') : style.green('pass'),
      inert(withLocalTimes(message)),
    ]);
  return fittedTable(['GATE', '', 'BECAUSE'], rows, look);
}
