import type { PeerTrust } from '../config/tls-files.ts';
import { oneVoiceEach, silentVote, type Vote } from '../pool/consultation.ts';
import { portOf } from './client.ts';
import { askVote, witnessAddress } from './vote.ts';

/** Who is asked of a node, and how. */
export interface Electors {
  readonly node: string;
  /** The name of the controller that asks. */
  readonly asker: string;
  /** Other nodes that observe it. */
  readonly observers: readonly string[];
  /** As `safety.witnesses` has them. */
  readonly witnesses: readonly string[];
  readonly addresses: ReadonlyMap<string, string>;
  /** `http.listen` of this machine: the peers use the same port. */
  readonly listen: string;
  /** Null: nobody can be asked. */
  readonly token: string | null;
  readonly trust: PeerTrust | null;
}

/** Asks the daemons of all observers and witnesses at once. One that cannot be asked is a silent vote. */
export async function askVotes(electors: Electors): Promise<readonly Vote[]> {
  const { node, observers, witnesses, addresses, token, trust } = electors;
  const port = portOf(electors.listen);
  const ask = async (name: string, address: string | undefined, at: number, isNamed = false): Promise<Vote> => {
    if (token === null) return silentVote(name, 'http.token is not set here, or cannot be read');
    if (address === undefined) return silentVote(name, 'its address is not known');
    return askVote({ name, address }, node, { port: at, token, isNamed, trust });
  };
  const votes = await Promise.all([
    ...observers.map((name) => ask(name, addresses.get(name), port)),
    ...witnesses.map((text) => {
      const witness = witnessAddress(text, port);
      return ask(text, witness.host, witness.port, true);
    }),
  ]);
  return oneVoiceEach(votes, electors.asker);
}
