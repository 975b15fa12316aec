import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listMails, readMail, watchMails, type StoredMail } from './mailbox.ts';

const eml = (link: string) =>
  `From: Clientela <no-reply@clientela.local>\r\nTo: ana@example.com\r\nSubject: =?UTF-8?Q?Confirma_tu_direcci=C3=B3n?=\r\n` +
  `Date: Fri, 27 Nov 2026 10:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHola:\r\n\r\n${link}\r\n`;

test('lists, reads and reports the mails of an installation', async ({ onTestFinished }) => {
  const folder = join(mkdtempSync(join(tmpdir(), 'mailbox-')), 'mails');
  onTestFinished(() => rmSync(join(folder, '..'), { recursive: true }));
  expect(listMails(folder)).toEqual([]);
  const reported: StoredMail[] = [];
  const stop = watchMails(folder, (mail) => reported.push(mail));
  const link = 'http://127.0.0.1:8080/console/verify#token=abc';
  writeFileSync(join(folder, '.1.eml'), eml(link)); // as auth writes them: complete when they get their name
  renameSync(join(folder, '.1.eml'), join(folder, '1.eml'));
  await expect.poll(() => reported).toMatchObject([{ to: 'ana@example.com', subject: 'Confirma tu dirección', link }]);
  stop();
  expect(listMails(folder)).toEqual(['1.eml']);
  expect(await readMail(folder, '1.eml')).toMatchObject({ date: '2026-11-27T10:00:00.000Z', file: '1.eml' });
});
