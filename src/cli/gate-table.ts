import type { GateReport } from '../pool/report.ts';
import { renderTable, type Style } from './output.ts';

/** Gates as people read them. */
export function gateTable(gates: readonly GateReport[], style: Style): string {
  const rows = gates.map(({ gate, holds, message }) => [
    gate,
    holds ? style.red('HOLDS') : style.green('pass'),
    message,
  ]);
  return renderTable(['GATE', '', 'BECAUSE'], rows, style);
}
