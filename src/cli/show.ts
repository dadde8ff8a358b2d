import type { Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import { whyItActed, type RunDetail, type RunReport, type TaskReport } from '../pool/run-report.ts';
import { runDetailOf } from '../remediation/run-report.ts';
import type { RunPhase } from '../store/runs.ts';
import { quarantineOf, type Quarantine } from './bring-back.ts';
import type { CliContext } from './context.ts';
import { gateTable } from './gate-table.ts';
import { lookOf, type Look } from './look.ts';
import { renderTable, type Style } from './output.ts';
import { findRun, phasesOfRun, readRunRecord, runFile } from './recorded-run.ts';
import { changesOf, changeText } from './restore.ts';
import { inert, wrap } from './terminal-text.ts';
import { duration, localTime, took } from './when.ts';

/** The JSON answer of `regrow show`: what GET /v1/runs/ID tells, and what this machine knows besides. */
interface RunAnswer extends RunDetail {
  /** What was done, step by step. */
  readonly steps: readonly RunPhase[];
  readonly quarantine: Quarantine | null;
  readonly output_log: string;
  /** What a restore changed, with the diffs. */
  readonly changes: readonly Readonly<Record<string, unknown>>[];
}

/** `regrow show RUN`: one run: what became of it and why, its phases and tasks with times, the old and the new VM. */
export function register(program: Command, context: CliContext): void {
  program
    .command('show')
    .description('one run: outcome, reason, phases and tasks with times, the old and the new VM')
    .argument('<run>', 'id of a run, the beginning of one, or `last`')
    .action(
      context.run(async (wanted: string) => {
        const { config } = await context.config();
        const journal = await context.journal();
        const run = findRun(journal, wanted);
        const record = await readRunRecord(config.state_dir, run);
        const answer: RunAnswer = {
          ...runDetailOf(journal, run, record.timeline),
          steps: phasesOfRun(run, record.timeline),
          quarantine: quarantineOf(run, record, { journal, folder: config.vcenter.folder }),
          output_log: runFile(config.state_dir, run.id, 'output.log'),
          changes: changesOf(journal, run.id),
        };
        await context.answer(answer, () => renderRun(answer, lookOf(context)));
        return exitCodes.done;
      }),
    );
}

/** What people read of a run. */
function renderRun(run: RunAnswer, look: Look): string {
  const { steps, tasks, quarantine, decision, changes } = run;
  const { style } = look;
  const shownTasks = tasks.filter((task) => task.outcome !== 'skipped');
  return [
    renderFacts(run, style),
    decision === null
      ? ''
      : `\n${whyItActed(decision)}, decided ${localTime(decision.at)}:\n${gateTable(decision.gates, look)}`,
    steps.length > 0
      ? `\n${renderTable(
          ['PHASE', 'STARTED', 'TOOK', 'RESULT'],
          steps.map((step) => stepRow(step, style)),
          style,
        )}`
      : '',
    shownTasks.length > 0
      ? `\n${renderTable(
          ['STEP', 'TOOK', 'RESULT', 'TASK'],
          shownTasks.map((task) => taskRow(task, style)),
          style,
        )}`
      : '',
    ...(changes.length === 0 ? [] : ['\n']),
    ...changes.map((change) =>
      changeText(change, run.gate === 'dry_run', true)
        .split('\n')
        .map(inert)
        .join('\n'),
    ),
    quarantine === null ? '' : `\n${renderQuarantine(quarantine, style)}`,
  ].join('');
}

function renderFacts(run: RunAnswer, style: Style): string {
  const heading = `Run ${run.id}: ${run.kind}${run.node === null ? '' : ` of ${run.node}`}: ${outcomeText(run, style)}`;
  const asked = `by ${run.by} on ${run.builder}${run.forced ? ', forced' : ''}${run.reason === null ? '' : `: ${run.reason}`}`;
  const incident =
    run.incident === null ? null : `${run.incident}${run.generation === null ? '' : `, generation ${run.generation}`}`;
  const facts: readonly (readonly [string, string | null])[] = [
    ['asked', asked],
    ['started', localTime(run.started_at)],
    ['ended', run.ended_at === null ? null : `${localTime(run.ended_at)} (took ${took(run.started_at, run.ended_at)})`],
    ['why', run.message],
    ['what to do', run.remedy],
    ['gate', run.gate],
    ['last step', run.step],
    ['incident', incident],
    ['old VM', identityText(run.old_vm, null)],
    ['new VM', identityText(run.vm, run.address)],
    // Nothing was begun, nothing was written.
    ['output', run.step === 'gates' ? null : run.output_log],
  ];
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : factLines(name, value, style)));
  return `${style.bold(heading)}\n${lines.join('\n')}\n`;
}

