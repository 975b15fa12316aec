import { Email } from '@clientela/validation';
import type { EmailPart } from './person.ts';
import { textFault } from './text.ts';

/** An address in ASCII that needs no normalizing but its domain's case. `xn--` goes through the schema, which checks it. */
const plainEmail =
  /^(?!.{255})(?!.*@(?:.*\.)?xn--)([a-z0-9_%+'-]+(?:\.[a-z0-9_%+'-]+)*)@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})$/i;

/** Returns the address as the API stores it; undefined for what is none. */
function normalize(address: string): string | undefined {
  const [, local = '', domain = ''] = address.length <= 254 ? (plainEmail.exec(address) ?? []) : [];
  if (local !== '' && local.length <= 64) return `${local}@${domain.toLowerCase()}`;
  return address.includes('@') ? Email.safeParse(address).data : undefined;
}

const separators = /\s*(?::::|[;,|\s])\s*/;
/** What surrounds a pasted address: invisible characters, quotes, brackets. */
const around = /^(?:[\s\p{Cf}<("'`[]|mailto:|smtp:)+|[\s\p{Cf}>)"'`\].]+$/giu;

/** Splits a cell into addresses; `Name <address>` is the address. */
function splitEmails(value: string): { addresses: string[]; isClean: boolean } {
  const whole = normalize(value.trim());
  if (whole !== undefined) return { addresses: [whole], isClean: true };
  const named = [...value.matchAll(/<([^<>\s]{3,320})>/g)].map(([, address = '']) => address);
  const parts = named.length > 0 ? named : value.split(separators);
  const words = parts.filter((part) => part !== '');
  const addresses = words.map(
    (word) => normalize(word) ?? (word.length <= maxWord ? normalize(word.replaceAll(around, '')) : undefined),
  );
  const found = addresses.filter((address) => address !== undefined);
  return { addresses: found, isClean: found.length === words.length };
}

/**
 * Reads the e-mail addresses of a person.
 * @param report receives the cells that hold something else
 * @returns the addresses, preferred ones first, each once without regard to case
 */
export function readEmails(parts: readonly EmailPart[], report: (column: string, reason: string) => void): string[] {
  const ordered =
    parts.length > 1 ? [...parts.filter(isPreferred), ...parts.filter((part) => !isPreferred(part))] : parts;
  const found = new Map<string, string>();
  for (const { column, value } of ordered) {
    const fault = value.length > maxCell ? 'is too long for e-mail addresses' : textFault(value);
    if (fault !== undefined) {
      report(column, fault);
      continue;
    }
    const { addresses, isClean } = value.trim() === '' ? { addresses: [], isClean: true } : splitEmails(value);
    for (const address of addresses) {
      const key = address.toLowerCase();
      if (!found.has(key)) found.set(key, address);
    }
    if (!isClean)
      report(column, addresses.length > 0 ? 'has a part that is not an e-mail address' : 'is not an e-mail address');
  }
  return [...found.values()];
}

const maxCell = 4096;
const maxWord = 400;
const isPreferred = ({ preferred }: EmailPart): boolean => preferred === true;
