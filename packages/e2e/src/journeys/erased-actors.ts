import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { services } from '@clientela/contracts';
import { folderOf } from '@clientela/fleet';
import { expect } from 'vitest';
import type { SignedInUser } from '../access/access-setup.ts';
import { samples, send } from '../access/sample-requests.ts';
import { countContaining, erase, storedResponsesTest as test } from '../testing/stored-responses.ts';
import type { Client } from '../testing/test-fleet.ts';

type Operation = { parameters?: { name: string }[] };
/** The POST routes of all services that accept an idempotency key. */
export const idempotentRoutes = services.flatMap((service) => {
  const document = readFileSync(join(folderOf(service), 'openapi.json'), 'utf8');
  const { paths } = JSON.parse(document) as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths)
    .filter(([, { post }]) => post?.parameters?.some(({ name }) => name === 'Idempotency-Key'))
    .map(([path]) => `POST ${path}`);
});

/** Sends headers with every request. */
const withHeaders = (client: Client, headers: Record<string, string>): Pick<Client, 'send'> => ({
  send: (method, path, body) => client.send(method, path, body, headers),
});

/** Tests that the responses of these routes that are stored for idempotency keys lose the person who sent the request. */
export function testErasedActors(routes: readonly string[]): void {
  test(
    `no stored response of ${routes.length} idempotent POST routes names an erased actor`,
    { timeout: 120_000 },
    async ({ setup, storedResponses }) => {
      expect(idempotentRoutes).toEqual(expect.arrayContaining([...routes]));
      const admin = await setup.createUser('admin');
      const actors = new Set<SignedInUser>();
      for (const route of routes) {
        const isSuperuserOnly = ['POST /api/v1/companies', 'POST /api/v1/document-types'].includes(route);
        const actor = isSuperuserOnly ? setup.users.superuser : admin;
        const sample = await samples[route]?.(setup, actor, false);
        if (!sample) throw new Error(`no sample for ${route}`);
        const sender = sample.as ?? actor;
        const before = new Set(await storedResponses());
        const reply = await send(withHeaders(sender, { 'Idempotency-Key': randomUUID() }), route, sample);
        expect([route, reply.status]).toEqual([route, expect.toBeOneOf([200, 201, 202])]);
        const added = (await storedResponses()).filter((row) => !before.has(row));
        expect([route, added.length > 0]).toEqual([route, true]);
        if (isSuperuserOnly) continue;
        expect([route, countContaining(added, sender.user.id) > 0]).toEqual([route, true]);
        actors.add(sender);
      }
      const business_id = setup.company_id;
      for (const { user } of actors) await erase(setup.users.admin, { user_id: user.id, business_id });
      const left = await storedResponses();
      for (const { user, email } of actors)
        for (const value of [user.id, email]) expect(countContaining(left, value)).toBe(0);
    },
  );
}