function factLines(name: string, value: string, style: Style): readonly string[] {
  const label = name.padEnd(12);
  return value.split('\n').map((line, index) => `  ${style.dim(index === 0 ? label : ' '.repeat(12))} ${inert(line)}`);
}

/** The outcome as one word and its class or gate, coloured by what it means. */
export function outcomeText(
  run: Pick<RunReport, 'outcome' | 'state' | 'step' | 'class' | 'gate'>,
  style: Style,
): string {
  const { outcome } = run;
  if (outcome === null) return style.yellow(goingOn(run));
  const detail = run.class ?? run.gate;
  const text = detail === null ? outcome : `${outcome}: ${detail}`;
  if (outcome === 'rebuilt' || outcome === 'done') return style.green(text);
  return outcome === 'failed' || outcome === 'interrupted' ? style.red(text) : text;
}

function goingOn({ state, step }: Pick<RunReport, 'state' | 'step'>): string {
  if (state === 'awaiting_approval') return 'awaits approval';
  if (state === 'intent') return 'about to start';
  return `running${step === null ? '' : ` (${step})`}`;
}

function identityText(vm: RunReport['vm'], address: string | null): string | null {
  const parts = [vm?.moid, vm?.instance_uuid, address].filter((part) => typeof part === 'string');
  return parts.length === 0 ? null : parts.join('  ');
}

function stepRow(phase: RunPhase, style: Style): readonly string[] {
  const result = phase.result === 'failed' ? style.red('failed') : (phase.result ?? style.yellow('not ended'));
  return [phase.step, localTime(phase.started_at), took(phase.started_at, phase.ended_at), result];
}

function taskRow(task: TaskReport, style: Style): readonly string[] {
  const hasFailed = task.outcome === 'failed' || task.outcome === 'unreachable';
  const where = task.failed_hosts.length === 0 ? '' : ` on ${task.failed_hosts.join(', ')}`;
  const result = `${task.outcome ?? 'not ended'}${where}`;
  const tookMs = task.ended_at === null ? null : Date.parse(task.ended_at) - Date.parse(task.started_at);
  return [
    task.step,
    tookMs === null ? '-' : duration(tookMs),
    hasFailed ? style.red(result) : result,
    inert(task.name),
  ];
}

function renderQuarantine({ vm, moid, proven, replaced_by_run, bring_back }: Quarantine, style: Style): string {
  if (replaced_by_run !== null) {
    return `The old VM was set aside as ${vm}. Run ${replaced_by_run} has rebuilt the node since, and has removed it.\n`;
  }
  const head = proven
    ? `The old VM stands in quarantine as ${vm} (${moid}), powered off, without network.`
    : `The record does not say what became of the old VM. See whether ${vm} (${moid}) is there: it stands in quarantine, powered off, unless there was no room for both and it was destroyed.`;
  const steps = bring_back.flatMap((step, index) =>
    wrap(step, 74).map((line, at) => `${at === 0 ? `${index + 1}.`.padStart(4) : '    '} ${line}`),
  );
  const choice = 'The usual way on is regrow rebuild, which takes the work up again. To bring the old VM back instead:';
  return `${[style.yellow(wrap(head, 78).join('\n')), ...wrap(choice, 78), ...steps].join('\n')}\n`;
}
