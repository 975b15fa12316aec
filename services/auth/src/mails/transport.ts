import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { OutgoingMail } from './schema.ts';

/** Hands a mail to a server, or writes it to a folder. @throws Error when it was not accepted, or the signal aborted */
export type SendMail = (mail: OutgoingMail, signal: AbortSignal) => Promise<void>;

const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 5000 };
const maxKept = 500; // mails in the folder of an installation in development

/** The address alone of `Name <address>`. */
const addressOf = (from: string): string => /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from;
const domainOf = (from: string): string => addressOf(from).split('@')[1] ?? 'localhost';

/** Every attempt has the same Message-ID and date, so that a mail server or reader recognizes a repetition. */
const toMessage = ({ id, created_at, to, subject, text, html }: OutgoingMail, from: string) => ({
  from,
  to: { name: '', address: to },
  subject,
  text,
  html,
  messageId: `<${id}@${domainOf(from)}>`,
  date: new Date(created_at),
  // RFC 3834: asks programs not to reply.
  headers: { 'Auto-Submitted': 'auto-generated' },
  disableFileAccess: true,
  disableUrlAccess: true,
});

const isLoopback = (host: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/i.test(host);

/** How to reach the server of an smtp:// or smtps:// URL. A password is never sent without TLS to another machine. */
export function smtpServer(url: string) {
  const { protocol, hostname, port, username, password } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = protocol === 'smtps:';
  return {
    host,
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !secure && username !== '' && !isLoopback(host),
    ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  };
}

/**
 * Sends by SMTP, with a connection for each mail.
 * @param options.url smtp:// or smtps://, with user and password
 * @param options.clientName how it greets the server (EHLO)
 */
export function smtpSender(options: { url: string; from: string; clientName: string }): SendMail {
  const transport = createTransport({ ...smtpServer(options.url), name: options.clientName, ...timeouts });
  return async (mail, signal) => void (await transport.sendMail({ ...toMessage(mail, options.from), signal }));
}

/** Writes each mail to a file, named after its time and id, and keeps the latest 500. */
export function folderSender({ folder, from }: { folder: string; from: string }): SendMail {
  const transport = createTransport({ streamTransport: true, buffer: true });
  return async (mail) => {
    const { message } = await transport.sendMail(toMessage(mail, from));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const name = `${mail.created_at.replaceAll(/[-:.]/g, '')}-${mail.id}.eml`;
    // Renamed when it is complete, because others watch the folder.
    await writeFile(join(folder, `.${name}`), message as Buffer, { mode: 0o600 });
    await rename(join(folder, `.${name}`), join(folder, name));
    const names = (await readdir(folder)).filter((file) => file.endsWith('.eml')).toSorted();
    for (const old of names.slice(0, -maxKept)) await rm(join(folder, old), { force: true });
  };
}
