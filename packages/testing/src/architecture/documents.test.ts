import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const top = resolve(import.meta.dirname, '../../../..');
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(top, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];
const read = (path: string) => readFileSync(join(top, path), 'utf8');

/** The anchors of a document's headings, as GitHub forms them. */
const anchorsIn = (path: string): string[] =>
  [...read(path).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );

test.each(documents)('links in %s lead to files and headings that exist', (path) => {
  for (const [, target = ''] of read(path).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [file = '', anchor] = target.split('#');
    const linked = file === '' ? path : join(dirname(path), file);
    expect(existsSync(join(top, linked)), target).toBe(true);
    if (anchor !== undefined) expect(anchorsIn(linked), target).toContain(anchor);
  }
});

test('operations.md lists each of its sections at its beginning, and explains each alert', () => {
  const text = read('docs/operations.md');
  const sections = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  const [contents = ''] = text.split('\n## ');
  const listed = [...contents.matchAll(/\[([^\]]+)\]\(#/g)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual(sections.toSorted());
  const rules = join(top, 'ops/prometheus/alerts.yml');
  if (!existsSync(rules)) return;
  const alerts = [...readFileSync(rules, 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  const explained = [...(text.split('\n## Alerts\n')[1]?.split('\n## ')[0] ?? '').matchAll(/^### (\w+)$/gm)];
  expect(explained.map(([, name]) => name).toSorted()).toEqual(alerts.toSorted());
});
