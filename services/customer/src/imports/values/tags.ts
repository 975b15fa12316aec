import type { TagPart } from './person.ts';
import { readLine } from './text.ts';

const maxLabel = 50;
const maxTags = 1000;

/** Tried in this order: a list that has one of them may have the later ones inside its labels. */
const separators = [/ ?::: ?/, /\|/, /;/, /[,\n\r]/];
const quotedList = /^\s*"(?:[^"]|"")*"\s*(?:[,;|]\s*"(?:[^"]|"")*"\s*)*$/;

function splitTags(value: string, separator?: string): string[] {
  if (separator !== undefined) return value.split(separator);
  if (quotedList.test(value))
    return [...value.matchAll(/"((?:[^"]|"")*)"/g)].map(([, label = '']) => label.replaceAll('""', '"'));
  const found = separators.find((candidate) => candidate.test(value));
  return found ? value.split(found) : [value];
}

/** Google Contacts writes a star and a blank before its own groups; a star alone may begin anybody's tag. */
const systemGroup = /^\s*\* (?<name>.*\S)/;
/** Groups that say no more than that a contact is one. */
const emptyGroups = new Set(['mycontacts', 'starred']);

/** Reads lists of tags: each label once without regard to case. */
export function readTags(parts: readonly TagPart[], report: (column: string, reason: string) => void): string[] {
  const found = new Map<string, string>();
  for (const part of parts) {
    const labels = 'labels' in part ? part.labels : splitTags(part.value, part.separator);
    for (const label of labels) {
      const group = systemGroup.exec(label)?.groups?.['name'];
      if (group !== undefined) {
        // Reports a group that may say something of a person: no value of a file is lost silently.
        if (!emptyGroups.has(group.toLowerCase()))
          report(part.column, 'a tag begins with "* ", as groups of Google Contacts do, and was left out');
        continue;
      }
      const { value, reason } = readLine(label, maxLabel);
      if (reason) report(part.column, `a tag ${reason}`);
      if (value === undefined) continue;
      const key = value.toLowerCase();
      if (found.size < maxTags || found.has(key)) found.set(key, found.get(key) ?? value);
      else report(part.column, `must not have more than ${maxTags} tags`);
    }
  }
  return [...found.values()];
}
