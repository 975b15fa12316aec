import { serviceTest, startMailServer } from '@clientela/testing';
import { createTestMail } from './create-test-mail.ts';
import { createTestAuth } from './test-auth.ts';

/** A `test` with the auth service and a real mail server, both for the whole file. */
export const mailTest = (options: Parameters<typeof createTestAuth>[0] = {}) =>
  serviceTest(() => createTestAuth(options)).extend('mail', { scope: 'file' }, async ({ service }, { onCleanup }) => {
    const server = await startMailServer();
    onCleanup(() => server.stop());
    return createTestMail(service, server);
  });
