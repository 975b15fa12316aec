import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandError } from './errors.ts';

export type Credentials = { token: string } | { email: string; password: string };

/**
 * Reads who signs in: CLIENTELA_TOKEN, or CLIENTELA_EMAIL and CLIENTELA_PASSWORD, else asks at the terminal, without echo for the
 * password. Never from the command line, which other users of the machine can read.
 * @throws CommandError without a terminal to ask at
 */
export async function readCredentials(env: NodeJS.ProcessEnv): Promise<Credentials> {
  const { CLIENTELA_TOKEN: token, CLIENTELA_EMAIL, CLIENTELA_PASSWORD } = env;
  if (token) return { token };
  if (CLIENTELA_EMAIL && CLIENTELA_PASSWORD) return { email: CLIENTELA_EMAIL, password: CLIENTELA_PASSWORD };
  if (!process.stdin.isTTY)
    throw new CommandError('Set CLIENTELA_EMAIL and CLIENTELA_PASSWORD, or CLIENTELA_TOKEN, in the environment');
  const email = CLIENTELA_EMAIL ?? (await ask('E-mail: ', { isEchoed: true }));
  return { email, password: CLIENTELA_PASSWORD ?? (await ask('Password: ', { isEchoed: false })) };
}

async function ask(question: string, { isEchoed }: { isEchoed: boolean }): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({
    input: process.stdin,
    output: isEchoed ? process.stderr : nowhere,
    terminal: true,
  });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    if (!isEchoed) process.stderr.write('\n');
  }
}
