import { readCommandLine, runCommand } from '@clientela/runtime';
import { listMails, mailsFolder, readMail, type StoredMail } from '../mails/mailbox.ts';
import { installationFolder } from './admin-command.ts';

const {
  positionals: [argument],
} = readCommandLine(
  `Usage: npm run mails [-- NUMBER]
Lists the mails that were written instead of sent, or shows one: 1 is the newest, 2 the one before it.`,
  { positionals: [0, 1] },
);

const maxListed = 20;
const folder = mailsFolder(installationFolder);
const write = (line: string) => process.stdout.write(`${line}\n`);

/** Control characters could rewrite what the terminal shows. */
const printable = (text: string): string => text.replaceAll(/[^\P{Cc}\n]/gu, '');

async function list(files: readonly string[]): Promise<void> {
  if (files.length === 0)
    return void write('There are no mails. Without SMTP_URL they are written here; with it, they are sent.');
  const mails = await Promise.all(files.slice(0, maxListed).map((file) => readMail(folder, file)));
  for (const [index, { date, to, subject }] of mails.entries())
    write(printable(`${String(index + 1).padStart(3)}  ${date}  ${to}  ${subject}`));
  if (files.length > maxListed) write(`     and ${files.length - maxListed} older ones`);
  write('"npm run mails -- 1" shows the first of them.');
}

function show({ date, to, subject, text, file }: StoredMail): void {
  write(printable(`Date: ${date}\nTo: ${to}\nSubject: ${subject}\nFile: ${file}\n\n${text.trimEnd()}`));
}

await runCommand(async () => {
  const files = listMails(folder).toReversed();
  if (argument === undefined) return list(files);
  const file = /^[1-9]\d{0,3}$/.test(argument) ? files[Number(argument) - 1] : undefined;
  if (file === undefined) throw new Error(`Name the number of a mail, from 1 to ${files.length}`);
  show(await readMail(folder, file));
});
