import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Email } from 'postal-mime';
import type { SMTPServer as Server } from 'smtp-server';

/** A mail as its server received it. */
export type ReceivedMail = Email & { raw: string; recipients: string[] };

export type TestMailServer = {
  url: string;
  received: ReceivedMail[];
  /** Called when a client begins to send the text of a mail to these addresses. */
  onData: ((recipients: readonly string[]) => void) | undefined;
  /** Called with each mail before the server accepts it; an error rejects it. */
  onMail: ((mail: ReceivedMail) => Promise<void> | void) | undefined;
  /** Closes the port, as a server that is down. */
  stop: () => Promise<void>;
  /** Opens the same port again. */
  start: () => Promise<void>;
  /** From a stop to the next start: takes connections and says nothing. @returns ends that */
  hang: () => Promise<{ taken: () => number; end: () => Promise<void> }>;
};

/** Starts a real mail server on a free port. */
export async function startMailServer(): Promise<TestMailServer> {
  // Loaded by the tests that need a server only.
  const [{ SMTPServer }, { default: PostalMime }] = await Promise.all([import('smtp-server'), import('postal-mime')]);
  let port = 0;
  let server: Server | undefined;
  const mailServer: TestMailServer = {
    url: '',
    received: [],
    onData: undefined,
    onMail: undefined,
    start: async () => {
      server = new SMTPServer({
        authOptional: true,
        disabledCommands: ['AUTH', 'STARTTLS'],
        onData: (stream, session, done) => {
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          mailServer.onData?.(recipients);
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('end', () => {
            const raw = Buffer.concat(chunks).toString();
            const receive = async () => {
              const mail = { ...(await PostalMime.parse(raw)), raw, recipients };
              await mailServer.onMail?.(mail);
              mailServer.received.push(mail);
            };
            void receive().then(
              () => setImmediate(done),
              (error: Error) => setImmediate(done, error),
            );
          });
        },
      });
      server.on('error', () => {});
      server.listen(port, '127.0.0.1');
      await once(server.server, 'listening');
      port = (server.server.address() as AddressInfo).port;
      mailServer.url = `smtp://127.0.0.1:${port}`;
    },
    stop: () => new Promise((resolve) => (server ? server.close(() => resolve()) : resolve())),
    hang: async () => {
      const sockets: Socket[] = [];
      const silent = createServer((socket) => sockets.push(socket.on('error', () => {})));
      silent.listen(port, '127.0.0.1');
      await once(silent, 'listening');
      const end = async () => {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => silent.close(resolve));
      };
      return { taken: () => sockets.length, end };
    },
  };
  await mailServer.start();
  return mailServer;
}

/** Finds the link of a mail: the same in text and HTML. */
export function linkOf({ text = '', html = '' }: Email): URL {
  const inText = /^https?:\S+$/m.exec(text)?.[0] ?? '';
  const inHtml = /<a href="([^"]+)"/.exec(html)?.[1] ?? '';
  if (inText === '' || inText !== inHtml) throw new Error('text and HTML have different links');
  return new URL(inText);
}

/** The token that the page behind a link reads from its fragment. */
export const tokenOf = (mail: Email): string => new URLSearchParams(linkOf(mail).hash.slice(1)).get('token') ?? '';
