import { normalizeForSearch } from '@clientela/db';
import { maxListedLabels, type LabelUse } from './schema.ts';

export type LabelUses = { labels: readonly LabelUse[]; total: number };

/** Finds labels that contain a text, whatever case and accents. @returns the most used ones, and how many there are */
export function searchLabels({ labels, total }: LabelUses, search: string | undefined): LabelUses {
  if (search === undefined) return { labels: labels.slice(0, maxListedLabels), total };
  const text = normalizeForSearch(search);
  const found = text === '' ? [] : labels.filter(({ label }) => normalizeForSearch(label).includes(text));
  return { labels: found.slice(0, maxListedLabels), total: found.length };
}
