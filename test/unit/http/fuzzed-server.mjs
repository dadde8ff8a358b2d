// A server in a process of its own, so that its memory can be measured. Argument: the folder of the compiled sources.
// Sends its URL, and for each message that it gets the heap after a collection, and which answers failed inside.
const { startHttpServer } = await import(process.argv[2]);

const report = {
  pool: 'web',
  at: '2026-01-01T10:00:00.000Z',
  healthy: true,
  controller: { name: 'webbox1', node: 'webbox1', version: '0.1.0', started_at: '2026-01-01T08:00:00.000Z' },
  pauses: [],
  discovery: { ok: true, at: null, error: null },
  membership: { version: 1, by: null, conflict: null },
  nodes: [],
};
const faults = [];
const server = await startHttpServer({
  listen: '127.0.0.1:0',
  view: {
    report: () => report,
    observation: () => undefined,
    membership: () => ({ version: 1 }),
    events: () => [],
    history: () => undefined,
    metrics: async () => '',
    lastEventId: () => 0,
    onEvents: () => () => {},
    runs: () => [],
    run: async () => undefined,
    hasRun: () => false,
    askControllers: async () => [],
    health: () => ({ ok: true, detail: '' }),
    ready: () => ({ ok: true }),
    token: async () => 'hunter2',
  },
  onFault: (error, path) => void faults.push(`${path}: ${error.stack}`),
});
process.on('message', () => {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  process.send({ bytes: heapUsed + external, faults });
});
process.on('disconnect', () => process.exit());
process.send({ url: server.url });
