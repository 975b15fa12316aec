import { mkdirSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import PostalMime from 'postal-mime';

/** A mail that an installation without a mail server has written instead of sending it. */
export type StoredMail = {
  file: string;
  date: string;
  to: string;
  subject: string;
  text: string;
  link: string | undefined;
};

/** The folder of an installation's mails. */
export const mailsFolder = (installation: string): string => join(installation, 'mails');

/** Lists the files of mails, oldest first. */
export function listMails(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => /^[^.].*\.eml$/.test(file))
      .toSorted();
  } catch {
    return []; // nothing was written yet
  }
}

export async function readMail(folder: string, file: string): Promise<StoredMail> {
  const { date = '', to = [], subject = '', text = '' } = await PostalMime.parse(readFileSync(join(folder, file)));
  const link = /^https?:\S+$/m.exec(text)?.[0];
  return { file, date, to: to[0]?.address ?? '', subject, text, link };
}

/**
 * Reports each mail that is written from now on. Its text belongs to the terminal only, because its link is a secret.
 * @returns a function that ends it
 */
export function watchMails(folder: string, onMail: (mail: StoredMail) => void): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const seen = new Set(listMails(folder));
  const look = () => {
    const files = listMails(folder);
    for (const file of files) {
      if (seen.has(file)) continue;
      seen.add(file);
      readMail(folder, file).then(onMail, () => {}); // removed meanwhile
    }
    for (const file of seen) if (!files.includes(file)) seen.delete(file);
  };
  const watcher = watch(folder, look);
  watcher.on('error', () => {}); // the folder was removed: mails go on, unreported
  watcher.unref();
  return () => watcher.close();
}
