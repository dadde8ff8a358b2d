// A server in a process of its own, so that its memory can be measured. Arguments: the module of the server, and what its controller says, by
// the names of a ControllerView. Sends its URL, and for each message that it gets the heap after a collection, and which answers failed inside.
const { startHttpServer } = await import(process.argv[2]);
const said = JSON.parse(process.argv[3]);

const faults = [];
const server = await startHttpServer({
  listen: '127.0.0.1:0',
  view: {
    ...Object.fromEntries(said.map(([name, value]) => [name, () => value ?? undefined])),
    orders: new Proxy(
      {},
      { get: () => () => Promise.resolve({ kind: 'unavailable', message: 'a fake does nothing' }) },
    ),
    idempotent: { once: (_, act) => act() },
    onEvents: () => () => {},
    token: () => Promise.resolve('hunter2'),
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
