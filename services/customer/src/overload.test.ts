import type { Response } from 'supertest';
import { expect, test as base } from 'vitest';
import { sampleImage } from './avatars/testing/sample-images.ts';
import { uploadLimiter } from './avatars/upload.ts';
import { createTestPrivacy } from './privacy/testing/test-privacy.ts';

const test = base
  .extend('privacy', { scope: 'file' }, async ({}, { onCleanup }) => {
    const privacy = await createTestPrivacy();
    onCleanup(() => privacy.close());

    return privacy;
  })
  .extend('admin', { scope: 'file' }, ({ privacy }) => privacy.service.user('admin', privacy.service.company()))
  .extend('customer', { scope: 'file' }, ({ privacy, admin }) => privacy.newCustomer(admin));

const expectOverloaded = (response: Response | undefined, detail: RegExp) => {
  expect(response?.status).toBe(503);
  expect(response?.headers['retry-after']).toBe('2');
  expect(response?.body).toMatchObject({ error_code: 'SERVICE_UNAVAILABLE', detail: expect.stringMatching(detail) });
};

test('an upload beyond 32 at once is a 503 with Retry-After: 2, and the next one is served', async ({
  admin,
  customer,
}) => {
  const gate = Promise.withResolvers<void>();
  const others = Array.from({ length: 32 }, () => uploadLimiter(() => gate.promise));
  const picture = await sampleImage('png');
  const upload = () => admin.post(`/api/customers/${customer.id}/avatar`).attach('file', picture, 'me.png');
  expectOverloaded(await upload(), /^Too many uploads/);
  gate.resolve();
  await Promise.all(others);
  expect((await upload()).status).toBe(200);
});

test('an export beyond 2 at once and 20 that wait is a 503 with Retry-After: 2, and the others are served', async ({
  privacy,
  admin,
  customer,
}) => {
  const gate = Promise.withResolvers<void>();
  privacy.peers.servers.interaction.respond(async () => {
    await gate.promise;
    return { status: 200, body: { rows: [], next: null } };
  });
  const responses: Response[] = [];
  const exports = Array.from({ length: 23 }, async () =>
    responses.push(await admin.post('/api/gdpr/export', { customer_id: customer.id })),
  );
  await expect.poll(() => responses.length).toBe(1);
  expectOverloaded(responses[0], /^Too many exports/);
  gate.resolve();
  await Promise.all(exports);
  expect(responses.slice(1).map(({ status }) => status)).toEqual(Array.from({ length: 22 }, () => 200));
});
