import { languages, type Language, type MailContent, type MailKind, type OutgoingMail } from './schema.ts';
import { texts, type MailText } from './texts.ts';

/** Languages of countries; others read English. */
const countries: Readonly<Record<Exclude<Language, 'en'>, readonly string[]>> = {
  es: [
    'ES',
    'MX',
    'CO',
    'AR',
    'PE',
    'VE',
    'CL',
    'EC',
    'GT',
    'CU',
    'BO',
    'DO',
    'HN',
    'PY',
    'SV',
    'NI',
    'CR',
    'PA',
    'UY',
    'PR',
    'GQ',
  ],
  pt: ['PT', 'BR', 'AO', 'MZ', 'CV', 'GW', 'ST', 'TL'],
  ro: ['RO', 'MD'],
  ru: ['RU', 'BY', 'KZ', 'KG'],
};

/**
 * Chooses the language of a mail: the first that the reader accepts (RFC 9110, 12.5.4), else that of the company's country.
 * @param accepted the reader's `Accept-Language`; null when somebody else causes the mail
 */
export function chooseLanguage(accepted: string | null, country: string | null): Language {
  const preferences = (accepted ?? '')
    .slice(0, 200)
    .split(',')
    .map((part, index) => {
      const [range = '', ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const quality = Number(parameters.find((text) => text.startsWith('q='))?.slice(2) ?? 1);
      return { language: range.split('-')[0], quality: Number.isNaN(quality) ? 0 : quality, index };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality || a.index - b.index);
  const preferred = preferences.find(({ language }) => languages.some((known) => known === language));
  if (preferred) return preferred.language as Language;
  const found = Object.entries(countries).find(([, codes]) => codes.includes(country ?? ''));
  return (found?.[0] as Language | undefined) ?? 'en';
}

const maxShown = 100; // characters of a name

/** Removes what could break a header line or reverse the text around a name, and shortens it. */
const shown = (text: string): string =>
  [...text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')]
    .slice(0, maxShown)
    .join('')
    .trim();

/** A name that a mail program would turn into a link: whoever registers a stranger's address could advertise with it. */
const looksLikeLink = (name: string): boolean => /:\/\/|www\.|@|\.\p{L}{2,}/iu.test(name);

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');

/** Takes apart what a mail program would turn into a link: whoever founds a company could advertise with its name. */
const withoutLinks = (name: string): string => name.replaceAll(/:\/\/|@|(?<=www)\.|\.(?=\p{L}{2,})/giu, ' ');

/** The page of the console that each link opens. */
const pages: Partial<Record<MailKind, string>> = {
  verify_email: 'verify',
  reset_password: 'reset',
  change_email: 'change-email',
  invitation: 'invite',
};

/** The token is in the fragment, which browsers send to nobody. */
const linkOf = (kind: MailKind, token: string | undefined, publicUrl: string): string | undefined =>
  token === undefined || pages[kind] === undefined ? undefined : `${publicUrl}/console/${pages[kind]}#token=${token}`;

/** Writes a mail in its language, as text and HTML. */
export function writeMail(
  mail: { id: string; kind: MailKind; created_at: string },
  content: MailContent,
  publicUrl: string,
): OutgoingMail {
  const text = texts[content.language][mail.kind];
  const greetings = texts[content.language].greeting;
  const name = shown(content.name ?? '');
  const greeting = name === '' || looksLikeLink(name) ? greetings.anonymous : fill(greetings.named, { name });
  const values = { email: shown(content.email ?? ''), company: withoutLinks(shown(content.company ?? '')) };
  const link = linkOf(mail.kind, content.token, publicUrl);
  const lines = [greeting, ...text.lines.map((line) => fill(line, values))];
  const end = text.end.map((line) => fill(line, values));
  return {
    id: mail.id,
    created_at: mail.created_at,
    to: content.to,
    subject: fill(text.subject, values),
    text: [...lines, ...(link === undefined ? [] : [link]), ...end, ''].join('\n\n'),
    html: toHtml(content.language, { ...text, subject: fill(text.subject, values) }, { lines, end, link }),
  };
}

const fill = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');

const paragraph = (content: string): string => `<p style="margin:0 0 16px">${content}</p>`;

function toHtml(
  language: Language,
  { subject, button = '' }: MailText,
  { lines, end, link }: { lines: readonly string[]; end: readonly string[]; link: string | undefined },
): string {
  const address = link === undefined ? '' : escapeHtml(link);
  const style =
    'background:#1a56db;border-radius:4px;color:#ffffff;display:inline-block;padding:12px 20px;text-decoration:none';
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>`,
    '<body style="color:#1f2937;font:16px/1.5 sans-serif;margin:0 auto;max-width:560px;padding:24px">',
    ...lines.map((line) => paragraph(escapeHtml(line))),
    ...(link === undefined
      ? []
      : [
          paragraph(`<a href="${address}" style="${style}">${escapeHtml(button)}</a>`),
          paragraph(`<span style="font-size:13px;word-break:break-all">${address}</span>`),
        ]),
    ...end.map((line) => paragraph(escapeHtml(line))),
    '</body></html>',
  ].join('\n');
}
