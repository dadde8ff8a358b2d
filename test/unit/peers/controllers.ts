import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../../src/config/load.ts';
import type { MembershipRecord } from '../../../src/config/membership.ts';
import { nodeNames } from '../../../src/config/node-settings.ts';
import { askMembership, type PeerReply } from '../../../src/peers/client.ts';
import { MembershipKeeper } from '../../../src/peers/membership-keeper.ts';
import type { Conflict } from '../../../src/peers/membership.ts';

export const token = 'a-token-of-the-pool';

/** A server on loopback until the test ends; gives its port. */
export async function serve(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Controllers that reach each other by HTTP. `reply` puts another answer in a peer's place. */
export class Network {
  readonly ports = new Map<string, number>();
  readonly replies = new Map<string, PeerReply>();

  async ask(name: string): Promise<PeerReply> {
    const reply = this.replies.get(name);
    if (reply !== undefined) return reply;
    return askMembership({ name, address: '127.0.0.1' }, { port: this.ports.get(name) ?? 1, token });
  }
}

/** A controller as far as the membership goes: regrow.yml, state directory, keeper and route. */
export class Controller {
  readonly name: string;
  readonly folder = mkdtempSync(join(tmpdir(), 'regrow-peer-'));
  readonly events: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[] = [];
  readonly conflicts: (Conflict | null)[] = [];
  readonly keeper: MembershipKeeper;
  #loaded: LoadedConfig | undefined;

  private constructor(name: string, network: Network) {
    this.name = name;
    onTestFinished(() => rmSync(this.folder, { recursive: true }));
    this.keeper = new MembershipKeeper({
      stateDir: this.folder,
      builder: name,
      loaded: () => this.loaded.membership,
      peers: () => nodeNames(this.loaded.config).map((each) => ({ name: each, address: '127.0.0.1' })),
      ask: (peer) => network.ask(peer.name),
      now: () => new Date('2026-01-01T00:00:00Z'),
      journal: (type, data) => void this.events.push({ type, data }),
      onAdopted: () => this.reload(),
      onConflict: (conflict) => void this.conflicts.push(conflict),
    });
  }

  /** Starts one: its configuration is loaded, and its record is served. */
  static async start(name: string, nodes: string, network: Network): Promise<Controller> {
    const controller = new Controller(name, network);
    await controller.edit(nodes);
    const port = await serve((request, response) => {
      if (request.headers.authorization !== `Bearer ${token}`) response.writeHead(401).end();
      else response.end(JSON.stringify(controller.keeper.record));
    });
    network.ports.set(name, port);
    return controller;
  }

  get loaded(): LoadedConfig {
    if (this.#loaded === undefined) throw new Error('nothing was loaded yet');
    return this.#loaded;
  }

  /** The nodes in force, and the version of the record. */
  get sees(): readonly [number, string] {
    return [this.keeper.report.version, nodeNames(this.loaded.config).join(' ')];
  }

  /** What was journalled, by type. */
  journalled(type: string): readonly Readonly<Record<string, unknown>>[] {
    return this.events.filter((event) => event.type === type).map(({ data }) => data);
  }

  /** Writes other nodes into regrow.yml and loads it. */
  async edit(nodes: string): Promise<void> {
    writeFileSync(
      join(this.folder, 'regrow.yml'),
      `pool: {name: web, nodes: [${nodes}]}
state_dir: ${this.folder}
vcenter: {hostname: vc.lab, username: u, password: {env: P}, datacenter: dc, folder: /dc/vm/web, cluster: c1, datastore: ds1}
image: {ovf: /image.ovf}
checks: {ping: {type: ping, on_failure: rebuild}, app: {type: command, command: [/usr/bin/true]}}
`,
    );
    await this.reload();
  }

  async reload(): Promise<void> {
    this.#loaded = await loadConfig(join(this.folder, 'regrow.yml'));
    await this.keeper.publishIfEdited();
  }
}

/** An answer that holds a record. */
export function answered(record: Partial<MembershipRecord>): PeerReply {
  return { kind: 'answered', text: JSON.stringify(record) };
}
