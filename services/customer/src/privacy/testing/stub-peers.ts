import { randomUUID } from 'node:crypto';
import type { ErasureReceipt, ErasureReport, Person, Role } from '@clientela/contracts';
import { stubServer, type StubServer } from '@clientela/testing';
import type { PeerClients } from '../remote-services.ts';

export const peerNames = ['auth', 'interaction', 'product', 'favorites'] as const;
export type PeerName = (typeof peerNames)[number];
type Row = Record<string, unknown>;
type Asked = { person: Person; section: string; after?: string };

/** The other services, each a small server that knows what a test tells it, and can be away. */
export type StubPeers = {
  clients: PeerClients;
  /** What each section answers, a page after the other. */
  pages: Map<string, Row[][]>;
  /** The company's users, as auth knows them. */
  users: Map<string, { role: Role; last_admin: boolean }>;
  /** Who does not answer: hangs up, or answers with that status. */
  failures: Map<PeerName, 'hangs up' | number>;
  /** What was asked to be erased, by service. */
  erased: { service: PeerName; request_id: string; person: Person }[];
  /** What was signed. */
  signed: ErasureReceipt[];
  /** What was asked for an export. */
  exportRequests: Asked[];
  servers: Record<PeerName, StubServer>;
  close: () => Promise<unknown>;
};

const reportOf = (service: PeerName): ErasureReport => ({
  service,
  done_at: new Date().toISOString(),
  erased: [{ table: `${service}_rows`, rows: 1, columns: ['value'] }],
  anonymised: [],
  kept: [],
});

export async function createStubPeers(): Promise<StubPeers> {
  const made = await Promise.all(peerNames.map(async (name) => [name, await stubServer(name)] as const));
  const standIns = Object.fromEntries(made) as Record<PeerName, StubServer>;
  const others: StubPeers = {
    clients: Object.fromEntries(made.map(([name, { client }]) => [name, client])) as PeerClients,
    pages: new Map(),
    users: new Map(),
    failures: new Map(),
    erased: [],
    signed: [],
    exportRequests: [],
    servers: standIns,
    close: () => Promise.all(made.map(([, one]) => one.close())),
  };
  const answer = (service: PeerName, path: string, body: unknown) => {
    if (path.startsWith('/internal/privacy/users/')) {
      const id = path.split('/').at(-1) ?? '';
      const user = others.users.get(id);
      return user ? { status: 200, body: { id, ...user } } : { status: 404 };
    }
    if (path === '/internal/privacy/export') {
      const asked = body as Asked;
      others.exportRequests.push(asked);
      const pages = others.pages.get(asked.section) ?? [[]];
      const at = Number(asked.after ?? 0);
      return { status: 200, body: { rows: pages[at], next: at + 1 < pages.length ? String(at + 1) : null } };
    }
    if (path === '/internal/privacy/erasures') {
      others.erased.push({ service, ...(body as { request_id: string; person: Person }) });
      return { status: 200, body: reportOf(service) };
    }
    if (path === '/internal/receipts') {
      others.signed.push(body as ErasureReceipt);
      return { status: 200, body: { jws: `header.${randomUUID()}.signature` } };
    }
    return { status: 404 };
  };
  for (const [name, one] of made)
    one.answer((path, body) => {
      const how = others.failures.get(name);
      if (how === 'hangs up') return undefined;
      return how === undefined ? answer(name, path, body) : { status: how };
    });
  return others;
}
